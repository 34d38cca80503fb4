"""Watch attention as it is computed: the calls of one thread, without changing the model.

Every fused attention in PyTorch goes through `scaled_dot_product_attention`, every
`nn.MultiheadAttention` through `multi_head_attention_forward`, and every eager one through a
softmax over (batch, heads, queries, keys). A `TorchFunctionMode` sees all three, in its own thread
only, so a model can serve several people at once.

`A` below is the attention of one layer, (heads, N, N): row = query, column = key, rows sum to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from heedmap.viz.capture.multi_head import MULTI_HEAD, over_tokens, projected
from heedmap.viz.capture.scores import Call, Formed, Queries, Scores, received_in_windows
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from heedmap.models.families import Window

SOFTMAX: tuple[Callable[..., Any], ...] = (torch.Tensor.softmax, torch.softmax, F.softmax)


class Watch(TorchFunctionMode):
    """Sees every attention call of its thread; subclasses decide what to keep."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            output = self.fused(Call(*args, **kwargs))
            return func(*args, **kwargs) if output is None else output
        if func is F.multi_head_attention_forward:
            bound = MULTI_HEAD.bind(*args, **kwargs)
            bound.apply_defaults()
            found = self.multi_head(bound.arguments)
            if found is not None:
                return found, None
        output = func(*args, **kwargs)
        if func in SOFTMAX and output.ndim >= 4:
            self.formed(output)
        return output

    def fused(self, call: Call) -> torch.Tensor | None:
        """Before `scaled_dot_product_attention`: its output, or None to let it run."""
        raise NotImplementedError

    def formed(self, attention: torch.Tensor) -> None:
        """After a softmax: an attention (batch, heads, Q, N) that the model computed itself."""
        raise NotImplementedError

    def multi_head(self, call: dict[str, Any]) -> torch.Tensor | None:
        """Before `multi_head_attention_forward`, inside which no call is seen: as `fused`."""
        return None


