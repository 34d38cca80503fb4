"""Write the table of docs/families.md: `python -m tests.table`.

Its rows are the models that the tests check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from heedmap import models, viz
from heedmap.app import PAGES
from heedmap.models.capabilities import fits
from torch import nn

from tests.viz.capture import oracles_torchvision  # noqa: F401  adds its cases
from tests.viz.capture.oracles import CASES
from tests.viz.capture.oracles_class_attention import AGAINST as UNFUSED
from tests.viz.capture.oracles_class_attention import LAYERS as CLASS_ATTENTION
from tests.viz.capture.oracles_class_attention import case as class_attention
from tests.viz.capture.oracles_convnets import AGAINST, CONVNETS
from tests.viz.capture.oracles_windows import FAMILIES as WINDOWS
from tests.viz.capture.oracles_windows import case as windowed
from tests.viz.capture.test_levit import small_levit
from tests.viz.capture.test_transformers_swin import small_swin

PAGE = Path(__file__).parent.parent / "docs" / "families.md"
BLOCK = re.compile(r"(<!-- families -->\n).*?(<!-- /families -->)", re.DOTALL)
HEAD = (
    "| family | library | before the patches | maps | pages | checked against |\n"
    "|---|---|---|---|---|---|"
)


def written(page: str) -> str:
    """The page with the table that the tests give."""
    return BLOCK.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", page)


def table() -> str:
    """One line for each family of each library, in the order of the tests."""
    return "\n".join([HEAD, *(_line(*each) for each in _checked())])


def _checked() -> Iterator[tuple[str, nn.Module, str]]:
    """Library and family, a module of it, and the oracle that its maps are compared with."""
    for name, make in CASES.items():
        case = make()
        yield name, case.module, case.against
    for family in CLASS_ATTENTION:
        yield f"timm {family}", class_attention(family).module, UNFUSED
    yield "Transformers Swin", small_swin(), "Transformers, eager, layer by layer"
    for family in WINDOWS:
        yield f"timm {family}", windowed(family).module, "timm, unfused, made for each photo"
    yield "timm LeViT", small_levit(), "its formula, layer by layer"
    for name, (make, _, _) in CONVNETS.items():
        yield name, make(), AGAINST


def _line(name: str, module: nn.Module, against: str) -> str:
    adapter = models.wrap(module)
    library, family = name.split(" ", 1)
    maps = ", ".join(viz.KINDS[kind].name for kind in adapter.kinds) or "Channels"
    pages = ", ".join(p.title for p in PAGES if p.needs and fits(adapter.can, p.needs))
    cells = (family, library, _before(adapter), maps, pages, against)
    return f"| {' | '.join(cells)} |"


def _before(adapter: models.Adapter) -> str:
    """The tokens before the patches in words."""
    cls, behind, others = adapter.order.cls, adapter.order.suffix, adapter.order.more
    words = [
        *([f"{cls} CLS" if cls > 1 else "CLS"] if cls else []),
        *[f"{others} more"] * bool(others),
    ]
    return (" and ".join(words) or "none") + (f"; {behind} behind" if behind else "")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
