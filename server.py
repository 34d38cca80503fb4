"""The server: the Streamlit app of app.py behind its checks. `streamlit run server.py` starts it.

Routes of other doors, such as an HTTP interface, are mounted here beside the app: they stand
behind the same checks.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from heedmap import private, store
from heedmap.errors import HeedmapError, SettingError
from heedmap.models.catalogue import policy
from heedmap.serving import first_paint, headers, hosts, leaving, sessions, uploads
from heedmap.views import photos, turns
from starlette.middleware import Middleware

APP = Path(__file__).with_name("app.py")
STYLE = APP.with_name("pages") / "frame" / "style.css"


def check_settings() -> None:
    """Refuse to start with a setting of the host that cannot be used.

    Raises:
        SettingError: one sentence for each.
    """
    st.secrets.load_if_toml_exists()  # its settings become environment variables
    problems = [*policy.check_environment(), *store.check_environment()]
    for read in (turns.passes_at_once, sessions.from_environment):
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    if problems:
        raise SettingError("\n".join(problems))


def checks() -> list[Middleware]:
    """What every request passes, from the outside in.

    Raises:
        SettingError: a setting of the host that cannot be used.
    """
    ancestors = headers.frame_ancestors()
    if ancestors not in headers.OURS:
        private.let_frames_upload()
    return [
        Middleware(hosts.HostCheck, hosts.from_environment(st.get_option("server.address"))),
        Middleware(headers.SafeHeaders, ancestors, headers.inline_scripts(private.index_page())),
        Middleware(first_paint.FirstPaint, first_paint.with_style(private.index_page(), STYLE)),
        Middleware(headers.Private),
        Middleware(sessions.SessionLimit, sessions.from_environment()),
        Middleware(uploads.UploadLimit, private.upload_bytes, photos.refuse),
    ]


@asynccontextmanager
async def life(_: st.App) -> AsyncIterator[None]:
    """Open the browser at the start, as Streamlit does for a plain script, and end cleanly."""
    with leaving.clean_end():
        if not st.get_option("server.headless"):
            threading.Thread(target=_open_browser, daemon=True).start()
        yield


def _open_browser() -> None:
    """Open the app in a browser; where that fails, the address is in the log."""
    with suppress(Exception):
        private.open_browser()


try:
    check_settings()
    app = st.App(APP, middleware=checks(), lifespan=life)
except HeedmapError as error:
    sys.exit(str(error))
