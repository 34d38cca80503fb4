"""The app as a person drives it: one page of one window, told in the words of the app."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Download,
    Locator,
    Request,
    TimeoutError,
    expect,
)
from playwright.sync_api import Page as Tab

# Idle as Streamlit itself tells it, and for long enough that no control still holds a change back
# (sliders send theirs a moment after the last move); every component is drawn, and no picture of a
# stage is still being decoded or painted (its figures say in `parts` what they want and show).
SETTLED = """(calm) => {
    const app = document.querySelector('[data-testid=stApp]');
    const roots = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
        .map((each) => each.shadowRoot);
    const panels = roots.flatMap((root) => [...(root?.querySelectorAll('.stage .panel') ?? [])]);
    const now = performance.now();
    const idle = app && app.dataset.testScriptState === 'notRunning'
        && app.dataset.testConnectionState === 'CONNECTED'
        && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
        && roots.every((root) => root?.querySelector('img, button, canvas, .queries'))
        && (panels.length || roots.some((root) => root?.querySelector('.words canvas')))
        && panels.every(({ parts }) => parts?.shown && parts.wanted === parts.shown);
    window.idleSince = idle ? (window.idleSince ?? now) : undefined;
    return idle && now - window.idleSince > calm;
}"""
# Counts the runs of the script, so that one can wait for the run that an upload leads to.
COUNTER = """() => {
    window.runs = 0;
    new MutationObserver((changes) => {
        for (const { oldValue } of changes) if (oldValue !== 'running') window.runs += 1;
    }).observe(document, {
        subtree: true, attributeFilter: ['data-test-script-state'], attributeOldValue: true,
    });
}"""
# As after a first visit, when the explanations were closed.
VISITED = "try { localStorage.setItem('heedmap.explained', '1') } catch {}"
CALM_MS = 350
FIRST_MS = 60_000  # a cold server imports its libraries and loads its models
PATIENCE_MS = 20_000
UNSEEN_MS = 5_000
expect.set_options(timeout=PATIENCE_MS)

DROP = """(zone, [name, type, base64, size]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const parts = [bytes, new Uint8Array(Math.max(0, size - bytes.length))];
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(parts, name, { type }));
    for (const kind of ['dragenter', 'dragover', 'drop'])
        zone.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""


# Opened at /clip, Streamlit's client first asks whether the server lives below /clip, and goes to
# the root on the 404 that it provokes: part of how it finds its server, and nothing of ours.
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)$")


@dataclass
class Ears:
    """What the browser complained of, and whom it spoke to besides the app."""

    host: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBE.search(message.location["url"]):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != self.host:
            self.strangers.append(request.url)


