"""The server: the Streamlit app of app.py behind its checks. `streamlit run server.py` starts it.

The interface for programs (`api/`) is mounted beside the app: it stands behind the same checks.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from heedmap import private, store
from heedmap.api import app as api
from heedmap.api import metrics
from heedmap.api import settings as api_settings
from heedmap.errors import HeedmapError, SettingError
from heedmap.models.catalogue import policy
from heedmap.models.loading import loader
from heedmap.serving import compressed, first_paint, headers, hosts, leaving, sessions, uploads
from heedmap.views import engine, photos, turns
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

APP = Path(__file__).with_name("app.py")
STYLE = APP.with_name("pages") / "frame" / "style.css"


def check_settings() -> None:
    """Refuse to start with a setting of the host that cannot be used.

    Raises:
        SettingError: one sentence for each.
    """
    st.secrets.load_if_toml_exists()  # its settings become environment variables
    problems = [
        *policy.check_environment(), *store.check_environment(), *api_settings.check_environment()
    ]  # fmt: skip
    for read in (engine.address, turns.passes_at_once, sessions.from_environment):
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    if problems:
        raise SettingError("\n".join(dict.fromkeys(problems)))


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
        Middleware(
            first_paint.FirstPaint, first_paint.with_style(private.index_page(), STYLE), api.ROOT
        ),
        Middleware(headers.Private),
        Middleware(sessions.SessionLimit, sessions.from_environment()),
        Middleware(uploads.UploadLimit, private.upload_bytes, photos.refuse),
        Middleware(compressed.Compressed),
    ]


def routes() -> list[BaseRoute]:
    """The figures for the host, and the interface for programs or what says that it is off."""
    access = api_settings.access()
    figures = Route(metrics.PATH, metrics.endpoint(access))
    if not api_settings.is_on(st.get_option("server.address")):
        return [figures, Mount(api.ROOT, api.off())]
    return [figures, Mount(api.PREFIX, api.create(access, turns.passes_at_once()))]


@asynccontextmanager
async def life(_: st.App) -> AsyncIterator[None]:
    """Open the browser at the start, as Streamlit does for a plain script, and end cleanly."""
    with leaving.clean_end():
        if not st.get_option("server.headless"):
            threading.Thread(target=_open_browser, daemon=True).start()
        if api_settings.is_asked_for():
            api.warm_up()
        yield


def _open_browser() -> None:
    """Open the app in a browser; where that fails, the address is in the log."""
    with suppress(Exception):
        private.open_browser()


try:
    check_settings()
    if engine.address():
        loader.keep_no_weights()
    app = st.App(APP, routes=routes(), middleware=checks(), lifespan=life)
except HeedmapError as error:
    sys.exit(str(error))
