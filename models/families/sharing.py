"""A module that may be changed without changing the one that was handed in."""

from __future__ import annotations

import copy
from typing import Any


def sharing(module: Any) -> Any:
    """The same tree of modules, sharing every weight, buffer and hook; only the tree is copied.

    What is set on the copy, or registered with it, is not set on the module.
    """
    clone = copy.copy(module)
    clone._parameters, clone._buffers = dict(module._parameters), dict(module._buffers)
    clone._modules = {
        name: None if part is None else sharing(part) for name, part in module._modules.items()
    }
    return clone
