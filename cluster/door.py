"""What a replica answers: POST /pass runs what `views.engine` sends, until nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from http import HTTPStatus

from heedmap import models
from heedmap.errors import EngineError, HeedmapError
from heedmap.languages.wire import written
from heedmap.views import calls, engine, wire
from heedmap.views.calls import Call
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LISTENS = 0.5  # seconds between two looks whether the front end is still there

_LOG = logging.getLogger("heedmap")
_turn = threading.Lock()  # held while a model runs: the next request is read and sent meanwhile


def create() -> Starlette:
    """The app of a replica."""
    return Starlette(routes=[Route(engine.PASS, _pass, methods=["POST"])])


async def _pass(request: Request) -> Response:
    content, gone = await request.body(), threading.Event()
    listening = asyncio.create_task(_listen(request, gone))
    try:
        return await asyncio.to_thread(_answered, content, gone.is_set)
    finally:  # also when Serve ends this request, since its client has gone
        gone.set()
        listening.cancel()


async def _listen(request: Request, gone: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(LISTENS)
    gone.set()


def _answered(content: bytes, unwanted: Callable[[], bool]) -> Response:
    """What comes of a pass, or its error."""
    said = {engine.HEADER: engine.own_version()}
    try:
        return Response(passed(content, unwanted), headers=said)
    except HeedmapError as error:
        return _problem(error, HTTPStatus.UNPROCESSABLE_ENTITY, said)
    except Exception as error:  # no memory left, or a mistake of ours
        _LOG.error("A pass failed", exc_info=error)
        told = EngineError(
            "The engine failed at this pass, and its log says why: choose a smaller size, or "
            "another model."
        )
        return _problem(told, HTTPStatus.INTERNAL_SERVER_ERROR, said)


def passed(content: bytes, unwanted: Callable[[], bool] = lambda: False) -> bytes:
    """Run what was sent; arrays of maps come back as float16.

    Raises:
        HeedmapError: as `calls.answer`, or a model that cannot be loaded.
    """
    said = wire.unpacked(content)
    adapter, x = models.load(said["model"]), said["x"]
    x = adapter.filled(x) if isinstance(x, models.Prepared) else x
    with _turn:
        found = calls.here(adapter, x, Call(said["call"], said["arguments"]), unwanted)
    return wire.packed(found, half=True)


def _problem(error: HeedmapError, status: int, headers: dict[str, str]) -> Response:
    said = {"error": type(error).__name__, "sentence": written(error.sentence)}
    return JSONResponse(said, status, headers)
