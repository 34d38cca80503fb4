"""The size that your own checkpoint of timm was trained at, as the shapes of its tables tell it.

Built at that size, its positions are resampled once, to the photo's grid, and not to the
architecture's own grid before.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from heedmap.models.catalogue import local, model_toml
from heedmap.models.catalogue.entries import Model
from heedmap.models.loading import checkpoint

POSITIONS, BIAS = "pos_embed", "relative_position_bias_table"

Shape = tuple[int, ...]


def arguments(model: Model, folder: Path) -> dict[str, Any]:
    """What timm has to be told to build it at the size it was trained at, {} for timm's own.

    Raises:
        CheckpointError: as `checkpoint.shapes`.
    """
    if model.bundled or not (model.folder or model.pasted):
        return {}
    said = {} if model.architecture else local.config(folder)
    name = model.architecture or str(said.get("architecture", ""))
    how = dict(said.get("model_args", {})) | (model_toml.model_args(folder) if model.folder else {})
    there = checkpoint.shapes(model, folder)
    tables = [key for key in there if key == POSITIONS or key.endswith(BIAS)]
    if "img_size" in how or not tables:
        return {}
    return _told(name, how, tables[0], there[tables[0]])


def _told(name: str, how: dict[str, Any], key: str, there: Shape) -> dict[str, Any]:
    """The arguments with which a table has this shape, {} where it is the architecture's own."""
    import timm
    import torch

    if not timm.is_model(name.split(".")[0]):
        return {}
    with torch.device("meta"):
        module = timm.create_model(name, pretrained=False, **how)
    own = module.state_dict().get(key)
    if own is None or own.ndim != len(there) or tuple(own.shape) == there:
        return {}
    return _of_positions(module, own.shape, there) if key == POSITIONS else _of_bias(module, there)


def _of_positions(module: Any, own: Shape, there: Shape) -> dict[str, Any]:
    """From a table of positions: (1, others + patches, dim), or (1, rows, cols, dim) of VOLO."""
    if len(there) == 4:
        return {"img_size": there[1] * int(module.feature_info[-1]["reduction"])}
    patches = getattr(module, "patch_embed", None)
    if len(there) != 3 or patches is None:
        return {}
    side = _root(there[1] - (own[1] - patches.num_patches))
    return {"img_size": side * int(patches.patch_size[0])} if side else {}


def _of_bias(module: Any, there: Shape) -> dict[str, Any]:
    """From a table of distances in a grid: (distances, heads), or (heads, rows, cols) of MaxViT."""
    if hasattr(module, "partition_ratio"):
        return {"img_size": (there[-1] + 1) // 2 * module.partition_ratio}
    if hasattr(module, "_ref_window_sizes"):  # Swin: so many windows along a side as before
        window = (_root(there[0]) + 1) // 2
        side = module.patch_embed.img_size[0] // module.layers[0].blocks[0].window_size[0]
        return {"img_size": window * side, "window_size": window} if window else {}
    grid = (_root(there[0] - 3) + 1) // 2  # BEiT: and three distances to and from CLS
    return {"img_size": grid * int(module.patch_embed.patch_size[0])} if grid else {}


def _root(number: int) -> int:
    """The square root where it is a whole number above 0, else 0."""
    root = math.isqrt(max(number, 0))
    return root if root**2 == number else 0
