"""Every private name of Streamlit that Heedmap uses, and why.

If an upgrade of Streamlit breaks one, it is fixed here. (`streamlit.delta_generator` is imported
elsewhere for annotations only.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config, file_util
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx


def went_through_history() -> bool:
    """Whether the browser's back or forward button caused this run.

    Only then does the URL win over the widgets; `st.query_params` does not tell who changed it.
    """
    context = get_script_run_ctx(suppress_warning=True)
    return bool(getattr(context, "is_history_navigation", False))


def session() -> str:
    """The id of this visitor's session, for their place in the queue; "" without one."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def upload_bytes(session: str) -> int:
    """The bytes of a session's uploads in Streamlit's memory: a visitor may hold only so many."""
    files: dict[str, Any] = getattr(get_instance().uploaded_file_mgr, "file_storage", {})
    return sum(len(file.data) for file in list(files.get(session, {}).values()))


def drop_uploads() -> None:
    """Free what Streamlit keeps of this session's uploads until the tab closes."""
    if exists():
        get_instance().uploaded_file_mgr.remove_session_files(session())


def index_page() -> Path:
    """The page that Streamlit serves: the policy for scripts names its inline scripts by hash."""
    return Path(file_util.get_static_dir()) / "index.html"


def let_frames_upload() -> None:
    """Do without Streamlit's XSRF cookie, which browsers block in a frame on another site.

    The check of the Origin does its work: no page of another site can send anything.
    """
    config.set_option("server.enableXsrfProtection", False)


def open_browser() -> None:
    """Open the app in a browser on this machine, as `streamlit run` does for a plain script."""
    from streamlit import cli_util
    from streamlit.web.server import server_util

    name = server_util.get_display_address(st.get_option("server.address") or "localhost")
    cli_util.open_browser(server_util.get_url(name))
