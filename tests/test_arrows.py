"""Rooms know each other one way only: app -> pages -> views -> viz -> models -> errors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each room may import of the project, besides itself.
ARROWS = {
    "languages": set(),
    "errors": {"languages"},
    "models": {"errors", "languages"},
    "viz": {"models", "errors", "languages"},
    "store": {"errors", "languages"},
    "views": {"viz", "models", "store", "errors", "languages"},
    "private": set(),
    "pages": {"private", "views", "viz", "models", "errors", "languages"},
    "app": {"pages", "views", "viz", "models", "errors", "languages"},
    "batch": {"cluster", "views", "viz", "models", "errors"},
    "api": {"views", "viz", "models", "errors"},
    "cluster": {"views", "viz", "models", "errors", "languages"},
    "serving": {"errors", "languages"},
    "server": {"app", "api", "private", "serving", "store", "views", "models", "errors"},
    "training": {"viz", "models", "errors"},
    "benchmarks": {"app", "pages", "views", "viz", "models", "errors", "training"},
}
# The rooms inside a room, from the lowest to the highest: each may import those before it.
INNER = {
    "models": ("catalogue", "files", "families", "adapter", "loading"),
    "viz": ("photo", "draw", "capture"),
    "views": (
        "request",
        "wanted",
        "cache",
        "photos",
        "sharing",
        "wire",
        "engine",
        "turns",
        "calls",
        "passes",
        "asked",
        "classes",
        "attention",
        "channels",
        "render",
        "why",
        "reasons",
        "texts",
        "explain",
        "data_urls",
        "overview",
        "numbers",
        "features",
        "facts",
        "words",
        "word_reasons",
        "two_texts",
        "tours",
        "compare",
        "model_facts",
        "large",
        "names",
        "matrix",
        "code",
        "values",
        "paper",
        "figure",
        "word_numbers",
        "word_figure",
        "export",
        "report",
        "report_command",
        "film",
        "film_command",
    ),
    "pages": ("language", "stage", "frame", "controls", "run", "take", "deeper"),
}
PACKAGED = (
    "languages",
    "errors",
    "models",
    "store",
    "viz",
    "views",
    "pages",
    "app",
    "batch",
    "api",
    "cluster",
    "serving",
    "server",
    "private",
)  # imported as heedmap.NAME
WITHOUT_STREAMLIT = (
    *("languages", "errors", "models", "store", "viz", "views"),
    *("batch", "api", "cluster", "serving", "training"),
)
HEAVY = ("torch", "torchvision", "timm", "transformers", "streamlit")


def room_of(module: str) -> str | None:
    """The room that a dotted module name belongs to, or None for a stranger."""
    parts = module.removeprefix("heedmap.").split(".")
    packaged = module.startswith("heedmap.")
    return parts[0] if parts[0] in ARROWS and packaged == (parts[0] in PACKAGED) else None


def inner_room_of(module: str) -> str | None:
    """The room inside a room: heedmap.viz.draw.figure -> draw."""
    parts = module.removeprefix("heedmap.").split(".")
    known = INNER.get(parts[0], ())
    return parts[1] if len(parts) > 1 and parts[1] in known else None


def dotted(path: Path) -> str:
    """`viz/maps.py` -> `heedmap.viz.maps`."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return f"heedmap.{name}" if name.split(".")[0] in PACKAGED else name


def sources() -> list[Path]:
    rooms = [path for name in ARROWS if (path := ROOT / name).is_dir()]
    files = [path for room in rooms for path in room.rglob("*.py")]
    return sorted(
        [*files, *(ROOT / f"{name}.py" for name in ("errors", "private", "app", "server"))]
    )


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, relative ones resolved to their full names."""
    found = set()
    package = dotted(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            full = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{full}.{name.name}" for name in node.names} | {full}
    return found


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_a_room_imports_only_rooms_below(path: Path) -> None:
    room = room_of(dotted(path))
    assert room is not None
    for module in imports(path):
        other = room_of(module)
        if other is None or other == room:
            continue
        assert other in ARROWS[room], f"{room} must not know {other}, but imports {module}"


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_an_inner_room_imports_only_rooms_below(path: Path) -> None:
    name = dotted(path)
    inner, room = inner_room_of(name), room_of(name)
    if inner is None or room is None:
        return
    below = INNER[room][: INNER[room].index(inner) + 1]
    for module in imports(path):
        other = inner_room_of(module) if room_of(module) == room else None
        assert other is None or other in below, f"{name} must not import {module}"


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_rooms_have_one_name(path: Path) -> None:
    bare = {name for name in imports(path) if name.split(".")[0] in PACKAGED}
    assert not bare, f"import these as heedmap.NAME: {sorted(bare)}"


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_nothing_that_ships_needs_the_tests(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] == "tests"}


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_streamlit_stays_on_the_pages(path: Path) -> None:
    if room_of(dotted(path)) in WITHOUT_STREAMLIT:
        assert not {name for name in imports(path) if name.split(".")[0] == "streamlit"}


@pytest.mark.parametrize(
    "module", ["errors", "models", "store", "viz", "views.export", "models.catalogue.entries"]
)
def test_importing_is_light(module: str) -> None:
    code = f"import sys, heedmap.{module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("heedmap.viz.maps", "viz"),
        ("heedmap.pages", "pages"),
        ("training.data", "training"),
        ("heedmap.training", None),
        ("vizier", None),
        ("torch.nn", None),
    ],
)
def test_rooms_are_told_apart(module: str, room: str | None) -> None:
    assert room_of(module) == room


def test_relative_imports_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "viz" / "maps.py"
    file.parent.mkdir()
    file.write_text("from . import photo\nfrom ..pages import vit\ndef f():\n    import torch\n")
    assert imports(file) == {
        *("heedmap.viz", "heedmap.viz.photo", "heedmap.pages", "heedmap.pages.vit", "torch"),
    }
