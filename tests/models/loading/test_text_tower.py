"""Text towers beside timm's image towers, against open_clip itself on random weights."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import CheckpointError, ForbiddenError, ModelError
from heedmap.models.loading import loader, registry
from huggingface_hub import constants
from torch.nn.functional import normalize

from tests.hub import Hub, client
from tests.open_clips import CONFIGS, DIM, LONGEST, OpenClip, alone, made, tokenizer_files

TEXTS = ["A cat", "two_dogs, and a cat!"]
PHOTO = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
REPO = "timm/clip"
TOWER = "open_clip_model.safetensors"

pytestmark = pytest.mark.usefixtures("machine")


def load(there: OpenClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> models.Adapter:
    """From a folder of the host's own: all files side by side."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, content in {**there.files, "model.toml": b""}.items():
        (folder / name).write_bytes(content)
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path))
    return models.load("local:own")


def ids(kind: str) -> torch.Tensor:
    """Tokens of TEXTS as open_clip's own code makes them of the same tokenizer."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in tokenizer_files().items():
            (Path(folder) / name).write_bytes(content)
        how = CONFIGS[kind]["text_cfg"].get("tokenizer_kwargs", {})
        return open_clip.tokenizer.HFTokenizer(folder, LONGEST, **how)(TEXTS)


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_texts_and_photos_meet_as_in_open_clip(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = made(kind)
    adapter = load(there, tmp_path, monkeypatch)
    with torch.no_grad():
        own = normalize(there.module.encode_text(ids(kind)), dim=1)
    torch.testing.assert_close(adapter.encode_text(TEXTS), own, rtol=1e-4, atol=1e-5)
    cosines = torch.tensor([0.25, -0.5])
    scaled = cosines * there.module.logit_scale.exp() + (there.module.logit_bias or 0)
    torch.testing.assert_close(adapter.text.logits(cosines), scaled.detach())
    x = adapter.prepare(PHOTO)
    photo = adapter.text.embed(adapter.forward(x.pixels))
    assert photo.shape == (1, DIM)
    if "SigLIP" not in kind:  # that of a SigLIP is timm's own
        with torch.no_grad():
            torch.testing.assert_close(
                photo, there.module.encode_image(x.pixels), rtol=1e-4, atol=1e-4
            )
    found = viz.word_maps(adapter, x, TEXTS)
    torch.testing.assert_close(
        torch.from_numpy(found.cosines), own @ normalize(photo, dim=1)[0], rtol=1e-4, atol=1e-5
    )


def test_which_word_of_a_prompt_counted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = load(made("CLIP"), tmp_path, monkeypatch)
    x = adapter.prepare(PHOTO)
    found = viz.prompt_relevance(adapter, x, "two dogs")
    assert found.words == ("two", "dogs")
    assert found.relevance.max() > 0  # of random weights one of them may count nothing
    photo = normalize(adapter.forward(x.pixels), dim=1)[0]
    cosine = adapter.encode_text(["two dogs"])[0] @ photo
    assert found.cosine == pytest.approx(float(cosine), abs=1e-5)
    recorded = viz.record_text(adapter, "two dogs")
    assert (recorded.depth, recorded.heads) == (2, 4)
    np.testing.assert_array_equal(np.triu(recorded.attention[0, 0], 1), 0)  # CLIP's is causal


def test_the_text_tower_is_downloaded_when_a_text_is_first_asked_for(hub: Hub) -> None:
    there = made("CLIP")
    hub.add(REPO, there.files)
    assert models.record(REPO).can == {"attention", "contrastive", "text"}
    adapter = models.load(REPO)
    x = adapter.prepare(PHOTO)
    viz.explain(adapter, x, "relevance", torch.ones(DIM))  # a direction needs no text tower
    assert not hub.sent(TOWER)
    assert models.text_download(REPO) == len(there.files[TOWER])
    before = loader.nbytes()
    adapter.encode_text(["a cat"])
    assert hub.sent(TOWER) == [0]
    assert models.text_download(REPO) == 0
    text = [w for key, w in there.module.state_dict().items() if not key.startswith("visual.")]
    assert loader.nbytes() - before == sum(weight.nbytes for weight in text)
    loader._cache.clear()
    hub.log.clear()
    models.load(REPO).encode_text(["a cat"])
    assert not hub.log  # all of it is in the cache


def test_a_repository_of_open_clip_alone_is_read_whole(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = alone()
    hub.add(REPO, there.files)
    record = models.record(REPO)
    assert record.can == {"attention", "contrastive", "text"}
    assert record.download_bytes >= len(there.files[TOWER])
    adapter = models.load(REPO)
    x = adapter.prepare(PHOTO)
    with torch.no_grad():
        photo = normalize(there.module.encode_image(x.pixels), dim=1)[0]
        texts = normalize(there.module.encode_text(ids("SigLIP")), dim=1)
    assert models.text_download(REPO) == 0
    found = viz.word_maps(adapter, x, TEXTS)
    torch.testing.assert_close(torch.from_numpy(found.cosines), texts @ photo, rtol=1e-4, atol=1e-5)
    assert hub.sent(TOWER) == [0]
    registry._resolved.clear()
    loader._cache.clear()
    client(monkeypatch, Path(constants.HF_HUB_CACHE), offline=True)
    assert models.load(REPO).encode_text(["a cat"]).shape == (1, DIM)


def test_a_host_that_forbids_the_second_download_says_so(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made("CLIP").files
    hub.add(REPO, files)
    both = len(files[TOWER])
    assert len(files["model.safetensors"]) < both
    monkeypatch.setenv("HEEDMAP_MAX_GB", str((both - 1) / 1e9))
    adapter = models.load(REPO)
    with pytest.raises(ForbiddenError, match="the host of this app permits"):
        adapter.encode_text(["a cat"])
    assert adapter.forward(adapter.prepare(PHOTO).pixels).shape == (1, DIM)  # photos go on


def test_pickled_weights_of_the_text_tower_are_refused(hub: Hub) -> None:
    files = made("CLIP").files
    pickled = {("open_clip_pytorch_model.bin" if k == TOWER else k): v for k, v in files.items()}
    hub.add(REPO, pickled)
    with pytest.raises(CheckpointError, match=r"only as open_clip_pytorch_model.bin, a pickled"):
        models.load(REPO).encode_text(["a cat"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ({"hf_model_name": "roberta-base"}, "hf_model_name='roberta-base'"),
        ({"embed_cls": True}, "embed_cls=True"),
        ({"pool_type": "eos"}, r"pool_type, proj_bias=\(False, 'eos', False\)"),
        ({"tokenizer_kwargs": {"strip_sep_token": True}}, "tokenizer_kwargs="),
    ],
)
def test_a_text_tower_that_cannot_be_built_is_named(
    hub: Hub, text: dict[str, object], says: str
) -> None:
    hub.add(REPO, made("CLIP", **text).files)
    adapter = models.load(REPO)
    assert "text" not in adapter.can
    with pytest.raises(ModelError, match=f"has no text tower here: open_clip's .*{says}"):
        adapter.encode_text(["a cat"])


def test_features_of_another_length_are_no_match_for_texts(hub: Hub) -> None:
    other = {**made("CLIP").files, "open_clip_config.json": made("SigLIP").files[
        "open_clip_config.json"].replace(b'"embed_dim": 64', b'"embed_dim": 63')}  # fmt: skip
    hub.add(REPO, other)
    with pytest.raises(ModelError, match="puts out 64 numbers and open_clip's text tower 63"):
        models.load(REPO).encode_text(["a cat"])


def test_an_image_tower_alone_says_so(hub: Hub) -> None:
    files = {k: v for k, v in made("CLIP").files.items() if not k.startswith("open_clip")}
    hub.add(REPO, files)
    with pytest.raises(ModelError, match="timm keeps the image tower alone: choose a CLIP"):
        models.load(REPO).encode_text(["a cat"])
