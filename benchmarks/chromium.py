"""Find a Chromium for the browser tests and `benchmarks.page`, or install one.

`make test` runs `python -m benchmarks.chromium` first. It always exits with 0: where no browser can
be found or installed it says so, and the tests decide whether that is a skip or a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

VARIABLE = "HEEDMAP_BROWSER"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
INSTALL_SECONDS = 600  # a download that hangs must not block the tests


@cache
def find() -> str | None:
    """Path of a browser that starts, or None. Where HEEDMAP_BROWSER is set, no other is tried."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[str]:
    if named := os.environ.get(VARIABLE):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (place for place in PLACES if Path(place).is_file())
    if own := _playwrights_own():
        yield own


def _playwrights_own() -> str | None:
    """The browser that `playwright install chromium` puts in the user's cache."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _starts(path: str) -> bool:
    """Whether the browser opens a page: one that is installed may still lack shared libraries."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            browser.new_page().goto("about:blank")
            browser.close()
    except Error:
        return False
    return True


def install() -> str | None:
    """Try each way to install a browser until one starts; return its path, or None."""
    for command in _commands():
        print("Looking for a browser for the tests:", " ".join(command), flush=True)
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error, flush=True)
        find.cache_clear()
        if path := find():
            return path
    return None


def missing() -> str:
    """The message for a machine without a browser."""
    if named := os.environ.get(VARIABLE):
        return f"{VARIABLE} is {named!r}, which does not start as a Chromium: correct or unset it."
    return f"No Chromium or Chrome could be found or installed: install one, or set {VARIABLE}."


def _commands() -> Iterator[list[str]]:
    own = [sys.executable, "-m", "playwright", "install", "chromium"]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        packaged = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
        yield ["env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", packaged]
        yield [*own, "--with-deps"]
    else:
        yield own


if __name__ == "__main__":
    found = find() or (None if os.environ.get(VARIABLE) else install())
    print(f"Browser tests use {found}" if found else missing(), flush=True)
