"""The routes of the interface, one Starlette app to mount at /api/v1."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from heedmap import models, viz
from heedmap.api import answer, asked, described, page
from heedmap.api.asked import Asked
from heedmap.api.bounds import Places, body
from heedmap.api.problems import HANDLERS, problem
from heedmap.api.settings import Access
from heedmap.errors import OvertakenError
from heedmap.viz.photo.limits import MAX_BYTES
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

ROOT = "/api"
PREFIX = f"{ROOT}/v1"
DEFAULT = "bundled-vit"
MOST_JSON = 65_536  # bytes of a body that is no photo
RECEIVED_AT_ONCE = 16  # requests whose photos arrive, for each pass
LISTENS = 0.5  # seconds between two looks whether the client is still there
PRIVATE = {"Cache-Control": "no-store"}


def create(access: Access, passes: int) -> Starlette:
    """The interface.

    Args:
        access: who may use it.
        passes: how many requests may run models at once.
    """
    door = Door(access, Places(passes), Places(RECEIVED_AT_ONCE * passes))
    routes = [
        Route("/maps", door.maps, methods=["POST"]),
        Route("/models", door.models),
        Route("/health", _health),
        Route("/openapi.json", _openapi),
        Route("/docs", _docs),
    ]
    return Starlette(routes=routes, exception_handlers=HANDLERS)


def off() -> Starlette:
    """What answers in place of the interface where it is off."""

    async def say(_: Request, __: Exception) -> Response:
        return problem(
            HTTPStatus.NOT_FOUND,
            "This server has no interface for programs: its host can turn it on with "
            "HEEDMAP_API=yes.",
        )

    return Starlette(exception_handlers={HTTPStatus.NOT_FOUND: say})


def warm_up() -> None:
    """Load the model that is asked for by default, and what decodes photos, in the background."""

    def work() -> None:
        models.load(DEFAULT)
        viz.start_workers()

    threading.Thread(target=work, name="warm-up", daemon=True).start()


class Door:
    """What needs a key: the models and their maps."""

    def __init__(self, access: Access, running: Places, arriving: Places) -> None:
        self._access, self._running, self._arriving = access, running, arriving

    async def models(self, request: Request) -> Response:
        """The models that the host offers."""
        self._check(request)
        records = await asyncio.to_thread(models.records)
        return JSONResponse({"models": [described.model(each) for each in records]})

    async def maps(self, request: Request) -> Response:
        """Maps of one photo."""
        self._check(request)
        with self._arriving.one("takes photos of"):
            wanted, content = await _asked(request)
        with self._running.one("runs passes,"):
            made, media = await _while_there(request, partial(answer.answer, wanted, content))
        return Response(made, media_type=media, headers=PRIVATE)

    def _check(self, request: Request) -> None:
        if not self._access.lets_in(request.headers):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                'This server asks for a key: send it as the header "Authorization: Bearer KEY".',
                {"WWW-Authenticate": "Bearer"},
            )


async def _asked(request: Request) -> tuple[Asked, bytes]:
    """What a request asks for, and the photo that it sends."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accept = request.headers.get("accept", "")
    if kind.startswith("multipart/"):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "A form is not taken: send the photo as the body itself, and all else in the query, as "
            "curl --data-binary @photo.jpg does.",
        )
    if kind == "application/json":
        values = asked.of_json(await body(request, MOST_JSON))
        return asked.of_values({**_query(request), **values}, accept), b""
    return asked.of_values(_query(request), accept), await body(request, MAX_BYTES)


def _query(request: Request) -> dict[str, Any]:
    """The fields of the query; layers may come several times."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


async def _while_there(
    request: Request, work: Callable[[Callable[[str], object]], tuple[bytes, str]]
) -> tuple[bytes, str]:
    """Do something in a thread; it is given up when the client has gone."""
    gone = threading.Event()

    async def listen() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(LISTENS)
        gone.set()

    def tell(_: str) -> None:
        if gone.is_set():
            raise OvertakenError("This request was given up, since its client has gone.")

    listening = asyncio.create_task(listen())
    try:
        return await asyncio.to_thread(work, tell)
    finally:
        listening.cancel()


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "version": version("heedmap")}, headers=PRIVATE)


async def _openapi(_: Request) -> Response:
    return JSONResponse(described.document())


async def _docs(request: Request) -> Response:
    return HTMLResponse(
        page.page(f"{request.url.scheme}://{request.url.netloc}{PREFIX}", described.document())
    )