class View:
    """One window of the app, in a profile of its own."""

    def __init__(
        self, browser: Browser, url: str, ears: Ears, *, first: bool = False, **context: Any
    ) -> None:
        """`first`: whether the browser was never here, and explains what is seen."""
        self._context = browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], **context
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.add_init_script(f"({COUNTER})()")
        if not first:
            self._context.add_init_script(VISITED)
        self.ears, self.url = ears, url
        ears.listen(self._context)
        self.tab: Tab = self._context.new_page()

    def close(self) -> None:
        self._context.close()

    def forget(self) -> None:
        """Leave the page, and nothing of it for the next: what is stored, or a pointer on it."""
        self.tab.mouse.move(0, 0)
        if self.tab.url.startswith(self.url):
            self.tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self._context.clear_cookies()
        self.tab.goto("about:blank")

    def open(self, page: str = "", **settings: object) -> View:
        """Go to a page of the app by address, and wait until it stands."""
        query = f"?{urlencode(settings)}" if settings else ""
        return self.go(f"{self.url}/{page}{query}")

    def go(self, address: str) -> View:
        self.tab.goto(address)
        return self.settle()

    def settle(self) -> View:
        """Wait until the script has run, nothing is stale, and the pictures are in their place."""
        self.tab.evaluate("() => delete window.idleSince")
        self.tab.wait_for_function(SETTLED, arg=CALM_MS, timeout=FIRST_MS)
        assert self.tab.get_by_test_id("stException").count() == 0, "the script broke off"
        return self

    # What is on the screen.

    def heroes(self) -> Locator:
        """The large pictures, without the photo beside them."""
        return self.tab.locator(".stage .heroes .frame")

    def hero(self, index: int = 0) -> bytes:
        """A large picture as it is painted, as PNG."""
        return picture_bytes(self.heroes().nth(index).locator("canvas"))

    def original(self) -> bytes:
        """The bytes of the photo beside the map."""
        return picture_bytes(self.tab.locator(".stage .aside .frame img"))

    def pictures(self) -> list[str]:
        """The data URLs of every picture on the page, large and small, in their order."""
        pictures = self.tab.locator(".stage .frame :is(img, canvas), .gallery .frame img")
        return [_url(each) for each in pictures.all()]

    def fact(self, name: str) -> str:
        """What the table beside the picture says of `name`."""
        term = self.tab.locator(".facts dt").get_by_text(name, exact=True)
        return term.locator("xpath=following-sibling::dd[1]").inner_text()

    def gallery(self, label: str) -> Locator:
        """The pictures that can be picked under this label."""
        return self.tab.get_by_role("listbox", name=label, exact=True).get_by_role("option")

    def alert(self) -> Locator:
        """What the page or the uploader says is wrong."""
        return self.tab.locator("[data-testid=stAlert], [data-testid=stFileUploader] [role=alert]")

    def tool(self, label: str) -> Locator:
        """A control of the toolbar above the large pictures."""
        return self.tab.locator(".stage .tool:not([hidden])").get_by_label(label)

    # What a person does.

    def change(self, act: Callable[[], object]) -> View:
        """Do something that changes the first large picture, and wait for the new one."""
        frame = self.heroes().first
        painted = str(frame.get_attribute("data-picture"))
        act()
        expect(frame).not_to_have_attribute("data-picture", painted)
        return self.settle()

    def set(self, label: str, value: str | int | bool) -> View:
        """Move a control of the toolbar: a select box, a range or a check box."""
        tool = self.tool(label)
        with self._run():
            if isinstance(value, bool):
                tool.set_checked(value)
            elif isinstance(value, str):
                tool.select_option(label=value)
            else:
                tool.fill(str(value))
        return self.settle()

    def choose_file(self, name: str, content: bytes) -> View:
        """Upload by the file dialogue."""
        with self.tab.expect_file_chooser() as chooser:
            self.tab.get_by_test_id("stFileUploader").locator("button", has_text="Upload").click()
        with self._run():
            chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})
        return self.settle()

    def drop_file(
        self, name: str, content: bytes = b"", *, size: int = 0, refused: bool = False
    ) -> View:
        """Upload by drag and drop, filled up to `size` bytes; it may be `refused` unsent."""
        zone = self.tab.get_by_test_id("stFileUploaderDropzone")
        with nullcontext() if refused else self._run():
            zone.evaluate(DROP, [name, "image/png", base64.b64encode(content).decode(), size])
        return self.settle()

    @contextmanager
    def _run(self) -> Iterator[None]:
        """Do something that has the script run, and wait until it does.

        A run may be so short that its start and its end are drawn at once and none is seen: then
        this goes on after a while, and what the run led to is for the test to wait for.
        """
        before = self.tab.evaluate("window.runs")
        yield
        with suppress(TimeoutError):
            self.tab.wait_for_function(
                "(before) => window.runs > before", arg=before, timeout=UNSEEN_MS
            )

    def turn_to(self, page: str) -> View:
        """Change the page by the navigation."""
        with self._run():
            self.tab.get_by_role("link", name=page).first.click()
        return self.settle()

    def slide(self, label: str, key: str, times: int = 1) -> View:
        """Move a slider by keyboard."""
        handle = self.tab.get_by_role("slider", name=label)
        handle.focus()
        with self._run():
            for _ in range(times):
                handle.press(key)
        return self.settle()

    def paste_model(self, id: str) -> View:
        """Paste an id of the hub into the model picker."""
        box = self.tab.get_by_test_id("stSidebar").get_by_role("combobox", name="Model").first
        box.fill(id)
        with self._run():
            box.press("Enter")
        return self

    def copy_link(self) -> str:
        """Press the button that copies the view's link, and read the clipboard."""
        self.tab.get_by_role("button", name="Copy link").click()
        expect(self.tab.get_by_role("button", name="Link copied")).to_be_visible()
        return str(self.tab.evaluate("navigator.clipboard.readText()"))

    def export(self, kind: str, what: str = "") -> View:
        """Open the export, and choose what to have, and as what kind of file."""
        self.tab.get_by_role("button", name="Export").click()
        dialog = self.tab.get_by_role("dialog")
        if what:
            with self._run():
                dialog.get_by_text(what, exact=True).click()
            self.settle()
        return self.pick(kind)

    def pick(self, kind: str) -> View:
        """Choose a kind of file in the export."""
        box = self.tab.get_by_role("dialog").get_by_role("combobox", name="As")
        box.click()
        option = self.tab.get_by_role("option", name=kind)
        chosen = option.get_attribute("aria-selected") == "true"
        with nullcontext() if chosen else self._run():
            option.click()
        expect(self.tab.get_by_role("button", name="Download")).to_be_enabled()
        return self.settle()

    def download(self, button: Locator) -> tuple[str, bytes]:
        """Press a download button; give the file's name and content."""
        with self.tab.expect_download() as waiting:
            button.click()
        done: Download = waiting.value
        return done.suggested_filename, Path(done.path()).read_bytes()


def picture_bytes(picture: Locator) -> bytes:
    """The bytes of an <img> with a data URL, or of a canvas as PNG."""
    return base64.b64decode(_url(picture).partition("base64,")[2], validate=True)


def _url(picture: Locator) -> str:
    return str(picture.evaluate("(each) => each.getAttribute('src') ?? each.toDataURL()"))


def pixels(content: bytes) -> np.ndarray:
    """Decode a picture to (H, W, 3) uint8."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))
