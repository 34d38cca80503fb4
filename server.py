"""The server: the Streamlit app of app.py behind its checks. `streamlit run server.py` starts it.

Routes of other doors, such as an HTTP interface, are mounted here beside the app: they stand
behind the same checks.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from heedmap.errors import HeedmapError
from heedmap.serving import headers, hosts, leaving, uploads
from starlette.middleware import Middleware
from streamlit import cli_util, config, file_util
from streamlit.runtime import get_instance
from streamlit.web.server import server_util

APP = Path(__file__).with_name("app.py")


def checks() -> list[Middleware]:
    """What every request passes, from the outside in.

    Raises:
        SettingError: a setting of the host that cannot be used.
    """
    st.secrets.load_if_toml_exists()  # its settings become environment variables
    index = Path(file_util.get_static_dir()) / "index.html"
    return [
        Middleware(hosts.HostCheck, hosts.from_environment(config.get_option("server.address"))),
        Middleware(headers.SafeHeaders, headers.frame_ancestors(), headers.inline_scripts(index)),
        Middleware(headers.Private),
        Middleware(uploads.UploadLimit, held),
    ]


def held(session: str) -> int:
    """The bytes of a session's uploads that Streamlit keeps now."""
    files: dict[str, Any] = getattr(get_instance().uploaded_file_mgr, "file_storage", {})
    return sum(len(file.data) for file in list(files.get(session, {}).values()))


@asynccontextmanager
async def life(_: st.App) -> AsyncIterator[None]:
    """From the first request to the clean end of the server."""
    with leaving.clean_end():
        if not config.get_option("server.headless"):
            cli_util.open_browser(server_util.get_url(address()))
        yield


def address() -> str:
    """The name that a browser on this machine opens the app under."""
    return server_util.get_display_address(config.get_option("server.address") or "localhost")


try:
    app = st.App(APP, middleware=checks(), lifespan=life)
except HeedmapError as error:
    sys.exit(str(error))
