"""Real clients against a hub on loopback: what works, and the sentence for what does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from heedmap import models
from heedmap.errors import CheckpointError, DownloadError, HeedmapError
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download
from heedmap.models.loading import loader

from tests import checkpoints
from tests.checkpoints import Files
from tests.hub import Hub

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]  # downloads


def sentence(id: str) -> str:
    """What a visitor is told who asks for a model."""
    with pytest.raises(HeedmapError) as caught:
        models.load(id)
    return str(caught.value)


def test_a_timm_model_comes_with_its_weights(hub: Hub, tiny_vit: Files) -> None:
    import torch
    from safetensors.torch import load

    hub.add("timm/tiny", tiny_vit)
    adapter = models.load("tiny")
    assert (adapter.id, adapter.title, adapter.can) == ("tiny", "Tiny ViT", {"attention", "logits"})
    assert adapter.size == 64
    assert not adapter.module.training
    assert not any(weight.requires_grad for weight in adapter.module.parameters())
    expected = load(tiny_vit["model.safetensors"])
    for key, value in adapter.module.state_dict().items():
        assert torch.equal(value.cpu().float(), expected[key])


def test_a_clip_comes_with_its_weights(hub: Hub, tiny_clip: Files) -> None:
    hub.add("openai/tiny", tiny_clip)
    adapter = models.load("clip")
    assert (adapter.patch, adapter.depth, adapter.heads) == (16, 2, 2)
    assert adapter.can == {"attention", "contrastive", "text"}
    assert adapter.module.config._attn_implementation == "sdpa"


def test_a_second_process_needs_no_request(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", tiny_vit)
    models.load("tiny")
    loader._cache.clear()
    hub.log.clear()
    models.load("tiny")
    assert hub.log == []


def test_other_programs_find_the_files(hub: Hub, machine: Path, tiny_vit: Files) -> None:
    from huggingface_hub import hf_hub_download, scan_cache_dir

    hub.add("timm/tiny", tiny_vit)
    models.load("tiny")
    found = scan_cache_dir(machine)
    assert [repo.repo_id for repo in found.repos] == ["timm/tiny"]
    assert not found.warnings
    path = hf_hub_download(
        "timm/tiny", "model.safetensors", cache_dir=machine, local_files_only=True
    )
    assert Path(path).read_bytes() == tiny_vit["model.safetensors"]


def test_files_of_other_programs_are_found(
    hub: Hub, machine: Path, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants, hf_hub_download

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the hub here has no such storage

    hub.add("timm/tiny", tiny_vit)
    hf_hub_download("timm/tiny", "model.safetensors", cache_dir=machine, endpoint=hub.url)
    hub.log.clear()
    models.load("tiny")
    assert hub.log == []


def test_two_visitors_fetch_once(hub: Hub, tiny_vit: Files) -> None:
    repo = hub.add("timm/tiny", tiny_vit)
    repo.gate.clear()
    loadings = [models.begin("tiny") for _ in range(4)]
    repo.gate.set()
    assert len({id(loading.result(60)) for loading in loadings}) == 1
    assert hub.sent("model.safetensors") == [0]
    assert models.loaded("tiny")


def test_a_slow_one_shows_bytes_and_time_left(hub: Hub, tiny_vit: Files) -> None:
    seen = []
    hub.add("timm/tiny", tiny_vit, rate=3e6)
    folder = download.fetch(models.record("tiny"), lambda *step: seen.append(step))
    assert (folder / "model.safetensors").read_bytes() == tiny_vit["model.safetensors"]
    assert seen[0] == ("Asking the hub", 0, 0)
    phases, done, totals = zip(*seen[1:], strict=True)
    total = sum(len(tiny_vit[name]) for name in ("config.json", "model.safetensors"))
    assert set(phases) == {"Downloading"}
    assert set(totals) == {total}
    assert list(done) == sorted(done)
    assert done[-1] == total
    assert len(set(done)) > 20


def test_nobody_waits_for_a_strangers_download(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", tiny_vit)
    hub.add("timm/small", checkpoints.timm("test_efficientnet"))
    held = hub.repos["timm/small"]
    held.gate.clear()
    stranger = models.begin("small")
    assert models.load("tiny").id == "tiny"
    assert not stranger.done
    held.gate.set()
    assert stranger.result(60).can >= {"convolutions"}


def test_a_break_is_taken_up_again(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", tiny_vit, breaks=[500_000, 500_000])
    models.load("tiny")
    assert hub.sent("model.safetensors") == [0, 500_000, 1_000_000]


def test_one_that_keeps_breaking_goes_on_next_time(
    hub: Hub, machine: Path, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    repo = hub.add("timm/tiny", tiny_vit, breaks=[600_000, 0, 0])
    assert sentence("tiny") == (
        "The download of Tiny ViT broke off at 0.6 of 1.5 MB: try again, it goes on from there."
    )
    assert repo.breaks == []
    hub.log.clear()
    models.load("tiny")
    assert hub.sent("model.safetensors") == [600_000]
    assert not list(machine.rglob("*.incomplete"))


def test_damaged_bytes_are_thrown_away(hub: Hub, machine: Path, tiny_vit: Files) -> None:
    repo = hub.add("timm/tiny", tiny_vit, damaged=True)
    assert sentence("tiny") == (
        "model.safetensors of Tiny ViT arrived damaged, its checksum is not the hub's: try again, "
        "it is fetched anew."
    )
    repo.damaged = False
    models.load("tiny")


def test_a_gated_model_says_where_to_accept_the_licence(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit, gated=True)
    assert sentence("tiny") == (
        f"Tiny ViT is gated: accept its licence at {hub.url}/timm/tiny, then set HF_TOKEN to a "
        f"read token from {hub.url}/settings/tokens."
    )
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert sentence("tiny") == (
        "Tiny ViT is gated and the account of HF_TOKEN has no access yet: accept its licence at "
        f"{hub.url}/timm/tiny, then try again."
    )
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert models.load("tiny").id == "tiny"


def test_a_hub_that_cannot_be_reached(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub() as gone:
        monkeypatch.setenv("HF_ENDPOINT", gone.url)
    assert sentence("tiny") == (
        f"127.0.0.1:{gone.port} cannot be reached to fetch Tiny ViT: check the network and "
        "HF_ENDPOINT, or choose a bundled model, which needs no network."
    )


def test_offline_uses_what_is_there(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit)
    models.load("tiny")
    loader._cache.clear()
    hub.log.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert models.load("tiny").id == "tiny"
    assert sentence("clip") == (
        "Tiny CLIP is not on this machine and HF_HUB_OFFLINE forbids to fetch it: unset it, or "
        "choose a bundled model, which needs no network."
    )
    assert hub.log == []


def test_a_process_that_started_offline(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clients read the environment when they are imported: here it is offline from then on."""
    hub.add("timm/test_vit.r160_in1k", tiny_vit)
    models.load("timm/test_vit.r160_in1k")
    hub.log.clear()
    code = "from heedmap import models; print(models.load('timm/test_vit.r160_in1k').depth)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"}, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("6", "")
    assert hub.log == []


