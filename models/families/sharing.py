"""Another form of a module over the same weights."""

from __future__ import annotations

import copy
from typing import Any


def sharing(module: Any) -> Any:
    """A copy of every part of a module, but of none of its tensors.

    What is set or replaced in the copy leaves the module as it was. It costs no memory to speak
    of, and time that grows with the number of parts.
    """
    tensors = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})
