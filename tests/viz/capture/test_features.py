"""Tokens between the blocks, against what each library gives of them itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError

from tests.viz.capture import (
    oracles_class_attention,
    oracles_torchvision,  # noqa: F401  adds its cases
    oracles_windows,
)
from tests.viz.capture.oracles import CASES, TRANSFORMERS, _inputs, case

NORM = {"BEiT": "pooler.layernorm", "RADIO": None, "DINOv3": "norm"}
OWN_NAME = {"CLIP", "SigLIP", "BLIP", "Chinese CLIP", "MLCD", "SigLIP 2 NaFlex"}
QUICK = ("CLIP", "DINOv2 with registers", "YOLOS")


def prepared(module: object) -> tuple:
    adapter = models.wrap(module)
    photo = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
    return adapter, adapter.prepare(photo, size=64)


def check(found: viz.Features, own: torch.Tensor, x: models.Prepared) -> None:
    """Against the tokens (N, dim)."""
    end = x.prefix + math.prod(x.grid)
    assert found.patches.dtype == np.float32
    patches = own[x.prefix : end].T.reshape(-1, *x.grid)
    np.testing.assert_allclose(found.patches, patches, atol=1e-4, rtol=1e-4)
    others = torch.cat([own[: x.prefix], own[end:]])
    np.testing.assert_allclose(found.others, others, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "family", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in TRANSFORMERS]
)
def test_tokens_are_the_hidden_states_of_transformers(family: str) -> None:
    module = case(f"Transformers {family}").module
    adapter, x = prepared(module)
    if family == "MAE":
        module.config.mask_ratio = 0.0
    with torch.no_grad():
        states = module(**_inputs(module, x.pixels), output_hidden_states=True).hidden_states
        name = NORM.get(family, "post_layernorm" if family in OWN_NAME else "layernorm")
        norm = module.get_submodule(name) if name else (lambda tokens: tokens)
        raw = _before_norm(module, x)
    before = hooks_on(module)  # Transformers leaves some of its own
    found = viz.record_features(adapter, x)
    assert hooks_on(module) == before
    assert list(found) == [0, 1]
    check(found[0], states[1][0], x)
    with torch.no_grad():
        check(found[1], norm(raw)[0], x)
    lengths = raw[0, x.prefix : x.prefix + math.prod(x.grid)].norm(dim=-1).reshape(x.grid)
    np.testing.assert_allclose(found[1].norms, lengths, rtol=1e-5)


def hooks_on(module: torch.nn.Module) -> int:
    return sum(len(part._forward_hooks) for part in module.modules())


def _before_norm(module: torch.nn.Module, x: models.Prepared) -> torch.Tensor:
    """What the last block puts out, from a hook of the test's own."""
    kept = []
    lists = [part for part in module.modules() if isinstance(part, torch.nn.ModuleList)]
    layers = next(part for part in lists if len(part) == 2)
    hook = layers[-1].register_forward_hook(
        lambda _, inputs, output: kept.append(output[0] if isinstance(output, tuple) else output)
    )
    module(**_inputs(module, x.pixels))
    hook.remove()
    return kept[0]


@pytest.mark.parametrize(
    "name", ["timm DINOv2 with registers", "timm SigLIP 2 NaFlex", "timm EVA-02", "timm BEiT"]
)
def test_tokens_are_the_intermediates_of_timm(name: str) -> None:
    module = case(name).module
    adapter, x = prepared(module)
    size = tuple(x.pixels.shape[-2:])
    like = module
    if hasattr(module, "set_input_size"):
        like = case(name).module
        like.load_state_dict(module.state_dict())
        like.set_input_size(img_size=size)
    with torch.no_grad():
        after = like.forward_features(x.pixels)
        after = after["patches"] if isinstance(after, dict) else after
        after = like.fc_norm(after)[0]
    found = viz.record_features(adapter, x, [-1])
    check(found[1], after, x)


def test_every_family_with_a_stream_has_a_final_norm() -> None:
    for name in CASES:
        stream = models.wrap(case(name).module).stream
        assert len(stream.blocks) in (1, 2)
        assert (stream.norm is None) == ("RADIO" in name), name


def test_threads_and_failures_leave_no_hook() -> None:
    vit = timm.create_model("vit_tiny_patch16_224", depth=2, embed_dim=12, num_heads=2)
    adapter = models.wrap(vit, title="ViT")
    x = adapter.prepare(np.zeros((64, 64, 3), np.uint8), size=64)
    vit.blocks[1].forward = lambda tokens, **how: tokens[:, :3]
    with pytest.raises(CaptureError, match="ViT put out no tokens of its photo after block 1"):
        viz.record_features(adapter, x)
    assert hooks_on(vit) == 0
    for layers, words in [([2], "no block 2: choose 0 to 1"), ([], "0 blocks"), (1, "this is 1")]:
        with pytest.raises(SettingError, match=words):
            viz.record_features(adapter, x, layers)


@pytest.mark.parametrize("family", ["Swin", "CaiT"])
def test_others_say_so(family: str) -> None:
    oracles = oracles_windows if family == "Swin" else oracles_class_attention
    adapter = models.wrap(oracles.case(family).module)
    x = adapter.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(CaptureError, match=r"has no one row of tokens that .*: choose a plain ViT"):
        viz.record_features(adapter, x)
