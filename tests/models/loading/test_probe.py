"""What is known of a model before its weights are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from heedmap import models
from heedmap.models.catalogue.entries import CATALOGUE
from heedmap.models.families.order import Order

from tests import checkpoints
from tests.checkpoints import Files
from tests.hub import Hub, client
from tests.viz.capture.oracles import SMALL

TIMM = [model.id for model in CATALOGUE if model.library == "timm" and not model.bundled]


@pytest.mark.parametrize("id", TIMM)
def test_a_timm_model_of_the_catalogue_needs_no_network(
    id: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch, machine, offline=True)
    record, found = models.record(id), models.probe(id)
    assert (found.can, found.parameters, found.size) == (
        record.can, record.parameters, record.size,
    )  # fmt: skip
    assert found.nbytes in (2 * found.parameters, 4 * found.parameters)


@pytest.mark.parametrize(
    ("id", "depth", "heads", "patch", "prefix"),
    [
        ("dino-vits8", 12, 6, 8, 1),
        ("dinov2-vitl14-reg", 24, 16, 14, 5),
        ("dinov3-vitb16", 12, 12, 16, 5),
        ("resnet50", 0, 0, 32, 0),
    ],
)
def test_the_shape(id: str, depth: int, heads: int, patch: int, prefix: int) -> None:
    found = models.probe(id)
    assert (found.depth, found.heads, found.patch, found.prefix) == (depth, heads, patch, prefix)
    assert found.has_cls == (prefix > 0)


@pytest.mark.parametrize("id", ["bundled-vit", "bundled-vit-reg", "bundled-clip", "bundled-cnn"])
def test_it_tells_what_the_loaded_model_says(id: str, machine: Path) -> None:
    found, adapter = models.probe(id), models.load(id)
    for name in ("can", "kinds", "depth", "heads", "patch", "prefix", "has_cls", "size"):
        assert getattr(found, name) == getattr(adapter, name), name


def llama4() -> Files:
    """Llama 4, whose vision tower has its CLS token last."""
    import transformers

    vision = {
        **SMALL, "intermediate_size": 128, "projector_input_dim": 32, "projector_output_dim": 32,
        "vision_output_dim": 32,
    }  # fmt: skip
    text = {
        "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 16,
        "num_key_value_heads": 2, "intermediate_size": 32, "intermediate_size_mlp": 32,
        "vocab_size": 64, "num_local_experts": 2, "pad_token_id": 0,
    }  # fmt: skip
    config = transformers.Llama4Config(vision_config=vision, text_config=text)
    return checkpoints.transformers(transformers.Llama4ForConditionalGeneration(config))


def pixio() -> Files:
    """A tower with several CLS tokens."""
    import transformers

    return checkpoints.transformers(
        transformers.PixioModel(transformers.PixioConfig(**SMALL, n_cls_tokens=8))
    )


@pytest.mark.parametrize(
    ("make", "order"), [(llama4, Order(0, 1, 1, last=True)), (pixio, Order(8, 0, 8))]
)
def test_the_order_of_the_tokens_is_known_before_the_weights_are_there(
    make: Callable[[], Files], order: Order, hub: Hub
) -> None:
    hub.add("somebody/tower", make())
    assert models.probe("somebody/tower").order == order
    assert not hub.sent("")
    assert models.load("somebody/tower").order == order


def test_a_clip_of_the_hub_asks_for_its_config_only(hub: Hub, tiny_clip: Files) -> None:
    repo = hub.add("openai/clip-vit-base-patch32", tiny_clip)
    repo.files["refs/pr/15"] = tiny_clip
    found = models.probe("clip-vit-b32")
    assert (found.depth, found.patch, found.has_cls) == (2, 16, True)
    assert found.can == {"attention", "contrastive", "text"}
    assert not hub.sent("")
