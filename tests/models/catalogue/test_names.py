"""One model, however it was typed; and what is near a name that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from heedmap import models
from heedmap.errors import HeedmapError, UnknownModelError
from heedmap.models.catalogue import names

from tests.checkpoints import Files
from tests.hub import Hub


@pytest.mark.parametrize(
    ("typed", "id"),
    [
        ("bundled-vit", "bundled-vit"),
        (" bundled-vit\n", "bundled-vit"),
        ("timm/resnet50.a1_in1k", "resnet50"),
        ("resnet50", "resnet50"),
        ("resnet50.a1_in1k", "resnet50"),
        ("resnet34", "timm/resnet34.a1_in1k"),
        ("vit_small_patch14_dinov2.lvd142m", "dinov2-vits14"),
        ("vit_small_patch14_dinov2", "dinov2-vits14"),
        ("vit_base_patch14_reg4_dinov2.lvd142m", "dinov2-vitb14-reg"),
        ("owner/name", "owner/name"),
        ("owner/name@v2", "owner/name@v2"),
        ("https://huggingface.co/owner/name", "owner/name"),
        ("huggingface.co/owner/name/", "owner/name"),
        ("https://hf.co/owner/name?library=timm", "owner/name"),
        ("https://huggingface.co/owner/name/tree/v2", "owner/name@v2"),
        ("https://huggingface.co/owner/name/blob/main/config.json", "owner/name@main"),
        ("https://huggingface.co/timm/resnet50.a1_in1k", "resnet50"),
        ("https://elsewhere.org/owner/name", "https://elsewhere.org/owner/name"),
        ("resnet50.no_such_tag", "resnet50.no_such_tag"),
        ("local:mine", "local:mine"),
    ],
)
def test_one_id_for_one_model(typed: str, id: str, machine: Path) -> None:
    assert names.canonical(typed) == id


def test_a_name_of_timm_is_loaded_from_the_hub(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/test_vit.r160_in1k", tiny_vit)
    record = models.record("test_vit")
    assert (record.id, record.pasted) == ("timm/test_vit.r160_in1k", True)
    adapter = models.load("test_vit.r160_in1k")
    assert models.load(f"{hub.url}/timm/test_vit.r160_in1k") is adapter
    assert models.loaded("test_vit")
    assert models.probe("test_vit").depth == adapter.depth


@pytest.mark.parametrize("call", [models.load, models.record, models.probe, models.loaded])
@pytest.mark.parametrize("id", ["", "  ", None, 5, ["bundled-vit"], b"bundled-vit"])
def test_what_is_no_name_is_said(call, id: object, machine: Path) -> None:
    with pytest.raises(UnknownModelError) as caught:
        call(id)
    assert str(caught.value) == (
        f"A model id is a name such as 'bundled-vit' or 'owner/name', not {id!r}: choose one of "
        "models.ids()."
    )


def test_begin_raises_from_its_result(machine: Path) -> None:
    loading = models.begin("")
    assert (loading.done, loading.progress.phase) == (True, "Failed")
    with pytest.raises(UnknownModelError):
        loading.result()


@pytest.mark.parametrize("id", ["x" * 10_000, "a/" + "b" * 10_000, "local:" + "c" * 10_000, "é/ü"])
def test_long_names_are_shortened(id: str, machine: Path) -> None:
    with pytest.raises(UnknownModelError, match="There is no model '") as caught:
        models.load(id)
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("dino-vits61", "'dino-vits16', 'dino-vits8' or 'dinov3-vits16'"),
        ("resnet5O", "'resnet50'"),
        ("vit_small_patch14_dinov2.lvd124m", "'vit_small_patch14_dinov2.lvd142m'"),
    ],
)
def test_the_nearest_names_are_offered(typed: str, near: str, machine: Path) -> None:
    with pytest.raises(UnknownModelError) as caught:
        models.record(typed)
    assert str(caught.value).startswith(f"There is no model '{typed}': did you mean ")
    assert near in str(caught.value)
    assert str(caught.value).count("'") == 8


def test_the_nearest_repositories_are_offered(hub: Hub) -> None:
    with pytest.raises(HeedmapError) as caught:
        models.record("timm/resnet5O.a1_in1k")
    assert "has no public model 'timm/resnet5O.a1_in1k'" in str(caught.value)
    assert "'timm/resnet50.a1_in1k'" in str(caught.value)
