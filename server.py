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
from typing import Any

import streamlit as st
from heedmap.errors import HeedmapError, SettingError
from heedmap.models.catalogue import policy
from heedmap.serving import headers, hosts, leaving, uploads
from heedmap.views import turns
from starlette.middleware import Middleware
from streamlit import cli_util, config, file_util
from streamlit.runtime import get_instance
from streamlit.web.server import server_util

APP = Path(__file__).with_name("app.py")


def check_settings() -> None:
    """Refuse to start with a setting of the host that cannot be used.

    Raises:
        SettingError: one sentence for each.
    """
    st.secrets.load_if_toml_exists()  # its settings become environment variables
    problems = policy.check_environment()
    try:
        turns.passes_at_once()
    except SettingError as error:
        problems.append(str(error))
    if problems:
        raise SettingError("\n".join(problems))


def checks() -> list[Middleware]:
    """What every request passes, from the outside in.

    Raises:
        SettingError: a setting of the host that cannot be used.
    """
    index = Path(file_util.get_static_dir()) / "index.html"
    ancestors = headers.frame_ancestors()
    if ancestors not in headers.OURS:
        _let_frames_upload()
    return [
        Middleware(hosts.HostCheck, hosts.from_environment(config.get_option("server.address"))),
        Middleware(headers.SafeHeaders, ancestors, headers.inline_scripts(index)),
        Middleware(headers.Private),
        Middleware(uploads.UploadLimit, held),
    ]


def _let_frames_upload() -> None:
    """Do without Streamlit's XSRF cookie, which browsers keep from a frame in another site's page.

    What it is for, the check of the Origin does: a page of another site can send nothing.
    """
    config.set_option("server.enableXsrfProtection", False)


def held(session: str) -> int:
    """The bytes of a session's uploads that Streamlit keeps now."""
    files: dict[str, Any] = getattr(get_instance().uploaded_file_mgr, "file_storage", {})
    return sum(len(file.data) for file in list(files.get(session, {}).values()))


@asynccontextmanager
async def life(_: st.App) -> AsyncIterator[None]:
    """Open the browser at the start, as Streamlit does for a plain script, and end cleanly."""
    with leaving.clean_end():
        if not config.get_option("server.headless"):
            threading.Thread(target=_open_browser, daemon=True).start()
        yield


def _open_browser() -> None:
    """Open the app in a browser on this machine; where that fails, the address is in the log."""
    name = server_util.get_display_address(config.get_option("server.address") or "localhost")
    with suppress(Exception):
        cli_util.open_browser(server_util.get_url(name))


try:
    check_settings()
    app = st.App(APP, middleware=checks(), lifespan=life)
except HeedmapError as error:
    sys.exit(str(error))
