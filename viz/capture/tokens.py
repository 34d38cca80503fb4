"""Which layer and which tokens of a sequence are asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from heedmap.errors import SettingError, short
from heedmap.viz import checks

if TYPE_CHECKING:
    from heedmap.models import Adapter

# A patch (row, col), "cls", or ("register", i): see `tokens_of`.
Token: TypeAlias = "tuple[int, int] | tuple[str, int] | str"


def layer_of(adapter: Adapter, layer: Any) -> int:
    """A layer of attention, 0 to depth - 1; negative ones count from the last.

    Raises:
        SettingError: a layer that the model does not have.
    """
    depth = adapter.depth
    sentence = f"{adapter.title} has no layer {{}}: choose 0 to {depth - 1}, or -1 for the last."
    return checks.whole(layer, sentence, -depth, depth - 1) % depth


def tokens_of(adapter: Adapter, grid: tuple[int, int], token: Any) -> list[int]:
    """The places in the model's sequence that a token is asked for by.

    Args:
        adapter: whose order of tokens it is.
        grid: (rows, cols) of the layer.
        token: (row, col) of a patch; "cls", all of the model's CLS tokens; ("register", i), the
            i-th of the tokens that are neither, in the model's order: registers, or the
            distillation token, or detection tokens.

    Raises:
        SettingError: outside of the grid, or a token that the model does not have.
    """
    patches = math.prod(grid)
    readers = adapter.order.readers(patches)
    if isinstance(token, str):
        if token == "cls" and adapter.has_cls:
            return list(range(readers.start, readers.stop))
        known = 'a patch (row, col) or "cls"' if adapter.has_cls else "a patch (row, col)"
        raise SettingError(f"{adapter.title} has no token {short(token)}: give {known}.")
    if isinstance(token, tuple | list) and len(token) == 2 and token[0] == "register":
        return [_register(adapter, patches, readers, token[1])]
    return [adapter.prefix + _patch(grid, token)]


def only_patches(grid: tuple[int, int], token: Any) -> int:
    """The place of a patch in a layer that has no other tokens.

    Raises:
        SettingError: as for `tokens_of`.
    """
    return _patch(grid, token)


def _patch(grid: tuple[int, int], token: Any) -> int:
    rows, cols = grid
    sentence = f"There is no patch {{}} in a grid of {rows} x {cols}: give (row, col) from (0, 0)."

    def inside(row: float, col: float) -> bool:
        whole = float(row).is_integer() and float(col).is_integer()
        return whole and 0 <= row < rows and 0 <= col < cols

    row, col = checks.pair(token, sentence, inside)
    return int(row) * cols + int(col)


def _register(adapter: Adapter, patches: int, readers: slice, index: Any) -> int:
    order = adapter.order
    tokens = list(range(order.tokens(patches)))
    kept = [*tokens[: order.prefix], *tokens[order.prefix + patches :]]
    registers = [token for token in kept if token not in tokens[readers]]
    has = f"has {len(registers)} tokens that are neither CLS nor patches"
    ways = "count from 0, or ask a patch" if registers else "ask a patch"
    sentence = f"{adapter.title} has no register {{}}, it {has}: {ways}."
    return registers[checks.whole(index, sentence, 0, len(registers) - 1)]
