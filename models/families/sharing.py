"""A module that may be changed without changing the one that was handed in."""

from __future__ import annotations

import copy
from typing import Any


def sharing(module: Any) -> Any:
    """The same tree of modules for evaluation, sharing every weight, buffer and hook.

    Only the tree is copied: what is set on the copy is not set on the module. A part that is in
    several places of the tree stays one part, and one that is compiled is replaced by the part that
    it was compiled from.
    """
    return _copied(module, {})


def is_compiled(module: Any) -> bool:
    """Whether `torch.compile` was given this part, or it was compiled in place."""
    return hasattr(module, "_orig_mod") or bool(getattr(module, "_compiled_call_impl", None))


def _copied(module: Any, copies: dict[int, Any]) -> Any:
    module = getattr(module, "_orig_mod", module)
    if id(module) in copies:
        return copies[id(module)]
    clone = copies[id(module)] = copy.copy(module)
    clone.training = False
    clone._parameters, clone._buffers = dict(module._parameters), dict(module._buffers)
    clone._modules = {
        name: None if part is None else _copied(part, copies)
        for name, part in module._modules.items()
    }
    return clone
