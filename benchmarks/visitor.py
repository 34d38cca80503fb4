"""A visitor without a browser: speaks Streamlit's own protocol over its WebSocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

Value: TypeAlias = str | float | FileURLs

DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)


@dataclass
class Run:
    """What one run of the script sent to the browser."""

    widgets: dict[str, str] = field(default_factory=dict)  # label -> id
    components: dict[str, Any] = field(default_factory=dict)  # name -> what it was given
    errors: list[str] = field(default_factory=list)
    query: str = ""  # the address bar's

    def setting(self, name: str) -> str | None:
        """A setting in the address bar, None where it is at its default."""
        return parse_qs(self.query).get(name, [None])[0]

    def take(self, message: ForwardMsg) -> None:
        """Note what a message shows."""
        kind = message.WhichOneof("type")
        if kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element)

    def _element(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        content = getattr(element, str(kind))
        if kind == "exception":
            self.errors.append(content.message)
        elif kind == "alert" and content.format == Alert.ERROR:
            self.errors.append(content.body)
        elif kind == "bidi_component":
            self.components[content.component_name] = json.loads(content.json or "null")
        elif hasattr(content, "label") and hasattr(content, "id"):
            self.widgets[content.label] = content.id


class Visitor:
    """One window: runs the script, once for each change, and remembers the last run."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._query = ""
        self.last = Run()

    async def open(self, query: str = "") -> Run:
        """Open the page that is shown first, with this query string."""
        await self.ask({}, query)
        return await self._finish()

    async def change(self, values: Mapping[str, Value]) -> Run:
        """Set widgets by their labels: text for a select box, a number for a slider, a file."""
        await self.ask(values)
        return await self._finish()

    async def ask(self, values: Mapping[str, Value], query: str | None = None) -> None:
        """Set widgets as `change` does, or open a link, and do not wait for the run."""
        states = [_state(self.last.widgets[label], value) for label, value in values.items()]
        self._query = self._query if query is None else query
        await self._socket.send(_message(self._query, states).SerializeToString())

    async def until(self, kind: str) -> None:
        """Wait until the page shows an element of this kind."""
        while (await self._receive()).delta.new_element.WhichOneof("type") != kind:
            pass

    async def place_for_upload(self) -> FileURLs:
        """Where on the server this visitor's next upload goes; `change` takes it as a value."""
        message = BackMsg()
        message.file_urls_request.file_names.append("photo.png")
        await self._socket.send(message.SerializeToString())
        while (answer := await self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        urls: FileURLs = answer.file_urls_response.file_urls[0]
        return urls

    async def _finish(self) -> Run:
        run = Run(query=self._query)
        while True:
            message = await self._receive()
            run.take(message)
            if message.WhichOneof("type") == "script_finished" and message.script_finished in DONE:
                self._query, self.last = run.query, run
                return run

    async def _receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await self._socket.recv(decode=False))
        return message


@asynccontextmanager
async def visit(url: str) -> AsyncIterator[Visitor]:
    """Connect to the app at `url`, as a browser that has opened it does."""
    address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(
        address,
        subprotocols=[Subprotocol("streamlit")],
        origin=Origin(url),
        max_size=None,
        ping_interval=None,  # a browser waits, however busy the machine is
        close_timeout=1,  # of a server that has gone
    ) as socket:
        yield Visitor(socket)


def _message(query: str, states: list[WidgetState]) -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.widget_states.widgets.extend(states)
    return message


def _state(name: str, value: Value) -> WidgetState:
    state = WidgetState(id=name)
    if isinstance(value, FileURLs):
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.file_id = value.file_id
        file.file_urls.CopyFrom(value)
    elif isinstance(value, str):
        state.string_value = value
    else:
        state.double_array_value.data.append(value)
    return state
