"""How the families differ: what is called, what is shared, and what is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import ModelError, SettingError
from heedmap.models.capabilities import MAPS
from torch import nn

PHOTO = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "image_size": 64, "patch_size": 8,
}  # fmt: skip
TEXT = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 64}


def state(module: nn.Module) -> dict[str, tuple[int, torch.Size]]:
    """Where the tensors of a module lie, and their shapes."""
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return {name: (value.data_ptr(), value.shape) for name, value in tensors}


@pytest.mark.parametrize("name", ["beit_base_patch16_224", "vit_relpos_small_patch16_224"])
def test_a_bias_for_another_grid_leaves_the_module_as_it_was(name: str) -> None:
    module = timm.create_model(name, depth=1, embed_dim=16, num_heads=2, img_size=64).eval()
    before = state(module)
    adapter = models.wrap(module)
    first = adapter.forward(adapter.prepare(PHOTO, size=96).pixels)
    assert state(module) == before
    assert tuple(module.patch_embed.img_size) == (64, 64)
    native = adapter.prepare(PHOTO, size=64, fit="squash").pixels
    with torch.no_grad():
        torch.testing.assert_close(adapter.forward(native), module(native))
        module.patch_embed.proj.weight.mul_(2)
    again = adapter.forward(adapter.prepare(PHOTO, size=96).pixels)
    assert not torch.equal(first, again), "the weights are shared, also when they change"


@pytest.mark.parametrize(("height", "width"), [(48, 32), (32, 56)], ids=["tall", "wide"])
def test_mae_hides_no_patch_and_keeps_their_order(height: int, width: int) -> None:
    """Only the bright patch's key is not zero: every query reads from that place."""
    config = transformers.ViTMAEConfig(
        **{**SMALL, "hidden_size": 8, "num_attention_heads": 1, "num_hidden_layers": 1}
    )
    module = transformers.ViTMAEModel(config).eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
        module.embeddings.position_embeddings.zero_()
        module.embeddings.patch_embeddings.projection.weight[0] = 1 / (3 * 8 * 8)
        layer = module.layers[0]
        layer.layernorm_before = nn.Identity()
        layer.attention.q_proj.bias[0] = 40
        layer.attention.k_proj.weight[0, 0] = 1
    photo = np.zeros((height, width, 3), np.uint8)
    photo[8:16, 16:24] = 255
    adapter = models.wrap(module, mean=(0, 0, 0), std=(1, 1, 1))
    x = adapter.prepare(photo, size=32)
    heat = viz.record_attention(adapter, x, token_mean=True)
    assert heat.cls[0, 0, 1, 2] > 0.9
    assert heat.token_mean[0, 0, 1, 2] > 0.9
    assert heat.grid == (height // 8, width // 8)
    assert config.mask_ratio == module.embeddings.config.mask_ratio == 0.75


def mae_with_decoder() -> nn.Module:
    return transformers.ViTMAEForPreTraining(
        transformers.ViTMAEConfig(
            **SMALL, decoder_hidden_size=16, decoder_num_hidden_layers=1,
            decoder_num_attention_heads=2, decoder_intermediate_size=16,
        )
    )  # fmt: skip


def clipseg() -> nn.Module:
    return transformers.CLIPSegModel(
        transformers.CLIPSegConfig(text_config=TEXT, vision_config=SMALL, projection_dim=16)
    )


def siglip2() -> nn.Module:
    return transformers.Siglip2Model(
        transformers.Siglip2Config(text_config=TEXT, vision_config={**SMALL, "num_patches": 64})
    )


def llava() -> nn.Module:
    text = {**TEXT, "model_type": "llama", "intermediate_size": 64, "num_key_value_heads": 4}
    vision = {**SMALL, "model_type": "clip_vision_model"}
    return transformers.LlavaModel(
        transformers.LlavaConfig(text_config=text, vision_config=vision, image_token_index=5)
    )


@pytest.mark.parametrize(
    ("make", "can", "prefix"),
    [
        (mae_with_decoder, {"attention"}, 1),
        (clipseg, {"attention", "contrastive", "text"}, 1),
        (siglip2, {"attention", "contrastive", "text"}, 0),
        (llava, {"attention", "contrastive"}, 1),
    ],
)
def test_the_vision_tower_of_a_larger_model_is_found(
    make: object, can: set[str], prefix: int
) -> None:
    adapter = models.wrap(make().eval())
    assert (adapter.can, adapter.prefix, adapter.depth, adapter.patch) == (can, prefix, 2, 8)
    record = viz.record_attention(adapter, adapter.prepare(PHOTO, size=64), token_mean=True)
    assert record.token_mean.shape == (2, 4, 8, 13)


def test_a_hybrid_counts_the_cells_of_its_convnet() -> None:
    for name, patch in [
        ("vit_tiny_r_s16_p8_224", 32), ("vit_small_r26_s32_224", 32), ("vit_base_r50_s16_224", 16),
    ]:  # fmt: skip
        with torch.device("meta"):
            adapter = models.wrap(timm.create_model(name, depth=1))
        assert adapter.can >= MAPS
        assert adapter.patch == patch


def test_a_size_that_a_model_cannot_take_is_said() -> None:
    module = transformers.Aimv2VisionModel(transformers.Aimv2VisionConfig(**SMALL)).eval()
    adapter = models.wrap(module, title="AIMv2")
    with pytest.raises(SettingError, match=r"AIMv2 cannot take .* 64 and the fit 'squash'"):
        viz.record_attention(adapter, adapter.prepare(PHOTO, size=64))
    viz.record_attention(adapter, adapter.prepare(PHOTO, fit="squash"))


def test_what_is_no_plain_attention_is_refused() -> None:
    differential = timm.create_model(
        "vit_dwee_patch16_reg1_gap_256", depth=1, embed_dim=32, num_heads=2
    )
    with pytest.raises(ModelError, match="difference of two softmaxes"):
        models.wrap(differential)
    video = transformers.VivitModel(transformers.VivitConfig(**SMALL))
    with pytest.raises(ModelError, match="neither patch tokens nor convolutions"):
        models.wrap(video)
