"""Which parts of a module make maps, and how their outputs are laid out.

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
    """How a map is laid out in an output of four dimensions.

    Attributes:
        channels_last: (1, rows, cols, channels) instead of (1, channels, rows, cols).
        stride: side of a cell, px.
    """

    channels_last: bool
    stride: int


def map_layers(module: nn.Module, run: Run, own: int) -> dict[str, Layout]:
    """The convolutions, linear layers and stages whose output is a map, in the module's order.

    Left out are squeeze-and-excite gates and MLPs, written as convolutions over one cell. Of a
    module that takes photos of its own size alone, or brings all to one size, only the convolutions
    are known; of one that cannot run without weights all of them.

    Args:
        module: stays as it was.
        run: (a module without weights, (1, 3, H, W)) -> what it returns.
        own: side of the photos that the module was made for, px.
    """
    names = list(_walk(module, "", _stages(module), set()))
    try:
        small, large = (_shapes(module, names, run, size) for size in SIZES)
        found = {name: _layout(small.get(name, ()), large.get(name, ())) for name in names}
        layouts = {name: layout for name, layout in found.items() if layout is not None}
    except Exception:  # any error of a module that we do not know
        layouts = {}
    return layouts or _convolutions(module, names, run, own)


def _convolutions(module: nn.Module, names: list[str], run: Run, own: int) -> dict[str, Layout]:
    """The convolutions, whose maps need no telling apart, and how large their cells are."""
    only = [name for name in names if isinstance(module.get_submodule(name), nn.Conv2d)]
    try:
        shapes = _shapes(module, only, run, (own, own))
    except Exception:  # as above
        return {name: Layout(False, 1) for name in only}
    maps = {name: shape for name, shape in shapes.items() if max(shape[2:]) > 1}
    return {
        name: Layout(False, max(1, round(own / maps[name][2]))) for name in only if name in maps
    }


def listed_features(module: Any) -> list[dict[str, Any]]:
    """What timm says of the features of a module."""
    info = getattr(module, "feature_info", None)
    found = getattr(info, "info", info)  # of `features_only` a list within an object
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _walk(module: nn.Module, prefix: str, stages: set[str], seen: set[nn.Module]) -> Iterator[str]:
    """Paths of what may make maps; a part that is in several places is listed in the first."""
    for name, part in module.named_children():
        if part in seen:
            continue
        seen.add(part)
        path = prefix + name
        leaf = isinstance(part, nn.Conv2d | nn.Linear)
        if not leaf and not type(part).__name__.startswith(("Squeeze", "ConvMlp")):
            yield from _walk(part, f"{path}.", stages, seen)
        if leaf or path in stages:
            yield path


def _stages(module: Any) -> set[str]:
    """What timm lists as features, and what torchvision's models are put together from."""
    known = {name for name, _ in module.named_modules()}
    found = {each["module"] for each in listed_features(module) if each.get("module") in known}
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
    """The shape of what each part first returns for a photo of this size, on the meta device."""
    bare = without_weights(module)
    shapes: dict[str, tuple[int, ...]] = {}

    def keep(name: str) -> Any:
        def hook(part: Any, inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                shapes.setdefault(name, tuple(output.shape))

        return hook

    for name in names:
        bare.get_submodule(name).register_forward_hook(keep(name))
    with torch.no_grad():
        run(bare, torch.empty(1, 3, *size, device="meta"))
    return shapes


def without_weights(module: nn.Module) -> Any:
    """The same tree of modules on the meta device, without hooks, in float32."""
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
