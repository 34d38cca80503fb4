"""What looking into each kind of model costs: `python -m benchmarks.models [--only NAME]`.

Recording is set beside a plain forward pass and beside the way that the model's own library has:
eager attention with `output_attentions` in Transformers, `AttentionExtract` in timm,
`create_feature_extractor` in torchvision. Time and memory as in `benchmarks.measure`; weights are
random, for what a model costs does not depend on them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks import measure, texts

RECORD = "record"


@dataclass(frozen=True)
class Case:
    """A model at one square size (px).

    Attributes:
        title: its name for people.
        size: side of the photo, in `unit`.
        passes: how often it is timed.
        build: eager or not -> the module.
        own: what the library's own way is called.
        look: the module, eager where there is attention -> the library's own way, as a function
            of the pixels.
    """

    title: str
    size: int
    passes: int
    build: Callable[[bool], Any]
    own: str
    look: Callable[[Any], Callable[[Any], object]]
    unit: str = "px"

    @property
    def ways(self) -> tuple[str, ...]:
        return (measure.PLAIN, RECORD, self.own)


def of_timm(name: str, **settings: Any) -> Callable[[bool], Any]:
    """A model of timm; eager, its attention is formed and can be extracted."""

    def build(eager: bool) -> Any:
        import timm
        from timm.layers import set_fused_attn

        set_fused_attn(not eager)
        return timm.create_model(name, **settings)

    return build


def dinov2_large(eager: bool) -> Any:
    """DINOv2 ViT-L/14 of Transformers."""
    import transformers

    config = transformers.Dinov2Config(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, image_size=518,
        patch_size=14,
    )  # fmt: skip
    model = transformers.Dinov2Model(config)
    model.set_attn_implementation("eager" if eager else "sdpa")
    return model


def clip_large(eager: bool) -> Any:
    """The vision tower of CLIP ViT-L/14 of Transformers."""
    import transformers

    config = transformers.CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16,
        image_size=336, patch_size=14,
    )  # fmt: skip
    model = transformers.CLIPVisionModel(config)
    model.set_attn_implementation("eager" if eager else "sdpa")
    return model


def of_torchvision(name: str) -> Callable[[bool], Any]:
    """A ConvNet of torchvision."""

    def build(eager: bool) -> Any:
        import torchvision

        return torchvision.models.get_model(name)

    return build


def output_attentions(module: Any) -> Callable[[Any], object]:
    """Transformers' own way."""
    return lambda pixels: module(pixel_values=pixels, output_attentions=True).attentions


def attention_extract(module: Any) -> Callable[[Any], object]:
    """timm's own way."""
    from timm.utils import AttentionExtract

    extract: Callable[[Any], object] = AttentionExtract(module, method="fx")
    return extract


def feature_extractor(module: Any) -> Callable[[Any], object]:
    """torchvision's own way, for the layers that Heedmap shows by default."""
    from heedmap import models
    from torchvision.models.feature_extraction import create_feature_extractor

    names = list(models.wrap(module).default_conv_layers)
    extract: Callable[[Any], object] = create_feature_extractor(
        module, names, suppress_diff_warning=True
    )
    return extract


EAGER, EXTRACT, FEATURES = "output_attentions", "AttentionExtract", "create_feature_extractor"
CASES: tuple[Case | texts.TextCase, ...] = (
    Case("ViT-S/16", 224, 15, of_timm("vit_small_patch16_224"), EXTRACT, attention_extract),
    Case("ViT-S/16", 1036, 3, of_timm("vit_small_patch16_224", img_size=1040), EXTRACT,
         attention_extract),
    Case("DINOv2-L/14", 518, 3, dinov2_large, EAGER, output_attentions),
    Case("CLIP-L/14", 336, 5, clip_large, EAGER, output_attentions),
    Case("SigLIP-B/16", 224, 9, of_timm("vit_base_patch16_siglip_224"), EXTRACT,
         attention_extract),
    Case("Swin-T", 224, 9, of_timm("swin_tiny_patch4_window7_224"), EXTRACT, attention_extract),
    Case("ResNet-50", 224, 9, of_torchvision("resnet50"), FEATURES, feature_extractor),
    Case("ConvNeXt-T", 224, 9, of_timm("convnext_tiny"), FEATURES, feature_extractor),
    *texts.CASES,
)  # fmt: skip


def way(name: str, case: Case | texts.TextCase) -> Callable[[], object]:
    """One way through the model, ready to run."""
    if isinstance(case, texts.TextCase):
        return case.run(name)
    from heedmap import models, viz

    torch.manual_seed(0)
    module = case.build(name == case.own).eval().requires_grad_(False)
    adapter = models.wrap(module)
    photo = np.random.default_rng(0).integers(0, 256, (case.size, case.size, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=case.size, fit="squash")
    if name == measure.PLAIN:
        return lambda: adapter.forward(x.pixels)
    if name == RECORD and adapter.kinds:
        return lambda: viz.record_attention(adapter, x)
    if name == RECORD:
        return lambda: viz.record_activations(adapter, x, adapter.default_conv_layers)
    look = case.look(module)

    def run() -> object:
        with torch.inference_mode():
            return look(x.pixels)

    return run


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="models whose name begins so")
    parser.add_argument(
        "--cpu", action="store_true", help="CPU time on one thread, where it is busy"
    )
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        run = way(asked.peak[1], CASES[int(asked.peak[0])])
        measure.print_peak(lambda: None, run)
        return
    if asked.cpu:
        torch.set_num_threads(1)
    measure.print_head()
    for index, case in enumerate(CASES):
        if case.title.startswith(asked.only or ""):
            runs = {name: way(name, case) for name in case.ways}
            seconds, ratios = measure.times(
                runs, case.passes, time.process_time if asked.cpu else time.perf_counter
            )
            peaks = {name: measure.peak("benchmarks.models", index, name) for name in case.ways}
            title = f"{case.title} at {case.size} {case.unit}"
            measure.print_table(title, seconds, ratios, peaks)


if __name__ == "__main__":
    main()
