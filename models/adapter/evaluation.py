"""A module set to evaluation while it runs, and back; any number of threads may run it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

# How many passes hold a part that was learning; the last of them sets it back.
_holders: WeakKeyDictionary[nn.Module, int] = WeakKeyDictionary()
_table = threading.Lock()

_locks: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()


def lock_of(module: nn.Module) -> threading.RLock:
    """The module's lock, one for all adapters over it."""
    with _table:
        return _locks.setdefault(module, threading.RLock())


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Every part in evaluation mode while the block runs, then as it was.

    Batch normalisation would else change its statistics, and dropout the maps; whether weights are
    frozen says nothing of either.
    """
    held = _hold(module)
    try:
        yield
    finally:
        _release(held)


def _hold(module: nn.Module) -> list[nn.Module]:
    """The parts that learn, or learn again when the passes of other threads end."""
    with _table:
        held = [part for part in module.modules() if part.training or part in _holders]
        for part in held:
            if part.training:
                _forget_biases(part)
            part.training = False
            _holders[part] = _holders.get(part, 0) + 1
        return held


def _forget_biases(part: Any) -> None:
    """Drop what LeViT and its like in timm keep from one pass in evaluation to the next."""
    if getattr(part, "attention_bias_cache", None):
        part.attention_bias_cache = {}


def _release(held: list[nn.Module]) -> None:
    with _table:
        for part in held:
            _holders[part] -= 1
            if not _holders[part]:
                del _holders[part]
                part.training = True
