"""Give a forward pass up while it runs, between two of its calls into PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heedmap.errors import OvertakenError
from torch.overrides import TorchFunctionMode


class GivingUp(TorchFunctionMode):
    """Within the block, the first call into PyTorch after nobody wants the pass any more fails.

    It sees what the watcher sees, and the convolutions of a ConvNet as well, in its own thread
    only; a pass ends within the time of its longest single call.

        with GivingUp(left.is_set):
            attention = record_attention(adapter, x)

    Raises:
        OvertakenError: the pass was given up.
    """

    def __init__(self, unwanted: Callable[[], bool]) -> None:
        """`unwanted` tells whether nobody wants the pass any more; it is called very often."""
        super().__init__()
        self._unwanted = unwanted

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if self._unwanted():
            raise OvertakenError("This pass was given up, since nobody waits for it: ask again.")
        return func(*args, **(kwargs or {}))
