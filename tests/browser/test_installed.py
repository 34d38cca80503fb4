"""The command `heedmap` of the installed wheel, started in a folder that is not ours."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from benchmarks.server import serve
from tests.browser.view import Ears, View

COLOUR = "(element) => getComputedStyle(element).backgroundColor"


def test_it_looks_like_heedmap_whatever_the_folder_says(
    browser: Browser, installed: Path, tmp_path: Path
) -> None:
    """The theme and the settings are the packaged ones, also beside another project's."""
    other = tmp_path / ".streamlit" / "config.toml"
    other.parent.mkdir()
    other.write_text('[theme]\nbackgroundColor = "#ff0000"\n[theme.light.sidebar]\n')
    with serve(tmp_path / "log.txt", python=str(installed), cwd=str(tmp_path)) as app:
        view = View(browser, app.url, Ears(urlsplit(app.url).netloc), color_scheme="light").open()
        sidebar = view.tab.get_by_test_id("stSidebar").evaluate(COLOUR)
        page = view.tab.get_by_test_id("stApp").evaluate(COLOUR)
        view.close()
        assert "Traceback" not in app.said()
    assert (sidebar, page) == ("rgb(248, 248, 251)", "rgb(255, 255, 255)")
