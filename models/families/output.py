"""The logits or the features in what a module returns; maps can be shown without either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

NAMES = ("logits", "pooler_output", "summary", "last_hidden_state")


def vector(output: Any) -> torch.Tensor | None:
    """What a module returned as one tensor (1, ...), None where it is none or several."""
    if isinstance(output, torch.Tensor):
        return output
    for name in NAMES:
        found = output.get(name) if isinstance(output, Mapping) else getattr(output, name, None)
        if isinstance(found, torch.Tensor):
            return found.flatten(1) if name == "pooler_output" else found
    return None
