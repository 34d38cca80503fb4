"""The rooms know each other one way only: app -> pages -> parts -> viz -> models -> errors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each room may import of the project, besides itself.
ARROWS = {
    "errors": set(),
    "models": {"errors"},
    "viz": {"models", "errors"},
    "pages.parts": {"viz", "models", "errors"},
    "pages": {"pages.parts", "viz", "models", "errors"},
    "app": {"pages", "pages.parts", "viz", "models", "errors"},
    "training": {"viz", "models", "errors"},
    "benchmarks": {"app", "pages", "pages.parts", "viz", "models", "errors", "training"},
}
WITHOUT_STREAMLIT = ("errors", "models", "viz", "training")
HEAVY = ("torch", "torchvision", "timm", "transformers", "streamlit")


def room_of(module: str) -> str | None:
    """The room that a dotted module name belongs to, or None for a stranger."""
    head, _, rest = module.partition(".")
    if head == "pages" and rest.split(".")[0] == "parts":
        return "pages.parts"
    return head if head in ARROWS else None


def dotted(path: Path) -> str:
    """`viz/maps.py` -> `viz.maps`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def sources() -> list[Path]:
    rooms = [path for name in ARROWS if (path := ROOT / name.split(".")[0]).is_dir()]
    files = [path for room in rooms for path in room.rglob("*.py")]
    return sorted({*files, ROOT / "errors.py", *ROOT.glob("app.py")})


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
        if room == "app" or other is None or other == room:
            continue
        # `from pages import parts` names pages on the way to pages.parts.
        if module == "pages" and "pages.parts" in ARROWS[room]:
            continue
        assert other in ARROWS[room], f"{room} must not know {other}, but imports {module}"


@pytest.mark.parametrize("path", sources(), ids=dotted)
def test_streamlit_stays_on_the_pages(path: Path) -> None:
    if room_of(dotted(path)) in WITHOUT_STREAMLIT:
        assert not {name for name in imports(path) if name.split(".")[0] == "streamlit"}


@pytest.mark.parametrize("module", ["errors", "models", "viz", "viz, models.catalogue"])
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("viz.maps", "viz"),
        ("pages", "pages"),
        ("pages.vit", "pages"),
        ("pages.parts", "pages.parts"),
        ("pages.parts.grid", "pages.parts"),
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
    file.write_text(
        "from . import image\nfrom ..pages import vit\ndef f():\n    import models.loader\n"
    )
    assert imports(file) == {"viz", "viz.image", "pages", "pages.vit", "models.loader"}
