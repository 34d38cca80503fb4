"""The photo picker: samples, and uploads by file or drag and drop."""

from __future__ import annotations

import io

import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.stage.components import gallery
from heedmap.pages.stage.panels import photo_item
from heedmap.private import session
from heedmap.views import photos
from heedmap.viz import sample_ids

_MINE = "heedmap.mine"  # keys of the uploads of this session, the newest first
_WRONG = "heedmap.wrong"  # what was wrong with the last upload, one sentence
_UPLOAD = "upload"
NONE = "none"  # no second photo
_MOST = 3  # uploads shown in the gallery


def pick_photo() -> str:
    """Let the visitor choose a photo, and return its key; see `views.photos`."""
    key = link.setting(
        "photo", photos.DEFAULT, str, fits=photos.known, shared=True, why=photos.GONE
    )
    chosen = str(st.session_state[key])
    if photos.is_upload(chosen):
        _remember(chosen)
    gallery(
        [{"items": [photo_item(each) for each in _every()]}],
        [chosen], lambda picked: _choose(key, picked),
        label="Photo", key="photos", most=5, small=True,
    )  # fmt: skip
    _uploader(key)
    return chosen


def pick_another(name: str, default: str) -> str:
    """Let the visitor choose a photo by its name, `default` unless they do."""
    key = link.setting(name, default, str, fits=photos.known, why=photos.GONE)
    options = list(dict.fromkeys([default, st.session_state[key], *_every()]))
    return str(st.selectbox("Photo", options, key=key, format_func=photos.title))


def second_photo(name: str) -> str:
    """The key of the setting of a second photo, `NONE` at first."""

    def fits(photo: str) -> bool:
        return photo == NONE or photos.known(photo)

    return link.setting(name, NONE, str, fits=fits, why=photos.GONE)


def pick_second(name: str) -> str:
    """Let the visitor choose a second photo or `NONE`, once `second_photo` was called."""
    key = link.key_of(name)
    options = list(dict.fromkeys([NONE, st.session_state[key], *_every()]))
    return str(
        st.selectbox("Second photo", options, key=key, width=240,
                     format_func=lambda key: "None" if key == NONE else photos.title(key))
    )  # fmt: skip


def _every() -> list[str]:
    """The uploads of this session and the samples."""
    mine = [each for each in st.session_state.get(_MINE, []) if photos.find(each)]
    return [*mine, *sample_ids()]


def _uploader(key: str) -> None:
    """Take a photo by file or drag and drop; an error is shown below."""
    st.file_uploader(
        "Or your own: choose a file or drop it here", key=_UPLOAD,
        on_change=_take, args=(key,), max_upload_size=20,
        help="JPEG, PNG, WebP and other formats. Kept in this server’s memory, so that links work.",
    )  # fmt: skip
    if st.session_state.get(_WRONG):
        with st.container(key="complaint"):  # hidden where the browser itself refuses a file
            st.error(plain(st.session_state[_WRONG]), icon=":material/broken_image:")
    st.caption("Kept in this server’s memory, so that links work.")


def _take(key: str) -> None:
    """Show an upload; if it cannot be shown, keep the current photo and say why."""
    file = st.session_state[_UPLOAD]
    st.session_state[_WRONG] = ""
    if file is None:
        return
    if not isinstance(file, io.BytesIO):  # Streamlit's mark for a file that it does not have
        st.session_state[_WRONG] = photos.refusal(session())
        return
    try:
        _choose(key, photos.take(file.getvalue(), file.name))
    except Exception as error:
        st.session_state[_WRONG] = sentence(error)


def _choose(key: str, photo: str) -> None:
    """Show this photo from the next run on."""
    st.session_state[key] = photo
    st.session_state[_WRONG] = ""


def _remember(photo: str) -> None:
    """Keep an upload in the gallery."""
    mine = st.session_state.get(_MINE, [])
    if photo not in mine:
        st.session_state[_MINE] = [photo, *mine][:_MOST]
