"""The attention of one head from all tokens to all tokens, as a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import names, passes, photos
from heedmap.views.attention import MEAN, Map

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.views.patches import Patch
    from heedmap.views.request import Request
    from heedmap.viz import AttentionMatrix


@dataclass(frozen=True)
class Figure:
    """A matrix as a figure to download; drawn by `png` and `pdf`."""

    made: AttentionMatrix
    shown: Map

    @property
    def name(self) -> str:
        """Of its file, without extension."""
        return f"{names.of_map(self.shown)}-matrix"

    def png(self) -> bytes:
        """The figure as PNG."""
        return viz.to_png(self._drawn())

    def pdf(self) -> bytes:
        """The figure as PDF, one page."""
        return viz.to_pdf(self._drawn())

    def _drawn(self) -> Any:
        source, photo = self.shown.source, photos.title(self.shown.request.photo)
        title = f"{source.model}, “{photo}”: {self.shown.title}"
        return viz.matrix_figure(self.made, title, told(self.made, self.shown))


def matrix(adapter: Adapter, request: Request, shown: Map) -> AttentionMatrix:
    """The matrix of the layer and the head of a map; runs the model unless that pass is cached.

    Raises:
        HeedmapError: as `passes.matrix`; a model whose patches do not attend to all patches.
    """
    head = None if shown.head == MEAN else int(shown.head)
    return passes.matrix(adapter, request, shown.layer, head)


def even(made: AttentionMatrix, grid: tuple[int, int]) -> list[float]:
    """What each token of a row has of attention to all tokens alike: a tile as much as it holds."""
    sizes = [_size(place, made.tile, grid) for place in made.places]
    return [size / sum(sizes) for size in sizes]


def token_of(made: AttentionMatrix, patch: Patch | None) -> int | None:
    """The number of the token that a patch is, or is in."""
    if patch is None:
        return None
    row, col = (at // made.tile * made.tile for at in patch)
    return made.places.index((row, col))


def told(made: AttentionMatrix, shown: Map) -> str:
    """What the matrix shows."""
    rows, cols = shown.seen.grid
    tokens = rows * cols + len(made.places) - made.patches
    if made.tile == 1:
        size = Phrase("{tokens} tokens", tokens=tokens)
    else:
        side = made.tile
        size = Phrase(
            "{tokens} tokens, pooled to {places}: each tile is {side} × {side} patches, the mean "
            "of their rows and the sum of their columns",
            tokens=tokens, places=len(made.places), side=side,
        )  # fmt: skip
    return Phrase("Each row is a query and sums to 1; {size}.", size=size)


def _size(place: tuple[int, int] | None, tile: int, grid: tuple[int, int]) -> int:
    if place is None:
        return 1
    high, wide = (min(at + tile, side) - at for at, side in zip(place, grid, strict=True))
    return high * wide
