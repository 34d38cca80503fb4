"""Convert a pickled checkpoint to safetensors: `heedmap convert FILE`.

Only tensors are read from the file, never objects that could run code.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedmap.errors import CheckpointError

if TYPE_CHECKING:
    import torch

NESTED = ("state_dict", "model", "model_state_dict", "teacher", "student")
PREFIXES = ("module.", "_orig_mod.", "backbone.")


def convert(source: Path, target: Path | None = None) -> Path:
    """Write the tensors of `source` to a safetensors file, beside it by default; returns its path.

    A state dict inside a training checkpoint is found, and the prefixes that wrappers of PyTorch
    put before every name are taken off.

    Raises:
        CheckpointError: not a file of PyTorch, objects besides tensors, or no tensors at all.
    """
    import torch
    from safetensors.torch import save_file

    target = target or source.with_suffix(".safetensors")
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{source.name} holds more than tensors, or is no file of PyTorch: save "
            "`model.state_dict()` where it was trained, and convert that."
        ) from error
    tensors = _without_prefix(_tensors(content))
    if not tensors:
        raise CheckpointError(f"{source.name} holds no tensors: save `model.state_dict()`.")
    # A clone each: safetensors refuses tensors that share their memory.
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, target)
    return target


def _tensors(content: Any) -> dict[str, torch.Tensor]:
    import torch

    if not isinstance(content, dict):
        return {}
    for name in NESTED:
        if isinstance(content.get(name), dict):
            return _tensors(content[name])
    return {str(key): value for key, value in content.items() if torch.is_tensor(value)}


def _without_prefix(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    for prefix in PREFIXES:
        if tensors and all(key.startswith(prefix) for key in tensors):
            return _without_prefix({key[len(prefix) :]: tensors[key] for key in tensors})
    return tensors


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="heedmap convert", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    args = parser.parse_args()
    try:
        print(convert(args.source, args.target))
    except CheckpointError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
