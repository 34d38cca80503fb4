"""Convert a pickled checkpoint to safetensors: `heedmap convert FILE`.

Only tensors, plain values and the `argparse.Namespace` of timm's training script are read from the
file, never objects that could run code.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from heedmap.errors import CheckpointError

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

# Where training scripts keep the weights, averaged ones first, as timm does.
KEYS = (
    "state_dict_ema", "model_ema", "ema_state_dict", "ema", "state_dict", "model",
    "model_state_dict", "teacher", "student",
)  # fmt: skip
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.")  # DDP, compile, Lightning, DINO


class Converted(NamedTuple):
    """What was written.

    Attributes:
        path: the file.
        key: where in the source its tensors were, "" for the source itself.
        others: the other keys of the source that hold tensors.
        left_out: names of tensors at `key` that are not the model's own.
    """

    path: Path
    key: str
    others: tuple[str, ...]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        taken = f" from {self.key}" if self.key else ""
        more = f"; --key takes another: {', '.join(self.others)}" if self.others else ""
        rest = f"; left out {_some(self.left_out)}" if self.left_out else ""
        return f"{self.path}: weights{taken}{more}{rest}"


def convert(source: Path, target: Path | None = None, key: str | None = None) -> Converted:
    """Write the tensors of `source` to a safetensors file, beside it by default.

    A state dict inside a training checkpoint is found, averaged weights (EMA) before the others,
    and the prefixes that DDP, torch.compile, Lightning and DINO put before its names are removed.

    Args:
        source: a file of `torch.save`.
        target: the file to write.
        key: the state dict to take, such as "state_dict"; parts of a path are joined by dots.

    Raises:
        CheckpointError: no such file, not a file of PyTorch, objects besides tensors, no tensors
            at all, no state dict at `key`, or a target that cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    target = target or source.with_name(source.name.removesuffix(".tar")).with_suffix(
        ".safetensors"
    )
    content = _read(source)
    key = _default(content) if key is None else key
    found = _tensors(_at(content, key))
    if not found:
        there = ", ".join(_state_dicts(content)) or "none at all"
        raise CheckpointError(
            f"{source.name} holds no tensors at {key!r}: choose a key that has some ({there})."
            if key
            else f"{source.name} holds no tensors: save `model.state_dict()`."
        )
    tensors = _without_prefix(found, _parts(content, key))
    # A clone each: safetensors refuses tensors that share their memory.
    own = {name: value.contiguous().clone() for name, value in tensors.items()}
    try:
        save_file(own, target, {"format": "pt"})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{target} cannot be written: name a file in a folder that you can write to."
        ) from error
    kept = {id(value) for value in tensors.values()}
    left_out = tuple(name for name, value in found.items() if id(value) not in kept)
    others = tuple(other for other in _state_dicts(content) if other != key)
    return Converted(target, key, others, left_out)


def _read(source: Path) -> Any:
    import torch

    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(source, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {source}: check the path.") from error
    except Exception as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f" ({named[1]})" if named else ", or is not a file of PyTorch"
        raise CheckpointError(
            f"{source.name} holds more than tensors{what}: save `model.state_dict()` where it was "
            "trained, and convert that."
        ) from error


def _default(content: Any) -> str:
    """The dotted key of the state dict that a training checkpoint means, "" for the file itself."""
    if isinstance(content, dict):
        for name in KEYS:
            if isinstance(content.get(name), dict) and content[name]:
                return f"{name}.{_default(content[name])}".rstrip(".")
    return ""


def _at(content: Any, key: str) -> Any:
    for part in key.split(".") if key else ():
        content = content.get(part) if isinstance(content, dict) else None
    return content


def _state_dicts(content: Any) -> list[str]:
    """The keys of a checkpoint that hold tensors by name."""
    if not isinstance(content, dict):
        return []
    return [str(name) for name, value in content.items() if _tensors(value)]


def _tensors(content: Any) -> Tensors:
    import torch

    if not isinstance(content, dict):
        return {}
    # torch.optim.swa_utils.AveragedModel counts its steps beside the weights.
    return {
        str(key): value
        for key, value in content.items()
        if torch.is_tensor(value) and key != "n_averaged"
    }


def _parts(content: Any, key: str) -> tuple[str, ...]:
    """Prefixes of the model's own weights where others (a loss, DINO's head) are beside them."""
    lightning = isinstance(content, dict) and "pytorch-lightning_version" in content
    dino = key.split(".")[-1] in ("teacher", "student")
    return ("model.",) * lightning + ("backbone.",) * dino


def _without_prefix(tensors: Tensors, parts: tuple[str, ...]) -> Tensors:
    for prefix in PREFIXES:
        own = [key for key in tensors if key.startswith(prefix)]
        inner = {key.removeprefix(prefix): tensors[key] for key in own}
        if inner and (prefix in parts or len(inner) == len(tensors)):
            return _without_prefix(inner, parts)
    return tensors


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="heedmap convert", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--key", help="the state dict to take; averaged weights by default")
    args = parser.parse_args()
    try:
        print(convert(args.source, args.target, args.key))
    except CheckpointError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
