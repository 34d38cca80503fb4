"""How fast the app is in a real Chromium with a bundled model: `python -m benchmarks.page`.

First map: from opening the URL to a map on the screen, on a server that has just started (cold) and
in a new window of a server that has shown it before (warm). Toolbar: from the input event of a
control to the new pixels. Hover: pictures a second while the map follows the pointer. Beside each,
what Streamlit itself takes for an empty page with one toggle, measured in the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks import chromium
from benchmarks.capture import build
from benchmarks.server import serve

PATIENCE_MS = 120_000
MOVES = 30  # presses of each control
FIRSTS = 5  # first maps on a warm server
MAP = ".stage .heroes .frame"
DINO = "dinov2-s"
SCREEN: ViewportSize = {"width": 1440, "height": 900}
EMPTY = """
import streamlit as st
on = st.toggle("Switch")
st.html(f'<p class="count">{on}</p>')
"""

# From the input event to the frame after the one in which the maps were painted, which the stage
# counts in data-picture; or in which the text of the empty page has changed.
STOPWATCH = """(changing) => {
    const told = () => changing.dataset.picture ?? changing.querySelector('.count')?.textContent;
    let last = told();
    window.addEventListener('input', () => { window.began ??= performance.now(); }, true);
    window.addEventListener('click', () => { window.began ??= performance.now(); }, true);
    new MutationObserver(() => {
        const began = window.began, now = told();
        if (!began || window.took || now === undefined || now === last) return;
        last = now;
        requestAnimationFrame(() => { window.took ??= performance.now() - began; });
    }).observe(changing, { attributes: true, childList: true, characterData: true, subtree: true });
}"""
# When something is first on the screen, as the page's own clock has it: in the frame after it was
# found, in the page or in a component. Playwright's own waiting looks every half second at last.
WATCH = """(selector) => {
    const roots = [document];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (...how) {
        roots.push(attach.apply(this, how));
        return roots.at(-1);
    };
    const look = () => {
        const found = roots.some((root) => root.querySelector(selector));
        requestAnimationFrame(found ? (then) => { window.seenAt = then; } : look);
    };
    requestAnimationFrame(look);
}"""
# Moves the pointer to another patch of the map in every frame; tells how many pictures a second
# there were.
HOVER = """async (frame) => {
    const area = frame.getBoundingClientRect();
    const [rows, columns] = frame.closest('figure').given.grid;
    const count = () => Number(frame.dataset.picture);
    const next = () => new Promise(requestAnimationFrame);
    const move = (row, column) => frame.dispatchEvent(new PointerEvent('pointermove', {
        bubbles: true, pointerType: 'mouse',
        clientX: area.left + ((column + 0.5) / columns) * area.width,
        clientY: area.top + ((row + 0.5) / rows) * area.height,
    }));
    const before = count(), began = performance.now();
    for (let i = 0; i < 180; i += 1) {
        move(Math.floor(i / columns) % rows, i % columns);
        await next();
    }
    return 1000 * (count() - before) / (performance.now() - began);
}"""


def first(browser: Browser, url: str, seen: str) -> float:
    """Seconds from opening the URL in a new window until something is on the screen."""
    tab = browser.new_page(viewport=SCREEN)
    tab.add_init_script(f"({WATCH})({seen!r})")
    tab.goto(url, wait_until="commit")
    tab.wait_for_function("() => window.seenAt !== undefined", timeout=PATIENCE_MS)
    taken = float(tab.evaluate("() => window.seenAt"))
    tab.close()
    return taken / 1000


def moves(tab: Page, press: Callable[[int], None]) -> tuple[float, float]:
    """Milliseconds from the input event to the new pixels, median and 95th percentile."""
    taken = []
    for turn in range(MOVES + 3):
        tab.evaluate("() => { window.took = window.began = undefined; }")
        press(turn)
        tab.wait_for_function("() => window.took !== undefined", timeout=PATIENCE_MS)
        if turn >= 3:  # the first three warm up
            taken.append(tab.evaluate("() => window.took"))
        tab.wait_for_timeout(400)  # the server answers in between
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def toolbar(tab: Page) -> dict[str, Callable[[int], None]]:
    """How to move each control; every move gives another picture."""
    bar = tab.locator(".stage .tool:not([hidden])")
    opacity, view = bar.get_by_label("Opacity"), bar.get_by_label("View")
    smooth, colours = bar.get_by_label("Interpolation"), bar.get_by_label("Colours")
    return {
        "opacity": lambda turn: opacity.press("ArrowLeft" if turn % 2 else "ArrowRight"),
        "colours": lambda turn: void(colours.select_option(("magma", "viridis")[turn % 2])),
        "interpolation": lambda turn: void(smooth.select_option(("nearest", "bicubic")[turn % 2])),
        "patch grid": lambda turn: bar.get_by_label("Patch grid").click(),
        "view": lambda turn: void(view.select_option(("contour", "overlay")[turn % 2])),
    }


def void(_: object) -> None:
    """Drop what a call gives back."""


def measure_toolbar(browser: Browser, url: str, floor: float) -> None:
    """Print the toolbar's moves beside the empty page's late one."""
    tab = opened(browser, url)
    tab.locator(MAP).first.evaluate(STOPWATCH)
    for name, press in toolbar(tab).items():
        middle, late = moves(tab, press)
        ratio = f"{late / floor:.2f} of the empty page's"
        print(f"| {name} to new pixels | {middle:.0f} ms, 95 % {late:.0f} ms, {ratio} |")
    tab.close()


def measure_hover(browser: Browser, url: str, title: str) -> None:
    """Print how many pictures a second there are while the map follows the pointer."""
    tab = opened(browser, url)
    tab.locator(".stage .tools").get_by_label("Follow").check()
    tab.wait_for_function("() => globalThis.heedmapLayers?.size", timeout=PATIENCE_MS)
    tab.wait_for_timeout(2000)
    rates = [tab.locator(MAP).first.evaluate(HOVER) for _ in range(4)][1:]  # the first warms up
    shown = f"{statistics.median(rates):.0f} pictures a second"
    print(f"| map and thumbnails follow the pointer, {title} | {shown} |", flush=True)
    tab.close()


def opened(browser: Browser, url: str) -> Page:
    """A window in which the map stands."""
    tab = browser.new_page(viewport=SCREEN)
    tab.goto(url)
    tab.locator(f"{MAP}[data-picture]").first.wait_for(timeout=PATIENCE_MS)
    return tab


def make_dino(folder: Path) -> None:
    """A DINOv2-S with random weights, as a host's own model."""
    own = folder / DINO
    build("DINOv2-S/14", "sdpa").save_pretrained(own)
    (own / "model.toml").write_text('can = ["attention"]\nsize = 518\n', encoding="utf-8")


