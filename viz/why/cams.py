"""Class activation maps of one layer, by torchcam."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import SettingError, short
from heedmap.viz.why.head import layers_of
from heedmap.viz.why.target import Asked, Layer, Target, target_of
from torch import nn

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.models.adapter.twin import Twin

EXTRACTORS = {
    "gradcam": "GradCAM", "gradcam++": "GradCAMpp", "layercam": "LayerCAM",
    "xgradcam": "XGradCAM", "scorecam": "ScoreCAM",
}  # fmt: skip
ON_TOKENS = frozenset({"gradcam"})  # what is also shown for the tokens of a ViT


def cam(
    adapter: Twin, x: Prepared, method: str, asked: Asked, layer: Layer
) -> tuple[np.ndarray, Target]:
    """The map of one layer, (rows, cols) float32, as its formula gives it, and its target.

    Args:
        adapter: a twin.
        x: the photo that it prepared.
        method: a key of `EXTRACTORS`.
        asked: see `target_of`.
        layer: the name of a layer that makes a map, by default the last stage, whose channels have
            been through their activation, else the last convolution that looks at more than a
            cell; for a ViT the index of a layer, by default the last but one, since after the last
            layer the patches of a model that is read at CLS have no gradient.

    Raises:
        SettingError: a layer that does not exist.
        CaptureError: a layer that makes no map, or a model without an output to explain.
    """
    part, reshape = _on_tokens(adapter, x, layer) if adapter.kinds else _on_map(adapter, layer)
    settings: dict[str, Any] = {"batch_size": 8} if method == "scorecam" else {}
    with _extractor(method)(adapter.module, part, reshape_transform=reshape, **settings) as extract:
        output = adapter.run(x.pixels.clone().requires_grad_(), x.fit)
        target = target_of(adapter, asked, output)

        def score(sample: torch.Tensor) -> torch.Tensor:
            return target.score(sample[None])[0]

        (heat,) = extract(targets=score, scores=output, normalized=False)
    return heat[0].detach().float().cpu().numpy(), target


def _extractor(method: str) -> Any:
    """The class of torchcam, or of ours on its hooks."""
    from heedmap.viz.why.gradcam_pp import GradCAMpp
    from torchcam import methods

    return GradCAMpp if method == "gradcam++" else getattr(methods, EXTRACTORS[method])


def default_layer(adapter: Adapter) -> str:
    """The layer that a CAM reads where none is chosen; see `cam`."""
    stages = [
        name
        for name in adapter.conv_layers
        if not isinstance(adapter.module.get_submodule(name), nn.Conv2d | nn.Linear)
    ]
    return (stages or adapter.default_conv_layers)[-1]


Reshape = Callable[[torch.Tensor], torch.Tensor]


def _on_map(adapter: Twin, layer: Layer) -> tuple[nn.Module, Reshape]:
    """A convolution, and what brings its output into (1, channels, rows, cols)."""
    name = default_layer(adapter) if layer is None else layer
    if name not in adapter.conv_layers:
        some = ", ".join(adapter.default_conv_layers)
        raise SettingError(
            "{title} has no layer {name}: choose from {some}.",
            title=adapter.title,
            name=short(name),
            some=some,
        )
    return adapter.module.get_submodule(str(name)), lambda output: adapter.map_of(
        str(name), output
    )[None]


def _on_tokens(adapter: Twin, x: Prepared, layer: Layer) -> tuple[nn.Module, Reshape]:
    """A layer of a ViT, and what lays its patches out as (1, dim, rows, cols)."""
    layers = layers_of(adapter)
    index = len(layers) - 2 if layer is None else layer
    if not isinstance(index, int) or not 0 <= index < len(layers):
        raise SettingError(
            "{title} has no layer {index}: choose from 0 to {layers}.",
            title=adapter.title,
            index=short(index),
            layers=len(layers) - 1,
        )
    begin, patches = adapter.order.prefix, x.grid[0] * x.grid[1]

    def reshape(tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, begin : begin + patches].mT.reshape(len(tokens), -1, *x.grid)

    return layers[index], reshape
