"""The app without a browser: one session of it, told in the words of its pages."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent.parent
PAGES = {
    "start": "pages/start.py",
    "vit": "pages/vit.py",
    "clip": "pages/clip.py",
    "cnn": "pages/cnn.py",
    "why": "pages/why.py",
    "words": "pages/words.py",
    "compare": "pages/compare.py",
}


class App:
    """One session. Settings are named as in the link; `page` tells whose they are."""

    def __init__(self, page: str = "vit", **link: str) -> None:
        self.page = page
        self.at = AppTest.from_file(ROOT / "app.py", default_timeout=180)
        if page != "vit":
            self.at.switch_page(PAGES[page])
        for name, text in link.items():
            self.at.query_params[name] = text
        self.run()

    def run(self) -> App:
        self.at.run()
        assert not self.at.exception, self.at.exception
        return self

    def go(self, page: str, **link: str) -> App:
        self.page = page
        self.at.query_params.clear()  # as the browser does, whose address is then the link's alone
        self.at.query_params.update(link)
        self.at.switch_page(PAGES[page])
        return self.run()

    def set(self, name: str, value: Any, shared: bool = False) -> App:
        """Move a control as a person would, whatever kind it is."""
        key = f"{'all' if shared else self.page}.{name}"
        for kind in (
            "slider",
            "selectbox",
            "toggle",
            "radio",
            "multiselect",
            "button_group",
            "text_area",
        ):
            for widget in self.at.get(kind):
                if widget.key == key:
                    widget.set_value(value)
                    return self.run()
        if name not in self.look:
            raise AssertionError(f"no control {key}")
        self.at.session_state[key] = value  # of the toolbar, whose inputs live in the browser
        return self.run()

    @property
    def link(self) -> dict[str, Any]:
        return dict(self.at.query_params)

    @property
    def errors(self) -> list[str]:
        return [_read(error.value) for error in self.at.error]

    @property
    def notices(self) -> list[str]:
        return [line for info in self.at.info for line in info.value.split("  \n")]

    @property
    def stage(self) -> dict[str, Any]:
        stage = self._data("stage", "stage")
        original = [stage["original"]] if stage["original"] else []
        for panel in [*stage["panels"], *original]:
            panel["src"] = stage["pictures"][panel["picture"]]
            if "values" in panel:
                values = np.frombuffer(base64.b64decode(panel["values"]), np.float32)
                panel["values"] = values.reshape(panel["grid"]).tolist()
        return stage

    @property
    def linked(self) -> dict[str, Any]:
        """The pictures below the stage that are linked with it."""
        return self._data("stage", "features")

    @property
    def look(self) -> dict[str, Any]:
        """What the toolbar is set to."""
        return {tool["name"]: tool["value"] for tool in self.stage["tools"]}

    @property
    def limits(self) -> list[tuple[float, float]]:
        """The ends of the colour bar under each map."""
        return [tuple(panel["limits"][self.look["scale"]]) for panel in self.stage["panels"]]

    @property
    def painted(self) -> str:
        """All that the browser paints the maps from."""
        maps = [(panel["src"], panel["values"]) for panel in self.stage["panels"]]
        return json.dumps([maps, self.limits, self.look])

    @property
    def hero(self) -> dict[str, Any]:
        panel: dict[str, Any] = self.stage["panels"][0]
        return panel

    @property
    def facts(self) -> dict[str, str]:
        return dict(self.stage["facts"])

    def gallery(self, key: str) -> dict[str, Any]:
        return self._data("gallery", key)

    def overview(self) -> dict[str, Any]:
        return self._data("overview", "overview")

    def matrix(self) -> dict[str, Any]:
        return self._data("matrix", "matrix")

    def words(self, key: str = "text") -> dict[str, Any]:
        """What the component of a text was given, its numbers decoded."""
        found = self._data("words", key)
        for name in ("values", "small", "row", "column", "received"):
            found[name] = np.frombuffer(base64.b64decode(found.get(name, "")), np.float16)
        return found

    def copied(self) -> dict[str, str]:
        """What a copied link has besides the browser's address."""
        return dict(self._data("copy", "copy-link")["more"])

    def items(self, key: str) -> list[dict[str, Any]]:
        return [item for group in self.gallery(key)["groups"] for item in group["items"]]

    def _data(self, kind: str, key: str) -> dict[str, Any]:
        for element in self.at.get("bidi_component"):
            if element.proto.component_name == f"heedmap_{kind}" and element.key == key:
                found: dict[str, Any] = json.loads(element.proto.json)
                return found
        raise AssertionError(f"no {kind} {key!r} on the page")


def _read(markdown: str) -> str:
    """Read a sentence as it stands on the screen."""
    return re.sub(r"\\(.)", r"\1", markdown)
