"""The files of a checkpoint: which they are, what they hold, and whether they fit a module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heedmap.errors import CheckpointError
from heedmap.languages import Phrase, join
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download, hub

if TYPE_CHECKING:
    import torch
    from torch import nn

Shapes = dict[str, tuple[int, ...]]

SHOWN = 3  # names that a message lists


def weights(model: Model, folder: Path) -> list[Path]:
    """The files that hold the weights.

    Raises:
        CheckpointError: there is none, or only a pickled one.
    """
    if download.PICKLED.match(model.weights):
        raise hub.pickled(model.title, model.weights)
    own = folder / model.weights
    if own.is_file():
        return [own]
    index = folder / download.INDEX
    if index.is_file():
        return [folder / name for name in download.shard_names(index)]
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if download.PICKLED.match(name):
            raise hub.pickled(model.title, name)
    raise hub.missing(model.title, folder.name, model.weights)


def shapes(model: Model, folder: Path) -> Shapes:
    """Names and shapes of all tensors of a checkpoint, from the headers alone.

    Raises:
        CheckpointError: as `weights`, or a file that is damaged.
    """
    from safetensors import SafetensorError, safe_open

    found: Shapes = {}
    for path in weights(model, folder):
        try:
            with safe_open(path, framework="pt") as file:
                found |= {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise damaged(model, path) from error
    return found


def tensors(model: Model, folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint by name.

    Raises:
        CheckpointError: as `shapes`.
    """
    from safetensors.torch import load_file

    shapes(model, folder)
    return {key: value for path in weights(model, folder) for key, value in load_file(path).items()}


def mismatch(model: Model, module: nn.Module, there: Shapes) -> CheckpointError:
    """A sentence that names the first tensors that differ."""
    needed = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    missing = [key for key in needed if key not in there]
    surplus = [key for key in there if key not in needed]
    differ = [
        Phrase(
            "{key} {has} instead of {needs}", key=key, has=list(there[key]), needs=list(needed[key])
        )
        for key in needed
        if key in there and there[key] != needed[key]
    ]
    named = (
        (Phrase("missing"), missing),
        (Phrase("not known"), surplus),
        (Phrase("of another shape"), differ),
    )
    parts = [Phrase("{what} {keys}", what=what, keys=_some(keys)) for what, keys in named if keys]
    name = model.architecture or type(module).__name__
    return CheckpointError(
        "The weights of {title} do not fit the architecture {name}: {parts}; name the "
        "architecture that they were trained with.",
        title=model.title,
        name=name,
        parts=join(parts, "{one}; {other}"),
    )


def check_finite(model: Model, module: nn.Module) -> None:
    """Refuse weights and running statistics that cannot be; other buffers may be infinite.

    Raises:
        CheckpointError: NaN, infinity or a negative variance, and where.
    """
    statistics = ((name, b) for name, b in module.named_buffers() if ".running_" in f".{name}")
    numbers = (*module.named_parameters(), *statistics)
    broken = [name for name, value in numbers if value.numel() and not _sound(name, value)]
    if broken:
        raise CheckpointError(
            "The weights of {title} hold NaN, infinity or a negative variance in {broken}: its "
            "training has diverged or the file is damaged, so take an earlier checkpoint.",
            title=model.title,
            broken=_some(broken),
        )


def _sound(name: str, value: torch.Tensor) -> bool:
    """Whether all is finite, and no variance below 0.

    By the extremes, which is eight times as fast as asking each number.
    """
    least, most = value.aminmax()
    finite = bool(least.isfinite() and most.isfinite())
    return finite and not (name.endswith("running_var") and least < 0)


def damaged(model: Model, path: Path) -> CheckpointError:
    """A file that safetensors cannot open; one from the hub is deleted, to be fetched again."""
    remedy = Phrase("convert it with `heedmap convert FILE`, or copy it again")
    if model.folder is None:
        download.discard(path)
        remedy = Phrase("try again, it is fetched anew")
    return CheckpointError(
        "{name} of {title} is damaged or not a safetensors file: {remedy}.",
        name=path.name,
        title=model.title,
        remedy=remedy,
    )


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