def measure_empty(browser: Browser, url: str) -> tuple[float, float, float]:
    """An empty page: seconds until it stands, and the toggle's median and 95th percentile, ms."""
    first(browser, url, ".count")
    opening = statistics.median(first(browser, url, ".count") for _ in range(FIRSTS))
    tab = browser.new_page(viewport=SCREEN)
    tab.goto(url)
    tab.locator(".count").wait_for(timeout=PATIENCE_MS)
    tab.locator("[data-testid=stMain]").evaluate(STOPWATCH)
    toggle = tab.get_by_text("Switch")
    middle, late = moves(tab, lambda turn: toggle.click())
    tab.close()
    return opening, middle, late


def main() -> None:
    """Start the app and the empty page, measure, and print the table."""
    path = chromium.find()
    if path is None:
        sys.exit(chromium.missing())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY, encoding="utf-8")
        with serve(Path(folder) / "empty.txt", script=str(script)) as empty:
            opening, middle, late = measure_empty(browser, empty.url)
        print("| what | measured |\n|---|---|")
        print(f"| an empty Streamlit page, warm, median of {FIRSTS} | {opening:.2f} s |")
        print(f"| its toggle to new text | {middle:.0f} ms, 95 % {late:.0f} ms |", flush=True)
        make_dino(Path(folder) / "models")
        with serve(Path(folder) / "log.txt", HEEDMAP_MODELS=str(Path(folder) / "models")) as app:
            seen = ".heroes .frame[data-picture]"
            print(f"| first map, cold server | {first(browser, app.url, seen):.1f} s |")
            first(browser, app.url, seen)
            warm = statistics.median(first(browser, app.url, seen) for _ in range(FIRSTS))
            ratio = f"{warm / opening:.2f} of the empty page"
            print(f"| first map, warm, median of {FIRSTS} | {warm:.2f} s, {ratio} |", flush=True)
            measure_toolbar(browser, app.url, late)
            measure_hover(browser, app.url, "bundled ViT")
            query = urlencode({"model": f"local:{DINO}", "size": 518})
            measure_hover(browser, f"{app.url}/?{query}", "DINOv2-S at 518 px")
        browser.close()


if __name__ == "__main__":
    main()
