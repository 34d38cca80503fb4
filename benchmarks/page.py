"""How fast the app is in a real Chromium with a bundled model: `python -m benchmarks.page`.

First map: from opening the URL to a map on the screen, on a server that has just started (cold)
and in a new window of a server that has shown it before (warm). Control: from pressing a control
that only changes the picture to the new pixels on the screen, 50th and 95th percentile.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import chromium
from benchmarks.server import serve

PATIENCE_MS = 120_000
MOVES = 30  # presses of each control
FRAME = ".stage .heroes .frame"

# Measures from pressing a control to the next picture on the screen: the stage counts its pictures
# in data-picture, and a picture is painted two animation frames after it was counted.
STOPWATCH = """(frame) => {
    for (const kind of ['pointerdown', 'keydown'])
        document.addEventListener(kind, () => { window.pressed = performance.now(); }, true);
    new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(() => {
        if (window.pressed) window.took = performance.now() - window.pressed;
        window.pressed = undefined;
    }))).observe(frame, { attributes: true, attributeFilter: ['data-picture'] });
}"""


def first_map(browser: Browser, url: str) -> float:
    """Seconds from opening the URL in a new window to a map on the screen."""
    tab = browser.new_page()
    start = time.perf_counter()
    see_map(tab, url)
    taken = time.perf_counter() - start
    tab.close()
    return taken


def see_map(tab: Page, url: str) -> None:
    """Open the URL and wait until a map is decoded and painted."""
    tab.goto(url)
    tab.locator(f"{FRAME}[data-picture]").first.wait_for(timeout=PATIENCE_MS)


def moves(tab: Page, press: Callable[[int], None]) -> list[float]:
    """Milliseconds from each press to the new pixels."""
    taken = []
    for turn in range(MOVES + 3):
        tab.evaluate("() => { window.took = undefined; }")
        press(turn)
        tab.wait_for_function("() => window.took !== undefined", timeout=PATIENCE_MS)
        if turn >= 3:  # the first three warm up
            taken.append(tab.evaluate("() => window.took"))
    return taken


def controls(tab: Page) -> dict[str, Callable[[int], None]]:
    """How to press each control; every press gives another picture."""
    grid = tab.get_by_text("Patch grid")
    opacity = tab.get_by_role("slider", name="Opacity")
    smooth = [tab.get_by_role("radio", name=name) for name in ("Bilinear", "Nearest")]
    return {
        "patch grid": lambda turn: grid.click(),
        "interpolation": lambda turn: smooth[turn % 2].click(),
        "opacity": lambda turn: opacity.press("ArrowLeft" if turn % 2 else "ArrowRight"),
    }


def main() -> None:
    """Start the app, measure, and print the table."""
    path = chromium.find()
    if path is None:
        sys.exit(chromium.missing())
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        serve(Path(folder) / "log.txt") as app,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        print("| what | measured |\n|---|---|")
        print(f"| first map, cold server | {first_map(browser, app.url):.1f} s |")
        first_map(browser, app.url)
        warm = statistics.median(first_map(browser, app.url) for _ in range(5))
        print(f"| first map, warm server, median of 5 | {warm:.1f} s |", flush=True)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        see_map(tab, app.url)
        tab.locator(FRAME).first.evaluate(STOPWATCH)
        for name, press in controls(tab).items():
            taken = moves(tab, press)
            middle, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
            print(f"| {name} to new pixels | {middle:.0f} ms, 95th percentile {late:.0f} ms |")
        browser.close()


if __name__ == "__main__":
    main()
