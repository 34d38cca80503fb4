"""The app's entry point: the table of pages; loads the first model in the background."""

from __future__ import annotations

import atexit
import gc
import threading

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages import language
from heedmap.pages.frame import head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page, hand_over

# A new page is a line here and its script, pages/<name>.py.
PAGES = (
    Page(name="start", title=Phrase("Start"), icon=":material/explore:", address="start"),
    Page(
        name="vit",
        title=Phrase("ViT heads"),
        icon=":material/visibility:",
        address="",
        needs=frozenset({"attention"}),
        model="bundled-vit",
    ),
    Page(
        name="clip",
        title=Phrase("CLIP layers"),
        icon=":material/layers:",
        address="clip",
        needs=frozenset({"attention", "contrastive"}),
        model="bundled-clip",
    ),
    Page(
        name="cnn",
        title=Phrase("CNN channels"),
        icon=":material/grid_view:",
        address="cnn",
        needs=frozenset({"convolutions"}),
        model="bundled-cnn",
    ),
    Page(
        name="words",
        title=Phrase("Words"),
        icon=":material/notes:",
        address="words",
        needs=frozenset({"text"}),
        model="bundled-bert",
    ),
    Page(
        name="why",
        title=Phrase("Why"),
        icon=":material/help_center:",
        address="why",
        model="bundled-vit",
    ),
    Page(
        name="compare",
        title=Phrase("Compare"),
        icon=":material/compare:",
        address="compare",
    ),
)


FIRST = next(page for page in PAGES if not page.address)


@st.cache_resource(show_spinner=False)
def start() -> threading.Thread:
    """Load the first page's model in the background, once per server."""

    def work() -> None:
        from heedmap import models, viz

        models.load(FIRST.model)
        viz.start_workers()
        gc.freeze()  # these objects live until the end: spare the collector
        atexit.register(gc.unfreeze)

    thread = threading.Thread(target=work, name="warm-up", daemon=True)
    thread.start()
    return thread


def main() -> None:
    """Show the page that the URL asks for."""
    st.set_page_config(
        page_title=head.tab(), page_icon=head.ICON, layout="wide", initial_sidebar_state=328
    )
    st.logo(head.ICON, size="large")
    start()
    language.begin()
    hand_over(PAGES)
    pages = [
        st.Page(
            page.script,
            title=page.title,
            icon=page.icon,
            url_path=page.address,
            default=page is FIRST,
        )
        for page in PAGES
    ]
    chosen = st.navigation(pages, position="hidden")
    head.navigation(pages)
    with Notices().guard():
        chosen.run()


if __name__ == "__main__":
    main()