def test_an_unknown_repository(hub: Hub) -> None:
    host = hub.url.removeprefix("http://")
    assert sentence("tiny") == (
        f"{host} has no public model 'timm/tiny': check the id, or set HF_TOKEN to a token that "
        "may read it if it is private."
    )


def test_a_hub_out_of_order(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", tiny_vit, status=503)
    host = hub.url.removeprefix("http://")
    assert sentence("tiny") == (
        f"{host} answers with error 503 for Tiny ViT: try again in a few minutes, or choose a "
        "bundled model, which needs no network."
    )


def test_a_token_that_is_refused(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", tiny_vit, status=403)
    assert "refuses access to Tiny ViT: check the token in HF_TOKEN" in sentence("tiny")


def test_something_that_is_no_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.url}/elsewhere")
    assert "127.0.0.1" in sentence("tiny")


def test_missing_weights(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", {"config.json": tiny_vit["config.json"]})
    assert sentence("tiny") == (
        "Tiny ViT cannot be loaded, timm/tiny lacks model.safetensors: choose another checkpoint "
        "of this model."
    )


def test_pickled_weights_are_refused_with_the_command(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", checkpoints.pickled(tiny_vit))
    assert sentence("tiny") == (
        "Tiny ViT has its weights only as pytorch_model.bin, a pickled file, which can run code "
        "when it is opened: if you trust it, download it, convert it with `python -m "
        "heedmap.models.convert pytorch_model.bin` and load the result from HEEDMAP_MODELS."
    )
    assert not [path for _, path, _ in hub.log if path.endswith(".bin")]


def test_the_hubs_own_conversion_is_taken(hub: Hub, tiny_clip: Files) -> None:
    repo = hub.add("openai/tiny", checkpoints.pickled(tiny_clip))
    repo.files["refs/pr/3"] = {"config.json": b"{}", "model.safetensors": b"evil"}
    repo.files["refs/pr/7"] = tiny_clip
    title = "Adding `safetensors` variant of this model"
    repo.requests = [
        {"num": 3, "title": title, "author": "somebody"},
        {"num": 7, "title": title, "author": "SFconvertbot"},
    ]
    assert "contrastive" in models.load("clip").can
    loader._cache.clear()
    hub.log.clear()
    models.load("clip")
    assert hub.log == []  # remembered as the conversion that it is


def test_shards_are_put_together(hub: Hub, tiny_clip: Files, tmp_path: Path) -> None:
    from transformers import CLIPModel

    whole = tmp_path / "whole"
    whole.mkdir()
    for name, content in tiny_clip.items():
        (whole / name).write_bytes(content)
    files = checkpoints.transformers(CLIPModel.from_pretrained(whole), max_shard_size="100KB")
    assert len([name for name in files if name.endswith(".safetensors")]) > 1
    hub.add("openai/tiny", {**files, "preprocessor_config.json": b"{}"})
    adapter = models.load("clip")
    assert adapter.depth == 2
    loader._cache.clear()
    hub.log.clear()
    models.load("clip")
    assert hub.log == []


def test_the_wrong_architecture_names_the_keys(hub: Hub) -> None:
    hub.add("timm/tiny", checkpoints.timm("test_vit2"))
    message = sentence("tiny")
    assert message.startswith("The weights of Tiny ViT do not fit the architecture test_vit: ")
    assert message.endswith("; name the architecture that they were trained with.")
    assert "missing cls_token, norm.weight, norm.bias; not known blocks.0.ls1.gamma" in message
    assert "and 40 more" in message


def test_a_clip_with_other_layers_names_the_keys(hub: Hub, tiny_clip: Files) -> None:
    config = json.loads(tiny_clip["config.json"])
    config["vision_config"]["num_hidden_layers"] = 3
    config["vision_config"]["patch_size"] = 8
    hub.add("openai/tiny", {**tiny_clip, "config.json": json.dumps(config).encode()})
    message = sentence("clip")
    assert message.startswith("The weights of Tiny CLIP do not fit the architecture CLIPModel: ")
    assert "missing vision_model.encoder.layers.2." in message
    assert "of another shape vision_model.embeddings.patch_embedding.weight" in message


def test_a_file_that_is_no_safetensors(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", {**tiny_vit, "model.safetensors": b"<html>sorry</html>" * 9})
    with pytest.raises(CheckpointError, match="of Tiny ViT is damaged or no safetensors file"):
        models.load("tiny")


def test_over_the_hosts_limit_nothing_is_fetched(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit)
    monkeypatch.setenv("HEEDMAP_MAX_GB", "0.001")
    assert sentence("tiny") == (
        "Tiny ViT is a download of 1.5 MB and the host of this app permits 1.0 MB: choose a "
        "smaller model, or raise HEEDMAP_MAX_GB."
    )
    assert hub.sent("") == []


def test_no_room_on_the_disk(hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    hub.add("timm/tiny", tiny_vit)
    monkeypatch.setattr(
        "heedmap.models.files.download.shutil.disk_usage",
        lambda path: SimpleNamespace(free=1_000_000),
    )
    assert sentence("tiny") == (
        "There is no room on the disk for Tiny ViT: free some, or point HF_HOME to a larger disk."
    )
    assert hub.sent("") == []


def test_the_disk_fills_up_on_the_way(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    hub.add("timm/tiny", tiny_vit)

    def full(self: object, part: Path, have: int, report: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download._File, "_append", full)
    with pytest.raises(DownloadError, match="no room on the disk for Tiny ViT"):
        models.load("tiny")


def test_the_memory_is_bounded_and_really_freed(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    import weakref

    hub.add("timm/tiny", tiny_vit)
    hub.add("timm/small", checkpoints.timm("test_efficientnet"))
    monkeypatch.setenv("HEEDMAP_CACHE_GB", "0.0018")
    first = models.load("tiny")
    weights = [weakref.ref(weight) for weight in first.module.parameters()]
    del first
    models.load("small")
    assert not models.loaded("tiny")
    assert all(ref() is None for ref in weights)


def test_one_too_large_for_the_memory(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit)
    monkeypatch.setenv("HEEDMAP_CACHE_GB", "0.001")
    assert "takes 1.5 MB of memory and the cache holds 1.0 MB" in sentence("tiny")


def test_a_wrong_size_limit_is_said(monkeypatch: pytest.MonkeyPatch, catalogue: Model) -> None:
    monkeypatch.setenv("HEEDMAP_MAX_GB", "lots")
    assert sentence("tiny") == (
        "HEEDMAP_MAX_GB='lots' is no size: set it to GB above 0, such as 2.5."
    )
