"""How much a request may send, and how many requests there may be at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

AGAIN = 2  # seconds until a client should ask again
PATIENCE = 60.0  # seconds for a request to arrive


class Places:
    """So many requests at once. For one thread: the event loop's."""

    def __init__(self, count: int) -> None:
        self.count, self.taken = count, 0

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        """Hold a place within the block.

        Raises:
            HTTPException: 429, there is none.
        """
        if self.taken >= self.count:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"This server {what} {self.count} at a time, and all are taken: ask again in "
                f"{AGAIN} s.",
                {"Retry-After": str(AGAIN)},
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


async def body(request: Request, most: int, patience: float = PATIENCE) -> bytes:
    """What a request sends, at most so many bytes, counted as they arrive.

    Raises:
        HTTPException: 413, more than that; 408, it does not arrive in time.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise _too_large(most)
    except TimeoutError:
        raise HTTPException(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The request did not arrive within {patience:g} s: send it again.",
        ) from None
    return b"".join(parts)


def _too_large(most: int) -> HTTPException:
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"This request has more than the {most / 1e6:g} MB that are allowed: make the photo "
        "smaller or save it as JPEG.",
    )
