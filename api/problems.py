"""Errors as application/problem+json (RFC 9457): the status, and the library's own sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from heedmap.errors import (
    CaptureError,
    CheckpointError,
    DownloadError,
    EngineError,
    ForbiddenError,
    HeedmapError,
    ImageError,
    OvertakenError,
    SettingError,
    UnknownModelError,
)
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

MEDIA = "application/problem+json"

# What a kind of error is told as; the first that fits.
_STATUS: tuple[tuple[type[HeedmapError], HTTPStatus], ...] = (
    (UnknownModelError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (DownloadError, HTTPStatus.BAD_GATEWAY),
    (CheckpointError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (CaptureError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (SettingError, HTTPStatus.BAD_REQUEST),
    (EngineError, HTTPStatus.SERVICE_UNAVAILABLE),
    (OvertakenError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_WORDS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address: see /api/v1/docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method: see /api/v1/docs.",
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a request that fails."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse({**said, "detail": detail}, status, headers, MEDIA)


def status_of(error: HeedmapError) -> HTTPStatus:
    """What an error is told as."""
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return next(found, HTTPStatus.UNPROCESSABLE_ENTITY)


async def of_library(_: Request, error: Exception) -> JSONResponse:
    """An error that Heedmap raises on purpose."""
    assert isinstance(error, HeedmapError)
    return problem(status_of(error), str(error))


async def of_http(_: Request, error: Exception) -> JSONResponse:
    """An error that a route or the router raises."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    plain = error.detail == status.phrase
    detail = _WORDS.get(status, error.detail) if plain else error.detail
    return problem(status, detail, dict(error.headers or {}))


async def of_left(_: Request, __: Exception) -> JSONResponse:
    """A client that went away while it sent its request: nobody reads this."""
    return problem(HTTPStatus.BAD_REQUEST, "The request ended before all of it was sent.")


async def of_mistake(_: Request, __: Exception) -> JSONResponse:
    """A mistake of ours, which the log tells."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "This request could not be answered, and the server's log says why: change it, or report "
        "it.",
    )


HANDLERS: dict[Any, Any] = {
    HeedmapError: of_library,
    HTTPException: of_http,
    ClientDisconnect: of_left,
    Exception: of_mistake,
}
