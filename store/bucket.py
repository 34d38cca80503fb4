"""Objects in a bucket of S3 or of a service that speaks as it does, for several servers.

Credentials, region and endpoint are read from the environment by the client itself:
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, or a role of the
machine. The client's cache of listings is off: it hides what other servers write.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import fsspec
from heedmap.store.place import Entry


class Bucket:
    """A prefix of a bucket. S3 writes an object whole or not at all."""

    every = 86_400.0  # a note of use is a write

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("s3://").strip("/")
        self._files = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)

    def entry(self, name: str) -> Entry | None:
        """See `Place`."""
        try:
            return _entry(self._files.info(self._at(name)))
        except FileNotFoundError:
            return None

    def entries(self) -> list[Entry]:
        """See `Place`."""
        found = self._files.find(self._path, maxdepth=1, detail=True)
        return [_entry(each) for each in found.values()]

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            content: bytes = self._files.cat_file(self._at(name))
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """See `Place`."""
        self._files.pipe_file(self._at(name), content)

    def touch(self, name: str, content: bytes) -> None:
        """See `Place`."""
        self.write(name, content)

    def remove(self, name: str) -> None:
        """See `Place`."""
        with suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"


def _entry(info: dict[str, Any]) -> Entry:
    name = str(info["name"]).rsplit("/", 1)[-1]
    return Entry(name, int(info["size"]), info["LastModified"].timestamp())
