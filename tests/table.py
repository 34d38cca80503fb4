"""The README's table of families, from the models that the tests hold: `python -m tests.table`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from heedmap import models
from heedmap.app import PAGES
from heedmap.models.capabilities import fits
from torch import nn

from tests.viz.capture import oracles_torchvision  # noqa: F401  adds its cases
from tests.viz.capture.oracles import CASES
from tests.viz.capture.oracles_convnets import AGAINST, CONVNETS
from tests.viz.capture.oracles_windows import FAMILIES as WINDOWS
from tests.viz.capture.oracles_windows import case as windowed
from tests.viz.capture.test_cait import small_cait
from tests.viz.capture.test_transformers_swin import small_swin

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- families -->\n).*?(<!-- /families -->)", re.DOTALL)
HEAD = (
    "| family | library | before the patches | maps | pages | checked against |\n"
    "|---|---|---|---|---|---|"
)
MAPS = {
    "cls": "CLS", "pool": "pooling head", "tokens": "token to token", "windows": "within windows",
}  # fmt: skip


def written(readme: str) -> str:
    """The README with its table as it has to be."""
    return BLOCK.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", readme)


def table() -> str:
    """One line for each family of each library, in the order of the registries."""
    return "\n".join([HEAD, *(_line(*each) for each in _held())])


def _held() -> Iterator[tuple[str, nn.Module, str]]:
    """Library and family, a module of it, and what its maps are checked against."""
    for name, make in CASES.items():
        case = make()
        yield name, case.module, case.against
    yield "timm CaiT", small_cait(), "timm, unfused, made for each photo"
    yield "Transformers Swin", small_swin(), "Transformers, eager, layer by layer"
    for family in WINDOWS:
        yield f"timm {family}", windowed(family).module, "timm, unfused, made for each photo"
    for name, (make, _, _) in CONVNETS.items():
        yield name, make(), AGAINST


def _line(name: str, module: nn.Module, against: str) -> str:
    adapter = models.wrap(module)
    library, family = name.split(" ", 1)
    maps = ", ".join(MAPS[kind] for kind in adapter.kinds) or "channels"
    pages = ", ".join(page.title for page in PAGES if fits(adapter.can, page.needs))
    cells = (family, library, _before(adapter), maps, pages, against)
    return f"| {' | '.join(cells)} |"


def _before(adapter: models.Adapter) -> str:
    """The tokens before the patches in words."""
    others = adapter.prefix - adapter.has_cls
    words = [*(["CLS"] if adapter.has_cls else []), *([f"{others} more"] if others else [])]
    return " and ".join(words) or "none"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
