"""Numbers of every head: how widely it attends, and where the attention of CLS goes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import passes
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.viz import Attention

Row: TypeAlias = "dict[str, float]"

# The columns of the table; those of CLS only where there is a CLS token.
COLUMNS = {
    "distance": Phrase("Mean attention distance, px"),
    "entropy": Phrase("Entropy, 0 to 1"),
    "cls": Phrase("CLS on itself"),
    "registers": Phrase("CLS on other tokens"),
    "outliers": Phrase("CLS on outlier patches"),
    "patches": Phrase("CLS on other patches"),
}


@dataclass(frozen=True)
class Numbers:
    """Numbers of all heads of a model for one photo.

    Attributes:
        rows: for each head {"layer", "head", and keys of `COLUMNS`: the number}, shares 0 to 1.
        uniform: {key of `COLUMNS`: the number of attention that goes to all tokens alike}; that of
            the outliers and the other patches is a mean over heads.
    """

    rows: tuple[Row, ...]
    uniform: Row

    @property
    def columns(self) -> dict[str, str]:
        """The keys and names of the columns that are there."""
        return {key: name for key, name in COLUMNS.items() if key in self.uniform}

    def csv(self) -> str:
        """The table, with attention to all alike as its last row."""
        stream = io.StringIO()
        table = csv.DictWriter(stream, ["layer", "head", *self.columns], lineterminator="\n")
        table.writeheader()
        table.writerows({key: _text(value) for key, value in row.items()} for row in self.rows)
        even = {key: _text(value) for key, value in self.uniform.items()}
        table.writerow({"layer": "uniform", "head": "", **even})
        return stream.getvalue()


def numbers(adapter: Adapter, request: Request) -> Numbers:
    """Numbers of all heads; runs the model unless that pass is cached.

    Raises:
        HeedmapError: as `passes.attention`; a model whose patches do not attend to all patches.
    """
    recorded, seen = passes.attention(adapter, request, stats=True)
    norms = passes.norms(adapter, request) if recorded.cls is not None else ()
    far = [viz.norm_outliers(each) for each in norms] if len(norms) == adapter.depth else None
    return of_record(recorded, seen.patch, None if far is None else np.stack(far)[:, None])


def of_record(recorded: Attention, patch: int, outliers: np.ndarray | None = None) -> Numbers:
    """Numbers of a record with stats, for patches of so many px.

    `outliers`, (layers, 1, rows, cols) bool, are those by norm; looked for in the maps by default.
    """
    assert recorded.distance is not None
    assert recorded.entropy is not None
    values = {"distance": recorded.distance, "entropy": recorded.entropy}
    distance = viz.uniform_distance(recorded.grid, patch)
    uniform = {"distance": distance, "entropy": viz.UNIFORM_ENTROPY}
    if recorded.cls is not None:
        values |= viz.cls_shares(recorded, outliers)
        shares = viz.uniform_shares(recorded, outliers)
        uniform |= {key: float(each.mean()) for key, each in shares.items()}
        if not uniform["registers"]:
            del uniform["registers"], values["registers"]
    rows = tuple(
        {
            "layer": layer,
            "head": head,
            **{key: float(each[layer, head]) for key, each in values.items()},
        }
        for layer, head in np.ndindex(recorded.distance.shape)
    )
    return Numbers(rows, uniform)


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
