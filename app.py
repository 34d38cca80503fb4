"""The front door: the list of pages, and a server that warms up while the first one opens."""

from __future__ import annotations

import atexit
import gc
import threading
from pathlib import Path

import streamlit as st
from heedmap.pages.parts import shell

ICON = Path(__file__).parent / "pages" / "parts" / "icon.png"
PAGES = {
    "pages/vit.py": ("ViT heads", ":material/visibility:", ""),
    "pages/clip.py": ("CLIP layers", ":material/layers:", "clip"),
    "pages/cnn.py": ("CNN channels", ":material/grid_view:", "cnn"),
}


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Load the first model in the background, once a server."""

    def work() -> None:
        from heedmap import models, viz

        models.load("bundled-vit")
        viz.start_workers()
        gc.freeze()  # what is there stays: collections need not look at it again
        atexit.register(gc.unfreeze)

    thread = threading.Thread(target=work, name="warm-up", daemon=True)
    thread.start()
    return thread


st.set_page_config(
    page_title="Heedmap", page_icon=str(ICON), layout="wide", initial_sidebar_state=328
)
st.logo(str(ICON), size="large")
warm_up()
pages = [
    st.Page(path, title=title, icon=icon, url_path=url, default=not url)
    for path, (title, icon, url) in PAGES.items()
]
page = st.navigation(pages, position="hidden")
shell.navigation(pages)
with shell.Notices().guard():
    page.run()
