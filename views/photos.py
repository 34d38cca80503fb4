"""Photos by key: the samples, uploads in this server's memory, and shared ones in the store.

A sample has a name; an upload the first 32 hexadecimal digits of the hash of its file, and is in
memory only; what was shared (see `sharing`) its address in the store, 64 digits.
"""

from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path

import numpy as np
from cachetools import LRUCache, TTLCache
from heedmap import store, viz
from heedmap.errors import ImageError, StoreError
from heedmap.languages import Phrase
from heedmap.views.cache import MEGABYTE, kept, kept_briefly, measured

DEFAULT = "cat"
GONE = Phrase(
    Phrase(
        "This server does not have the photo of this link (any more), because it was "
        "forgotten, was not opened for too long or was never shared: drop the photo again to "
        "see it; a sample is shown for now."
    )
)
_MOMENT = 3.0  # seconds for which it is not asked again whether the store has a photo

_uploads: LRUCache[str, bytes] = LRUCache(256 * MEGABYTE, getsizeof=len)
measured("photos", lambda: int(_uploads.currsize))
_refused: TTLCache[str, str] = TTLCache(10_000, ttl=60)  # visitor -> why an upload was refused
_files: LRUCache[str, str] = LRUCache(10_000)  # key -> the name of the upload's file
_lock = threading.Lock()  # held for a look-up, never while a photo is decoded


def take(content: bytes, file: str = "") -> str:
    """Decode an upload, keep it, and return its key: a hash of the bytes, which nobody can guess.

    `file` is its name, for exports.

    Raises:
        ImageError: bytes that are no usable photo, and why.
    """
    key = hashlib.sha256(content).hexdigest()[:32]
    _decoded(key, content)
    with _lock:
        _uploads[key] = content
        _files[key] = Path(file).name[:100]
    return key


def refuse(visitor: str, why: str) -> None:
    """Leave a visitor the sentence that says why the server did not take a file."""
    with _lock:
        _refused[visitor] = why


def refusal(visitor: str) -> str:
    """Why the server did not take the file that a visitor sent."""
    with _lock:
        return _refused.pop(visitor, Phrase("The server does not have this file: choose it again."))


def find(key: str) -> bytes | None:
    """The bytes of an upload or a shared photo, or None if they are not to be had (any more).

    Raises:
        StoreError: the store cannot be reached.
    """
    if is_shared(key):
        return store.shared().get(key)
    with _lock:
        return _uploads.get(key)


def drop(key: str) -> None:
    """Forget an upload, as far as it is in memory."""
    with _lock:
        _uploads.pop(key, None)
        _files.pop(key, None)


def rename(key: str, other: str) -> None:
    """Give a photo the name of another's file."""
    with _lock:
        _files[other] = _files.get(key, "")


def is_private(key: str) -> bool:
    """Whether `key` has the form of that of an upload that was not shared."""
    return re.fullmatch(r"[0-9a-f]{32}", key) is not None


def is_shared(key: str) -> bool:
    """Whether `key` has the form of an address in the store."""
    return store.is_address(key)


def is_upload(key: str) -> bool:
    """Whether `key` has the form of an upload's key, shared or not."""
    return is_private(key) or is_shared(key)


def known(key: str) -> bool:
    """Whether `key` names a sample, or an upload that is still here."""
    if is_shared(key):
        return _stored(key)
    return find(key) is not None if is_private(key) else key in viz.sample_ids()


def pixels(key: str) -> np.ndarray:
    """A photo as (H, W, 3) uint8 RGB, shared by all callers: do not write to it.

    Raises:
        ImageError: an upload that this server no longer has.
        StoreError: the store cannot be reached.
    """
    content = find(key) if is_upload(key) else b""
    if content is None:
        raise ImageError(GONE)
    return _decoded(key, content)


def name(key: str) -> str:
    """The name of a photo."""
    if is_shared(key):
        return Phrase("Shared photo")
    return Phrase("Your photo") if is_private(key) else viz.sample(key).title


def title(key: str) -> str:
    """The name of a photo in exports: the file's for an upload."""
    return (_file(key) if is_upload(key) else "") or name(key)


def stem(key: str) -> str:
    """The name of a photo in the names of files."""
    return (Path(_file(key)).stem or f"photo-{key[:8]}") if is_upload(key) else key


def sha256(key: str) -> str:
    """The hash of a photo's file, hexadecimal; "" for an upload that is gone."""
    content = find(key) if is_upload(key) else viz.sample_file(key).read_bytes()
    return hashlib.sha256(content).hexdigest() if content else ""


def credit(key: str) -> str:
    """Who took a sample, and its licence; nothing for an upload."""
    return "" if is_upload(key) else viz.sample(key).credit


def alt(key: str) -> str:
    """Alternative text: what a sample shows; the name of an upload."""
    if is_upload(key):
        return name(key)
    sample = viz.sample(key)
    return Phrase("{title}: {alt}", title=sample.title, alt=sample.alt)


def _file(key: str) -> str:
    with _lock:
        return _files.get(key, "")


@kept_briefly(10_000, _MOMENT)
def _stored(key: str) -> bool:
    try:
        return store.shared().exists(key)
    except StoreError:  # the log says what it is
        return False


@kept(256 * MEGABYTE, lambda photo: photo.nbytes, key=lambda key, content: key)
def _decoded(key: str, content: bytes) -> np.ndarray:
    return viz.open_upload(content) if is_upload(key) else viz.open_sample(key)
