"""An upload is in memory only, until its owner shares it: then it is in the store."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import fields, is_dataclass

import numpy as np
from cachetools import LRUCache
from heedmap import store, viz
from heedmap.errors import StoreError
from heedmap.languages import Phrase
from heedmap.views import cache, photos
from heedmap.viz.photo.limits import MAX_BYTES

_QUALITIES = (95, 85, 70)  # of a JPEG, where a PNG would be too large to be read again

# Both ways: the key of an upload and that of the same photo in the store.
_twins: LRUCache[str, str] = LRUCache(10_000)
_lock = threading.Lock()  # of the above


def share(key: str) -> str:
    """Store an upload, and return its key for links; it is safe there on return.

    Raises:
        ImageError: an upload that this server no longer has.
        StoreError: it cannot be stored.
    """
    shared = store.shared().put(_clean(photos.pixels(key)))
    photos.rename(key, shared)
    with _lock:
        _twins[key], _twins[shared] = shared, key
    cache.forget(lambda kept: _mentions(kept, shared))  # that it was not there
    return shared


def forget(key: str) -> None:
    """Delete a photo everywhere: the store, this server's memory, and all that was made of it.

    Other servers ask the store before they show it, and what they have in memory leaves it.

    Raises:
        StoreError: the store cannot be reached.
    """
    with _lock:
        both = {key, _twins.get(key, key)}
        for each in both:
            _twins.pop(each, None)
    for each in both:
        store.shared().drop(each)
        photos.drop(each)
    cache.forget(lambda kept: any(_mentions(kept, each) for each in both))


def twin(key: str) -> str:
    """The shared photo of an upload or the upload of a shared photo, "" where none is known."""
    with _lock:
        return str(_twins.get(key, ""))


def kept() -> str:
    """How long a shared photo is kept, in words."""
    return Phrase("{days:g} days after it is last opened", days=store.days_kept())


def _clean(photo: np.ndarray) -> bytes:
    """A photo as a file of its pixels and nothing else: upright, in sRGB, without place or date.

    Lossless (PNG) unless that is too large.
    """
    content = viz.encode_png(photo)
    for quality in _QUALITIES:
        if len(content) <= MAX_BYTES:
            return content
        content = viz.encode_jpeg(photo, quality)
    if len(content) <= MAX_BYTES:
        return content
    raise StoreError("This photo is too large to be shared: make it smaller and choose it again.")


def _mentions(kept: Hashable, photo: str) -> bool:
    """Whether the key of something that is kept names a photo."""
    if isinstance(kept, str):
        return photo in kept
    if isinstance(kept, tuple):
        return any(_mentions(each, photo) for each in kept)
    if is_dataclass(kept):
        return any(_mentions(getattr(kept, each.name), photo) for each in fields(kept))
    return False