@dataclass
class SeesTokens(Watch):
    """Tells the attention over all tokens of a sequence from other calls, which it lists.

    Attributes:
        tokens: N, patches and all others.
        prefix: tokens before the patches.
        layers: what is kept of the attention of all tokens to all tokens, in the order of calls.
        single: what is kept of the attention of one query to all tokens or all patches: that of
            class-attention layers or of a pooling head.
        others: (queries, keys) of attention calls over other numbers of tokens.
        photos: how many run at once; their heads are kept side by side, as heads of one photo.
    """

    tokens: int
    prefix: int
    layers: list[Any] = field(default_factory=list, kw_only=True)
    single: list[Any] = field(default_factory=list, kw_only=True)
    others: list[tuple[int, int]] = field(default_factory=list, kw_only=True)
    photos: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        super().__init__()

    def see(
        self, kind: str, attention: Scores | Formed, value: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Keep something of an attention in the list of this kind.

        Args:
            kind: "layers" or "single".
            value: (heads or groups, N, e) of a fused call; None where the model goes on by itself.

        Returns:
            The output of the fused call (heads, N, e), or None to let it run.
        """
        raise NotImplementedError

    def fused(self, call: Call) -> torch.Tensor | None:
        kind = self._kind(call.query.shape, call.key.shape[-2])
        output = self.see(kind, Scores.of(call), call.value.flatten(0, 1)) if kind else None
        if output is None:
            return None
        return output.view(*call.query.shape[:2], *output.shape[1:]).to(call.value.dtype)

    def multi_head(self, call: dict[str, Any]) -> torch.Tensor | None:
        """The mode is off inside the call, so its query and key are projected here once more."""
        if not over_tokens(call):
            return None  # so it is not recorded
        query, key, mask = projected(call)
        kind = self._kind(query.shape, key.shape[-2])
        if kind:
            self.see(kind, Scores.of(Call(query, key, key, mask)), None)
        return None

    def formed(self, attention: torch.Tensor) -> None:
        kind = self._kind(attention.shape, attention.shape[-1])
        if kind:
            self.see(kind, Formed(attention.flatten(0, 1)), None)

    @property
    def calls(self) -> int:
        """How many calls were seen in all."""
        return len(self.layers) + len(self.single) + len(self.others)

    def _kind(self, shape: torch.Size, keys: int) -> str | None:
        """The list for a call with this shape (batch, heads, queries, ...) and number of keys."""
        queries, whole = shape[-2], len(shape) == 4 and shape[0] == self.photos
        if whole and queries == keys == self.tokens:
            return "layers"
        if whole and queries == 1 and keys in (self.tokens, self.tokens - self.prefix):
            return "single"
        self.others.append((queries, keys))
        return None


@dataclass
class OverTokens(SeesTokens):
    """Reduces every attention over all tokens to a `Layer`, and that of one query to its row.

    Attributes:
        prefix: tokens before the patches; their queries do not count in `Layer.received`.
        mean: whether to compute `Layer.received`.
        suffix: tokens after the patches; their queries do not count either.
        cls: the CLS tokens, whose rows `Layer.cls` averages; the first token by default.
        grid: (rows, cols) of the patches, to compute the layer's `Spread` too; it needs `mean`.
        layers: a `Layer` each.
        single: (heads, keys) each.
    """

    mean: bool = False
    suffix: int = 0
    cls: slice = field(default_factory=lambda: slice(0, 1))
    grid: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        patches = slice(self.prefix, self.tokens - self.suffix)
        self._queries = Queries(self.cls, patches, self.grid)

    def see(
        self, kind: str, attention: Scores | Formed, value: torch.Tensor | None
    ) -> torch.Tensor | None:
        if kind == "single":
            self.single.append(attention.of_tokens([0])[:, 0].cpu())
            return None
        output = None
        if self.mean and value is not None and isinstance(attention, Scores):
            output, layer = attention.attend(value, self._queries)
        else:
            layer = attention.layer(self._queries, self.mean)
        received = layer.received.cpu() if layer.received is not None else None
        self.layers.append(replace(layer, cls=layer.cls.cpu(), received=received))
        return output


@dataclass
class SomeLayers(SeesTokens):
    """Keeps something of the attention of one layer or of all, and `None` of the others.

    Attributes:
        layer: its number among the calls, from 0; None for all.
        keep: the attention -> what is kept of it.
        kind: "layers", or "single" for class-attention layers.
    """

    layer: int | None
    keep: Callable[[Scores | Formed], Any]
    kind: str = "layers"

    def see(self, kind: str, attention: Scores | Formed, value: torch.Tensor | None) -> None:
        if kind == self.kind and attention.keys == self.tokens:
            asked = self.layer in (None, len(self.layers))
            self.layers.append(self.keep(attention) if asked else None)


@dataclass
class InWindows(Watch):
    """Reduces attention within windows to what each token receives, at its place in the grid.

    Attributes:
        windows: the windows of each layer, in the order of the calls.
        maps: (heads, rows, cols) float32 for each layer, in that order.
        others: (queries, keys) of attention calls that fit none of these windows.
        photos: as for `SeesTokens`.
    """

    windows: Sequence[Window]
    maps: list[torch.Tensor] = field(default_factory=list)
    others: list[tuple[int, int]] = field(default_factory=list)
    photos: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        super().__init__()

    def fused(self, call: Call) -> None:
        def weights(some: slice) -> torch.Tensor:
            rows = Scores.of(call.part(some)).rows(0, call.query.shape[-2]).softmax(-1)
            return rows.view(-1, call.query.shape[1], *rows.shape[1:])

        self._keep(call.query.shape, call.key.shape[-2], weights)

    def formed(self, attention: torch.Tensor) -> None:
        self._keep(attention.shape, attention.shape[-1], lambda part: attention[part].float())

    @property
    def calls(self) -> int:
        """How many calls were seen in all."""
        return len(self.maps) + len(self.others)

    def _keep(self, shape: torch.Size, keys: int, weights: Callable[[slice], torch.Tensor]) -> None:
        windows, heads, queries = shape[:3]
        window = next(iter(self.windows[len(self.maps) :]), None)
        count = self.photos * window.count if window else 0
        if window is None or (windows, queries, keys) != (count, window.area, window.area):
            self.others.append((queries, keys))
            return
        self.maps.append(self.map_of(window, weights, heads))

    def map_of(
        self, window: Window, weights: Callable[[slice], torch.Tensor], heads: int
    ) -> torch.Tensor:
        """(heads, rows, cols) of the next layer; `weights` as in `received_in_windows`."""
        real = window.real().repeat(self.photos, 1)
        received = self.photos * received_in_windows(weights, heads, real)
        of_photos = received.mT.chunk(self.photos)
        return torch.cat([window.join(one).permute(2, 0, 1) for one in of_photos])


@dataclass
class WindowsOfOneLayer(InWindows):
    """Keeps the rows of some queries of one layer; empty maps of all others.

    Attributes:
        layer: its number among the calls, from 0.
        places: the queries, numbers of tokens of the layer's grid in reading order.
        maps: (queries, heads, rows, cols) float32 for the layer, 0 outside of a query's window.
    """

    layer: int = 0
    places: Sequence[int] = ()

    def map_of(
        self, window: Window, weights: Callable[[slice], torch.Tensor], heads: int
    ) -> torch.Tensor:
        if len(self.maps) != self.layer:
            return torch.empty(0)
        return torch.stack([_row_in_window(window, weights, place) for place in self.places])


def _row_in_window(
    window: Window, weights: Callable[[slice], torch.Tensor], place: int
) -> torch.Tensor:
    """The row of one query on the whole grid: (heads, rows, cols) float32."""
    numbers = torch.arange(1, window.grid[0] * window.grid[1] + 1.0).view(*window.grid, 1)
    at, token = (window.split(numbers)[..., 0] == place + 1).nonzero()[0].tolist()
    row = weights(slice(at, at + 1))[0, :, token].cpu()  # (heads, n)
    whole = row.new_zeros(window.count, window.area, len(row))
    whole[at] = row.mT
    return window.join(whole).permute(2, 0, 1)
