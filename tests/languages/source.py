"""The sentences that pages can show, as they stand in the source."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from heedmap import errors
from heedmap.pages.stage.components.mount import SENTENCE

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("languages", "models", "store", "viz", "views", "pages", "serving", "cluster")
# What only a program that calls the library can cause, and what ends the server's start, is said
# in English.
ENGLISH = (
    *("models/adapter/checks.py", "models/adapter/inner.py", "models/adapter/wrap.py"),
    *("models/convert.py", "models/preprocessing.py", "models/loading/factory.py"),
    *("viz/checks.py", "viz/draw/masks.py", "viz/draw/content.py", "viz/draw/encode.py"),
    *("viz/draw/label.py", "viz/draw/text.py", "viz/epoch.py", "viz/features.py"),
    *("viz/heads.py", "viz/html_report.py", "viz/maps.py", "viz/photo/region.py"),
    *("viz/capture/calls.py", "viz/capture/rows.py", "viz/capture/tokens.py"),
    *("serving/headers.py", "serving/hosts.py", "serving/sessions.py", "store/settings.py"),
    *("views/wanted.py", "cluster/command.py", "cluster/connect.py"),
)
ERRORS = {name for name in dir(errors) if name.endswith("Error")}
MAKERS = {"Phrase", "tr", "notice", "join", *ERRORS}


def files() -> list[Path]:
    """The modules whose sentences pages show."""
    every = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    names = {path: path.relative_to(ROOT).as_posix() for path in every}
    return [ROOT / "app.py", *(p for p in sorted(every) if not names[p].startswith(ENGLISH))]


def sentences() -> dict[str, str]:
    """Each template, and where it stands."""
    found: dict[str, str] = {}
    for path in files():
        for call in calls(path):
            for text in templates(call):
                found.setdefault(text, f"{path.relative_to(ROOT)}:{call.lineno}")
    for path in (ROOT / "pages/stage/components").glob("*.js"):
        for text in SENTENCE.findall(path.read_text()):
            found.setdefault(json.loads(text), path.name)
    for path in (ROOT / "models/bundled").glob("*/card.json"):
        found.setdefault(json.loads(path.read_text())["taught"], path.parent.name)
    return found


@cache
def calls(path: Path) -> list[ast.Call]:
    """The calls in a module that make a phrase: `Phrase`, `tr`, an error, a notice, or `join`."""
    every = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [call for call in every if len(call.args) > _at(call) and _name(call) in MAKERS]


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _at(call: ast.Call) -> int:
    """Which argument is the template; `", ".join` has one fewer than ours."""
    return int(_name(call) == "join")


def templates(call: ast.Call) -> Iterator[str]:
    """The literals that a call may say."""
    first = call.args[_at(call)]
    for each in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
            yield each.value
