"""Sharing: what is stored holds the pixels and nothing else, and is deleted everywhere."""

from __future__ import annotations

import io

import numpy as np
import pytest
from heedmap import store
from heedmap.errors import ImageError, StoreError
from heedmap.models import Adapter
from heedmap.views import attention, cache, photos, render, sharing
from heedmap.views.request import Request
from PIL import Image


def on_its_side() -> bytes:
    """A photo that stands on its side, with a place in its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn right
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)  # latitude
    picture = np.random.default_rng(3).integers(0, 255, (40, 80, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", exif=exif, quality=95)
    return stream.getvalue()


def test_what_is_stored_is_upright_and_has_no_place() -> None:
    mine = photos.take(on_its_side(), "trip.jpg")
    assert not store.shared().exists(mine)
    shared = sharing.share(mine)
    assert photos.is_shared(shared)
    assert not photos.is_private(shared)
    with Image.open(io.BytesIO(photos.find(shared) or b"")) as picture:
        assert picture.size == (40, 80)
        assert not picture.getexif()
        assert not picture.info
    np.testing.assert_array_equal(photos.pixels(shared), photos.pixels(mine))
    assert photos.title(shared) == "trip.jpg"


def test_a_large_photo_is_stored_as_jpeg(monkeypatch: pytest.MonkeyPatch, portrait: bytes) -> None:
    monkeypatch.setattr(sharing, "MAX_BYTES", 12_000)
    shared = sharing.share(photos.take(portrait))
    assert (photos.find(shared) or b"").startswith(b"\xff\xd8")
    monkeypatch.setattr(sharing, "MAX_BYTES", 10)
    with pytest.raises(StoreError, match="too large to be shared"):
        sharing.share(photos.take(portrait))


def test_forgetting_deletes_it_everywhere(portrait: bytes, vit: Adapter, cat: Request) -> None:
    mine = photos.take(portrait)
    shared = sharing.share(mine)
    sources = [attention.source(vit, Request(key, vit.id, 128)) for key in (mine, shared)]
    other = attention.source(vit, cat)
    for source in (*sources, other):
        render.base(source.request, source.seen)
    sharing.forget(shared)
    kept: list[object] = []
    cache.forget(lambda key: kept.append(key) is not None)  # which keeps all
    assert any("cat" in str(key) for key in kept)
    assert not any(mine in str(key) or shared in str(key) for key in kept)
    assert not photos.known(mine)
    assert not photos.known(shared)
    for key in (mine, shared):
        with pytest.raises(ImageError, match="drop the photo again"):
            photos.pixels(key)


def test_a_store_that_fails_has_no_photo_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def entry(self, name: str) -> None:
            raise ConnectionError

    broken = store.Store(Broken(), 10, 10.0)  # type: ignore[arg-type]
    monkeypatch.setattr(store, "shared", lambda: broken)
    assert not photos.known("a" * 64)
    with pytest.raises(StoreError, match="cannot be read now"):
        photos.pixels("a" * 64)
