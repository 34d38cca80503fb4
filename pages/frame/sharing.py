"""The button that copies the link of a view, and stores its photos first where they are private."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.frame import link, versions
from heedmap.pages.frame.notices import sentence
from heedmap.pages.stage import components
from heedmap.views import photos, sharing

_DONE = "heedmap.shared"  # private key -> shared key, of this session
_FAILED = "heedmap.unshared"  # why the last photo could not be stored


def copy_button() -> None:
    """Show the button. It copies at once, or when the photos of the view have been stored."""
    done: dict[str, str] = st.session_state.setdefault(_DONE, {})
    if said := st.session_state.pop(_FAILED, ""):
        link.notice(said)
    components.copy_link(
        versions.ours(), bool(_private()), done, bool(said), _share, link.secrets()
    )


def _private() -> list[str]:
    """The uploads that this view shows and that are in memory only."""
    return [text for text in dict.fromkeys(link.texts()) if photos.is_private(text)]


def _share() -> None:
    """Store the photos of this view; from then on its address names the stored ones."""
    for key in _private():
        try:
            shared = sharing.share(key)
        except Exception as error:
            st.session_state[_FAILED] = sentence(error)
            return
        st.session_state[_DONE][key] = shared
        link.replace(key, shared)
