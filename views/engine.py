"""The engine: other processes, or machines, that hold the models and run all passes.

    HEEDMAP_ENGINE   where `heedmap engine` listens, such as http://engine:8600. Default: none, the
                     passes run in this process.

What the model is to see of a photo is sent as it is prepared (H', W', 3) uint8, so an engine needs
no photos and decodes none. A replica that dies fails the pass that it runs, so a pass that gets no
answer of the engine's own is sent once more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent import futures
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from heedmap import errors
from heedmap.errors import EngineError, HeedmapError, OvertakenError, SettingError, short
from heedmap.languages.wire import read
from heedmap.views import wire

if TYPE_CHECKING:
    import httpx2

Unwanted: TypeAlias = Callable[[], bool]

FORMAT = 1  # of what is sent; both sides need the same
HEADER = "heedmap-engine"  # of every answer that an engine gives itself: its version
PASS = "/pass"
TRIES = 2
PAUSE = 0.5  # seconds between two
CONNECTS = 3.0  # seconds within which the engine takes a connection
LASTS = 1800.0  # seconds that a pass may take
_EVERY = 0.05  # seconds between two looks whether the pass is still wanted

_LOG = logging.getLogger("heedmap")
_starting = threading.Lock()


def address() -> str:
    """Where the engine is, "" for none.

    Raises:
        SettingError: HEEDMAP_ENGINE is no address.
    """
    value = os.environ.get("HEEDMAP_ENGINE", "").strip().rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets or a port that are none
        usable = False
    if not usable or parts.query or parts.fragment:
        raise SettingError(
            "HEEDMAP_ENGINE={value} is not an address: set it to one such as "
            "http://localhost:8600.",
            value=short(value),
        )
    return value


def own_version() -> str:
    """What both sides need to be the same."""
    return f"{version('heedmap')}/{FORMAT}"


def ask(
    where: str, model: str, x: Any, name: str, arguments: tuple[Any, ...], unwanted: Unwanted
) -> Any:
    """What a model of the engine answers.

    Args:
        where: what `address` returned.
        model: the id of the model.
        x: the photo or the text that it prepared.
        name, arguments: see `calls.Call`.
        unwanted: whether nobody wants the answer any more.

    Raises:
        EngineError: it cannot be reached, is of another version, or failed.
        OvertakenError: the pass was given up.
        HeedmapError: what the engine itself raised.
    """
    bare = x.bare() if hasattr(x, "bare") else x
    sent = {"model": model, "x": bare, "call": name, "arguments": arguments}
    answer = _waited(_post(f"{where}{PASS}", wire.packed(sent)), unwanted)
    if answer.headers[HEADER] != own_version():
        raise EngineError(
            "The engine runs Heedmap {theirs} and this server {ours}: install the same version on "
            "both.",
            theirs=short(answer.headers[HEADER]),
            ours=own_version(),
        )
    if answer.status_code != 200:
        raise _told(answer)
    return wire.unpacked(answer.content)


def _waited(asking: Any, unwanted: Unwanted) -> httpx2.Response:
    """What comes of asking; when nobody wants it any more the engine's connection is closed."""
    with _starting:
        loop = _loop()
    future = asyncio.run_coroutine_threadsafe(asking, loop)
    while not futures.wait([future], _EVERY).done:
        if unwanted():
            future.cancel()
            raise OvertakenError("This pass was given up, since nobody waits for it: ask again.")
    found: httpx2.Response = future.result()
    return found


async def _post(url: str, content: bytes) -> httpx2.Response:
    """The engine's own answer, after a second try if need be.

    Raises:
        EngineError: none comes.
    """
    import httpx2

    why = ""
    for number in range(TRIES):
        await asyncio.sleep(PAUSE if number else 0)
        try:
            answer = await _client().post(url, content=content)
        except httpx2.TransportError as error:
            why = f"{type(error).__name__}: {error}"
        else:
            if HEADER in answer.headers:
                return answer
            why = f"status {answer.status_code}: {answer.text[:200]}"
        _LOG.warning("The engine at %s gave no answer: %s", url, why)
    raise EngineError(
        "The engine that runs the models cannot be reached now: try again in a moment."
    )


def _told(answer: httpx2.Response) -> HeedmapError:
    """The error that an answer tells of."""
    said = answer.json()
    kind, sentence = vars(errors).get(said["error"]), read(said["sentence"])
    if isinstance(kind, type) and issubclass(kind, HeedmapError):
        return kind(sentence)
    return EngineError(sentence)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop that talks to the engine for all threads."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="engine", daemon=True).start()
    return loop


@cache
def _client() -> httpx2.AsyncClient:
    """Its connections; only from within the loop."""
    import httpx2

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(LASTS, connect=CONNECTS),
        limits=httpx2.Limits(max_connections=None),
        trust_env=False,
    )
