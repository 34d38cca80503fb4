"""The photo picker: samples, upload by file or drag and drop, kept from page to page."""

from __future__ import annotations

import logging

import numpy as np
import streamlit as st
from heedmap import viz
from heedmap.errors import HeedmapError, ImageError
from heedmap.pages.parts import link, store
from heedmap.pages.parts.components import Item, gallery
from heedmap.pages.parts.pictures import fit_within, kept
from heedmap.pages.parts.shell import UNEXPECTED, plain
from heedmap.pages.parts.store import MEGABYTE, Shelf
from heedmap.viz.photo import samples

_LOG = logging.getLogger("heedmap")
_MINE = "heedmap.mine"  # keys of the photos that this session dropped in or got by link
_WRONG = "heedmap.wrong"  # what was wrong with the last upload, one sentence
_UPLOAD = "upload"
_MOST = 3
_THUMBNAIL = 112  # px
DEFAULT = "cat"

GONE = (
    "This server no longer holds the photo of this view: drop the photo again to see it. "
    "A sample is shown meanwhile."
)


def pick_photo() -> str:
    """Let the person choose a photo and give its key: the name of a sample or of an upload."""
    key = link.setting("photo", DEFAULT, str, fits=_known, shared=True, why=GONE)
    chosen = str(st.session_state[key])
    if store.is_key(chosen):
        _remember(chosen)
    mine = [each for each in st.session_state.get(_MINE, []) if store.find(each)]
    gallery(
        [{"items": [_item(each) for each in [*mine, *samples.sample_ids()]]}],
        [chosen], lambda picked: _choose(key, picked),
        label="Photo", key="photos", most=5, small=True,
    )  # fmt: skip
    _uploader(key)
    return chosen


def pixels(key: str) -> np.ndarray:
    """Give a photo as (H, W, 3) uint8 RGB.

    Raises:
        ImageError: an upload that this server no longer holds.
    """
    return _decoded().have(key, lambda: _open(key))


def name(key: str) -> str:
    """Name a photo for people."""
    return "Your photo" if store.is_key(key) else samples.sample(key).title


def credit(key: str) -> str:
    """Say whose photo it is, where it is a sample."""
    return "" if store.is_key(key) else samples.sample(key).credit


def _uploader(key: str) -> None:
    """Take a photo from disk or by drag and drop; say in place what is wrong with it."""
    st.file_uploader(
        "Or your own: choose a file or drop it here", key=_UPLOAD,
        on_change=_take, args=(key,), max_upload_size=20,
    )  # fmt: skip
    if st.session_state.get(_WRONG):
        st.error(plain(st.session_state[_WRONG]), icon=":material/broken_image:")
    st.caption("Kept in this server’s memory, so that links work.")


def _take(key: str) -> None:
    """Take over what was dropped, or keep what was there and say why."""
    file = st.session_state[_UPLOAD]
    st.session_state[_WRONG] = ""
    if file is None:
        return
    content = file.getvalue()
    try:
        picture = viz.open_upload(content)
    except HeedmapError as error:
        st.session_state[_WRONG] = str(error)
    except Exception:
        _LOG.exception("upload")
        st.session_state[_WRONG] = UNEXPECTED
    else:
        photo = store.keep(content)
        _decoded().put(photo, picture)
        _choose(key, photo)


def _choose(key: str, photo: str) -> None:
    """Show this photo from the next run on."""
    st.session_state[key] = photo
    st.session_state[_WRONG] = ""


def _remember(photo: str) -> None:
    """Keep an upload at hand, the newest first."""
    mine = [each for each in st.session_state.get(_MINE, []) if each != photo]
    if photo not in st.session_state.get(_MINE, []):
        st.session_state[_MINE] = [photo, *mine][:_MOST]


def _known(photo: str) -> bool:
    """Tell whether a key names a sample, or an upload that is still here."""
    if store.is_key(photo):
        return store.find(photo) is not None
    return photo in samples.sample_ids()


def _open(key: str) -> np.ndarray:
    if not store.is_key(key):
        return samples.open_sample(key)
    content = store.find(key)
    if content is None:
        raise ImageError(GONE)
    return viz.open_upload(content)


@st.cache_resource(show_spinner=False)
def _decoded() -> Shelf[np.ndarray]:
    return Shelf(256 * MEGABYTE, lambda picture: picture.nbytes)


def _item(key: str) -> Item:
    """Make the thumbnail of a photo, with its credit under the pointer."""
    src = kept(("photo", key), lambda: _square(pixels(key)), quality=80)
    if store.is_key(key):
        return {"key": key, "src": src, "alt": name(key), "title": name(key)}
    sample = samples.sample(key)
    return {
        "key": key,
        "src": src,
        "alt": f"{sample.title}: {sample.alt}",
        "title": f"{sample.title}. {sample.credit}",
    }


def _square(picture: np.ndarray) -> np.ndarray:
    """Cut the middle square out of a photo and shrink it."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return fit_within(picture[top : top + side, left : left + side], _THUMBNAIL)
