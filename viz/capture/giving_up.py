"""Give a forward pass up while it runs, between two of its calls into PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Self

from heedmap.errors import OvertakenError
from torch.overrides import TorchFunctionMode

_here = threading.local()


def check() -> Callable[[], None]:
    """What fails once the pass of this thread is given up.

    For what PyTorch calls back, such as the way back through a model, where no call is seen.
    """
    modes: tuple[GivingUp, ...] = getattr(_here, "modes", ())

    def fail() -> None:
        for mode in modes:
            mode.check()

    return fail


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
        self.check()
        return func(*args, **(kwargs or {}))

    def check(self) -> None:
        """Fail where nobody wants the pass any more."""
        if self._unwanted():
            raise OvertakenError("This pass was given up, since nobody waits for it: ask again.")

    def __enter__(self) -> Self:
        _here.modes = (*getattr(_here, "modes", ()), self)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        _here.modes = _here.modes[:-1]
        super().__exit__(*error)  # type: ignore[no-untyped-call]
