"""Any id of the hub: resolved from its config.json, built through the same path."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from heedmap import models
from heedmap.errors import (
    CheckpointError,
    DownloadError,
    HeedmapError,
    ModelError,
    UnknownModelError,
)

from tests import checkpoints
from tests.checkpoints import Files
from tests.hub import Hub


def files(tmp_path: Path, kind: str) -> Files:
    """A tiny vision model of Transformers."""
    import transformers as hf

    small = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64,
        "intermediate_size": 64, "patch_size": 16,
    }  # fmt: skip
    if kind == "vit":
        return checkpoints.transformers(
            hf.ViTForImageClassification(
                hf.ViTConfig(**small, num_labels=2, id2label={0: "cat", 1: "dog"})
            )
        )
    if kind == "dinov2":
        return checkpoints.transformers(hf.Dinov2Model(hf.Dinov2Config(**small)))
    text = {key: value for key, value in small.items() if key not in ("image_size", "patch_size")}
    text |= {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2}
    config = hf.SiglipConfig(vision_config=small, text_config=text)
    return checkpoints.transformers(hf.SiglipModel(config))


def test_a_timm_model(hub: Hub) -> None:
    args = {"depth": 2, "embed_dim": 32, "num_heads": 2, "reg_tokens": 4, "num_classes": 3}
    hub.add("somebody/fine-tuned", checkpoints.timm("test_vit", **args))
    record = models.record("somebody/fine-tuned")
    assert (record.library, record.licence) == ("timm", "mit")
    assert record.can == {"attention", "logits"}
    assert record.pasted
    assert not hub.sent("")  # known before any weights are fetched
    adapter = models.load("somebody/fine-tuned")
    assert (adapter.depth, adapter.heads, adapter.prefix) == (2, 2, 5)
    assert record.parameters == sum(weight.numel() for weight in adapter.module.parameters())
    assert record.download_bytes > 4 * record.parameters


def test_a_convnet_of_timm(hub: Hub) -> None:
    hub.add("somebody/conv", checkpoints.timm("test_efficientnet", num_classes=10))
    assert models.record("somebody/conv").can == {"convolutions", "logits"}
    assert models.load("somebody/conv").module.num_classes == 10


@pytest.mark.parametrize(
    ("kind", "can", "prefix", "classes"),
    [
        ("vit", {"attention"}, 1, ("cat", "dog")),
        ("dinov2", {"attention"}, 1, None),
        ("siglip", {"attention", "contrastive", "text"}, 0, None),
    ],
)
def test_a_model_of_transformers(
    kind: str,
    can: set[str],
    prefix: int,
    classes: tuple[str, ...] | None,
    hub: Hub,
    tmp_path: Path,
) -> None:
    hub.add("somebody/model", files(tmp_path, kind))
    assert models.record("somebody/model").library == "transformers"
    assert models.record("somebody/model").can == can
    adapter = models.load("somebody/model")
    assert adapter.patch == 16
    assert adapter.can == (can | {"logits"} if classes else can)
    assert (adapter.depth, adapter.prefix) == (2, prefix)
    assert adapter.classes == classes


def test_who_asks_at_once_waits_for_one_answer(hub: Hub, tiny_vit: Files) -> None:
    hub.add("somebody/model", tiny_vit)
    with ThreadPoolExecutor(4) as visitors:
        found = list(visitors.map(models.record, ["somebody/model"] * 4))
    assert len({id(record) for record in found}) == 1
    assert len([path for _, path, _ in hub.log if path.endswith("/config.json")]) <= 3


def test_a_revision_can_be_named(hub: Hub, tiny_vit: Files) -> None:
    repo = hub.add("somebody/model", checkpoints.timm("test_efficientnet"))
    repo.files["v2"] = tiny_vit
    assert models.load("somebody/model@v2").can >= {"attention"}
    with pytest.raises(DownloadError, match="somebody/model has no such revision"):
        models.load("somebody/model@v3")


@pytest.mark.parametrize("id", ["a/../b", "a/b@../../c", "/etc/passwd", "a/b/c", "a", "http://a/b"])
def test_what_has_no_form_of_an_id_is_unknown(id: str, machine: Path) -> None:
    with pytest.raises(UnknownModelError):
        models.record(id)


def test_the_hubs_id_of_a_catalogue_model_is_that_model(hub: Hub) -> None:
    assert models.record("timm/resnet18.a1_in1k") == models.record("resnet18")
    assert not models.loaded("timm/resnet18.a1_in1k")
    assert hub.log == []


def sentence(id: str) -> str:
    with pytest.raises(HeedmapError) as caught:
        models.record(id)
    return str(caught.value)


def test_what_is_no_model_for_us_is_said(hub: Hub, machine: Path, tiny_vit: Files) -> None:
    def serve(config: object) -> None:
        text = config if isinstance(config, bytes) else json.dumps(config).encode()
        hub.repos.pop("a/b", None)
        hub.add("a/b", {**tiny_vit, "config.json": text})
        shutil.rmtree(machine, ignore_errors=True)

    serve({"diffusers": 1})
    assert sentence("a/b") == (
        "a/b is not a model that timm or Transformers can build (its config.json names none): "
        "choose one with the tag timm or transformers."
    )
    serve({"model_type": "mine", "auto_map": {"AutoModel": "code.Model"}})
    assert sentence("a/b") == (
        "a/b is of the kind 'mine', which Transformers has no class for: its own code is never "
        "run, so choose another checkpoint."
    )
    serve({"architecture": "nonesuch"})
    assert sentence("a/b").startswith("a/b cannot be built (Unknown model (nonesuch)")
    serve(b"{")
    assert "lacks a config.json that can be read" in sentence("a/b")
    serve({"model_type": "t5", "d_model": 32, "num_heads": 2, "num_layers": 1, "vocab_size": 9})
    with pytest.raises(ModelError, match="a/b has neither patch tokens nor convolutions"):
        models.record("a/b")


def test_an_id_that_the_hub_does_not_have(hub: Hub) -> None:
    assert "has no public model 'no/such'" in sentence("no/such")


def test_pickled_only_is_known_before_it_is_loaded(hub: Hub, tiny_vit: Files) -> None:
    hub.add("a/b", checkpoints.pickled(tiny_vit))
    with pytest.raises(CheckpointError, match=r"a/b has its weights only as pytorch_model.bin"):
        models.record("a/b")


def test_dino_of_transformers_is_shown_as_its_script_shows_it(hub: Hub, tmp_path: Path) -> None:
    bare = {**files(tmp_path, "vit"), "preprocessor_config.json": b"{}"}
    for id in ("facebook/dino-vits16", "somebody/vit"):
        hub.add(id, bare)
        assert models.load(id).preprocessing.dino == (id == "facebook/dino-vits16")
