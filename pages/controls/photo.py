"""The photo picker: samples, and uploads by file or drag and drop, which can be forgotten."""

from __future__ import annotations

import io

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, tr
from heedmap.pages.stage.components import gallery
from heedmap.pages.stage.panels import photo_item
from heedmap.private import drop_uploads, session
from heedmap.views import photos, sharing
from heedmap.viz import sample_ids

_MINE = "heedmap.mine"  # keys of the uploads of this session, the newest first
_WRONG = "heedmap.wrong"  # what was wrong with the last upload, one sentence
_FORGOT = "heedmap.forgot"  # how many photos this session has forgotten
_UPLOAD = "upload"
NONE = "none"  # no second photo
_NONE = Phrase("None")
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
        [{"items": [photo_item(each) for each in every()]}],
        [chosen], lambda picked: _choose(key, picked),
        label=tr("Photo"), key="photos", most=5, small=True,
    )  # fmt: skip
    _uploader(key)
    _say_where(chosen)
    return chosen


def pick_another(name: str, default: str) -> str:
    """Let the visitor choose a photo by its name, `default` unless they do."""
    key = link.setting(name, default, str, fits=photos.known, why=photos.GONE)
    options = list(dict.fromkeys([default, st.session_state[key], *every()]))
    return str(st.selectbox(tr("Photo"), options, key=key, format_func=named(photos.title)))


def second_photo(name: str) -> str:
    """The key of the setting of a second photo, `NONE` at first."""

    def fits(photo: str) -> bool:
        return photo == NONE or photos.known(photo)

    return link.setting(name, NONE, str, fits=fits, why=photos.GONE)


def pick_second(name: str) -> str:
    """Let the visitor choose a second photo or `NONE`, once `second_photo` was called."""
    key = link.key_of(name)
    options = list(dict.fromkeys([NONE, st.session_state[key], *every()]))
    return str(
        st.selectbox(tr("Second photo"), options, key=key, width=240,
                     format_func=named(lambda key: _NONE if key == NONE else photos.title(key)))
    )  # fmt: skip


def every() -> list[str]:
    """The uploads of this session and the samples."""
    mine = [each for each in st.session_state.get(_MINE, []) if photos.known(each)]
    return [*mine, *sample_ids()]


def _uploader(key: str) -> None:
    """Take a photo by file or drag and drop; an error is shown below."""
    uploader = _uploader_key()
    with st.container(key="uploader"):
        st.file_uploader(
            tr("Or your own: choose a file or drop it here"), key=uploader,
            on_change=_take, args=(key, uploader), max_upload_size=20,
            help=tr("JPEG, PNG, WebP and other formats, up to 20 MB."),
        )  # fmt: skip
    if st.session_state.get(_WRONG):
        with st.container(key="complaint"):  # hidden where the browser itself refuses a file
            st.error(plain(st.session_state[_WRONG]), icon=":material/broken_image:")


def _uploader_key() -> str:
    """The key of the uploader; a new one each time a photo is forgotten, which empties it."""
    count = st.session_state.get(_FORGOT, 0)
    return f"{_UPLOAD} {count}" if count else _UPLOAD


def _say_where(photo: str) -> None:
    """Say in one line where uploads are, and let the visitor delete the one that is shown."""
    if photos.is_private(photo):
        st.caption(
            tr("Yours alone, in memory. *Copy link* stores it until {kept}.", kept=sharing.kept())
        )
    elif photos.is_shared(photo):
        st.caption(tr("Stored with its link until {kept}.", kept=sharing.kept()))
    else:
        st.caption(tr("A photo stays in memory, yours alone, until you copy its link."))
    if photos.is_upload(photo):
        with st.popover(tr("Forget this photo"), icon=":material/delete:"):
            st.caption(tr("Deletes it from this server, also for everybody who has its link."))
            st.button(tr("Forget it now"), key="forget", on_click=_forget, args=(photo,))


def _forget(photo: str) -> None:
    """Delete a photo everywhere, and show a sample in its place."""
    try:
        sharing.forget(photo)
    except Exception as error:
        st.session_state[_WRONG] = sentence(error)
        return
    drop_uploads()
    st.session_state[_FORGOT] = st.session_state.get(_FORGOT, 0) + 1
    st.session_state[_MINE] = [each for each in st.session_state.get(_MINE, []) if each != photo]
    link.replace(photo, photos.DEFAULT)


def _take(key: str, uploader: str) -> None:
    """Show an upload; if it cannot be shown, keep the current photo and say why."""
    file = st.session_state[uploader]
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
    """Keep an upload in the gallery, once: as the stored one where it was shared."""
    mine = [each for each in st.session_state.get(_MINE, []) if sharing.twin(each) != photo]
    st.session_state[_MINE] = mine if photo in mine else [photo, *mine][:_MOST]
