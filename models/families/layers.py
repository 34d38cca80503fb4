"""Which parts of a module make maps, and how these lie in their outputs.

Nothing is guessed from one output, whose channels may be as many as its rows: the module runs
twice without its weights, for photos of two sizes, and what grows with them is rows and columns.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from heedmap.models.families.sharing import sharing
from torch import nn

SIZES = ((224, 288), (352, 480))  # px, (height, width); whole cells for strides up to 32
Run = Callable[[Any, torch.Tensor], Any]


@dataclass(frozen=True)
class Layout:
    """How a map lies in an output of four dimensions.

    Attributes:
        channels_last: (1, rows, cols, channels) instead of (1, channels, rows, cols).
        stride: side of a cell, px.
    """

    channels_last: bool
    stride: int


def map_layers(module: nn.Module, run: Run) -> dict[str, Layout]:
    """The convolutions, linear layers and stages whose output is a map, in the module's order.

    Left out are squeeze-and-excite gates and MLPs, written as convolutions over one cell. Of a
    module that cannot run without weights or in these sizes only the convolutions are known.

    Args:
        module: stays as it was.
        run: (a module without weights, (1, 3, H, W)) -> what it returns.
    """
    names = list(_walk(module, "", _stages(module)))
    try:
        small, large = (_shapes(module, names, run, size) for size in SIZES)
    except Exception:  # whatever a module of somebody else's trips over
        convolutions = (n for n in names if isinstance(module.get_submodule(n), nn.Conv2d))
        return {name: Layout(False, 1) for name in convolutions}
    found = {name: _layout(small.get(name, ()), large.get(name, ())) for name in names}
    return {name: layout for name, layout in found.items() if layout is not None}


def _walk(module: nn.Module, prefix: str, stages: set[str]) -> Iterator[str]:
    for name, part in module.named_children():
        path = prefix + name
        leaf = isinstance(part, nn.Conv2d | nn.Linear)
        if not leaf and not type(part).__name__.startswith(("Squeeze", "ConvMlp")):
            yield from _walk(part, f"{path}.", stages)
        if leaf or path in stages:
            yield path


def _stages(module: Any) -> set[str]:
    """What timm lists as features, and what torchvision's models are put together from."""
    info = getattr(module, "feature_info", None)
    found = (
        {each["module"] for each in info if "module" in each} if isinstance(info, list) else set()
    )
    if type(module).__module__.startswith("torchvision.models"):
        for path, part in module.named_modules():
            parent, _, name = path.rpartition(".")
            whole = parent in ("features", "trunk_output") or (not parent and name[:5] == "layer")
            if whole and any(part.children()):
                found.add(path)
    return found


def _shapes(
    module: nn.Module, names: list[str], run: Run, size: tuple[int, int]
) -> dict[str, tuple[int, ...]]:
    """The shape of what each part gives for a photo of this size, on a device without content."""
    bare = _without_weights(module)
    shapes: dict[str, tuple[int, ...]] = {}

    def keep(name: str) -> Any:
        def hook(part: Any, inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                shapes[name] = tuple(output.shape)

        return hook

    for name in names:
        bare.get_submodule(name).register_forward_hook(keep(name))
    with torch.no_grad():
        run(bare, torch.empty(1, 3, *size, device="meta"))
    return shapes


def _without_weights(module: nn.Module) -> Any:
    bare = sharing(module)
    for part in bare.modules():
        part._forward_hooks, part._forward_pre_hooks = OrderedDict(), OrderedDict()
        part.training = False
        for held in (part._parameters, part._buffers):
            for name, value in held.items():
                if value is not None:
                    bones = torch.empty_like(value, device="meta", requires_grad=False)
                    bones = bones.float() if bones.is_floating_point() else bones
                    held[name] = nn.Parameter(bones, False) if held is part._parameters else bones
    return bare


def _layout(small: tuple[int, ...], large: tuple[int, ...]) -> Layout | None:
    if not len(small) == len(large) == 4:
        return None
    grown = [i for i in range(4) if large[i] > small[i]]
    if grown not in ([1, 2], [2, 3]):
        return None
    rows = grown[0]
    stride = round((SIZES[1][0] - SIZES[0][0]) / (large[rows] - small[rows]))
    return Layout(rows == 1, max(1, stride))
