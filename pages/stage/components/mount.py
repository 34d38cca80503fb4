"""Components put on the page: their files registered once, their data in the visitor's language.

Each is the .css, .js and .html files of its name; dom.js is put before each script, and what the
stage is made of before stage.js. The sentences of a script stand in it as `say("...")`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from heedmap.languages import ENGLISH, Phrase
from heedmap.pages.language import spoken, told

_HERE = Path(__file__).parent
_SCRIPTS = {
    "stage": (
        *("resample", "masks", "paint", "attend", "alike", "tools", "about", "taken", "picture"),
        *("probe", "pin", "present"),
    ),
    "queries": ("attend",),
    "gallery": ("thumbs",),
    "matrix": ("attend",),
    "words": ("attend", "present"),
}  # what a component is made of
_SHEETS = {
    "copy": ("button",),
    "explain": ("button",),
    "stage": ("present",),
    "words": ("present",),
}  # the same of its style
SENTENCE = re.compile(r'\bsay\(\s*("(?:[^"\\]|\\.)*")')


def mount(name: str, html: str, data: dict[str, Any], **options: Any) -> None:
    """Show a component with its data and the sentences of its script."""
    script = _script(name)
    sentences = _sentences(script) if spoken() != ENGLISH else []
    said = {str(each): told(each) for each in sentences}
    data = {**told(data), "language": spoken(), "sentences": said}
    _component(name, html, script)(data=data, **options)


def read(name: str) -> str:
    """Read a file of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _script(name: str) -> str:
    return "".join(read(f"{part}.js") for part in ("dom", *_SCRIPTS.get(name, ()), name))


@cache
def _sentences(script: str) -> list[Phrase]:
    return [Phrase(json.loads(each)) for each in SENTENCE.findall(script)]


@cache
def _component(name: str, html: str, script: str) -> Any:
    """Register a component."""
    css = "".join(read(f"{part}.css") for part in (*_SHEETS.get(name, ()), name))
    return st.components.v2.component(f"heedmap_{name}", html=html, css=css, js=script)
