"""Real clients against a hub on loopback: what works, and the sentence for what does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from heedmap import models
from heedmap.errors import CheckpointError, DownloadError, HeedmapError
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download
from heedmap.models.files.download import CHUNK
from heedmap.models.loading import loader

from tests import checkpoints
from tests.checkpoints import Files
from tests.hub import Hub, client

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


def test_files_of_other_programs_are_found(hub: Hub, machine: Path, tiny_vit: Files) -> None:
    from huggingface_hub import hf_hub_download

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


@pytest.mark.parametrize("xet", [False, True])
def test_a_slow_one_shows_bytes_as_they_come(xet: bool, hub: Hub, tiny_vit: Files) -> None:
    seen = []
    hub.add("timm/tiny", tiny_vit, rate=2e6, xet=xet)
    folder = download.fetch(models.record("tiny"), lambda *step: seen.append(step))
    assert (folder / "model.safetensors").read_bytes() == tiny_vit["model.safetensors"]
    assert any(path.startswith("/xet/") for _, path, _ in hub.log) == xet
    assert bool(hub.sent("model.safetensors")) != xet
    assert seen[0] == ("Asking the hub", 0, 0)
    phases, done, totals = zip(*seen[1:], strict=True)
    total = sum(len(tiny_vit[name]) for name in ("config.json", "model.safetensors"))
    assert set(phases) == {"Downloading"}
    assert set(totals) == {total}
    assert list(done) == sorted(done)
    assert done[-1] == total
    assert len(set(done)) >= 5  # Xet tells it every 0.1 s, HTTP every 64 kB


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


def test_a_break_is_taken_up_again(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.add("timm/tiny", tiny_vit, breaks=[8 * CHUNK, 8 * CHUNK])
    models.load("tiny")
    assert hub.sent("model.safetensors") == [0, 8 * CHUNK, 16 * CHUNK]


def test_one_that_keeps_breaking_can_be_tried_again(
    hub: Hub, machine: Path, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    repo = hub.add("timm/tiny", tiny_vit, breaks=[9 * CHUNK, *[0] * 5])
    assert sentence("tiny") == "The download of Tiny ViT broke off at 0.6 of 1.5 MB: try again."
    assert repo.breaks == []
    assert set(hub.sent("model.safetensors")) == {0, 9 * CHUNK}  # the client resumed until then
    models.load("tiny")
    assert not list(machine.rglob("*.incomplete"))


def test_xet_storage_that_fails_is_said(hub: Hub, tiny_vit: Files) -> None:
    """The hub answers, and what it refers to does not."""
    hub.add("timm/tiny", tiny_vit, xet=True, damaged=True)
    assert sentence("tiny") == "The download of Tiny ViT broke off at 0.0 of 1.5 MB: try again."
    hub.repos["timm/tiny"].damaged = False
    models.load("tiny")


def test_damaged_bytes_are_thrown_away(hub: Hub, tiny_vit: Files) -> None:
    repo = hub.add("timm/tiny", tiny_vit, damaged=True)
    assert sentence("tiny") == (
        "model.safetensors of Tiny ViT is damaged or not a safetensors file: try again, it is "
        "fetched anew."
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
        client(monkeypatch, machine, gone.url)
    assert sentence("tiny") == (
        f"127.0.0.1:{gone.port} cannot be reached to fetch Tiny ViT: check the network and "
        "HF_ENDPOINT, or choose a bundled model, which needs no network."
    )


def test_offline_uses_what_is_there(
    hub: Hub, machine: Path, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit)
    models.load("tiny")
    loader._cache.clear()
    hub.log.clear()
    client(monkeypatch, machine, hub.url, offline=True)
    assert models.load("tiny").id == "tiny"
    assert sentence("clip") == (
        "Tiny CLIP is not on this machine and HF_HUB_OFFLINE forbids to fetch it: unset it, or "
        "choose a bundled model, which needs no network."
    )
    assert hub.log == []


def test_a_process_that_started_offline(hub: Hub, machine: Path, tiny_vit: Files) -> None:
    """The client reads its environment when it is imported."""
    hub.add("timm/test_vit.r160_in1k", tiny_vit)
    models.load("timm/test_vit.r160_in1k")
    hub.log.clear()
    code = "from heedmap import models; print(models.load('timm/test_vit.r160_in1k').depth)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "HF_HUB_CACHE": str(machine), "HF_HUB_OFFLINE": "1"}, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("6", "")
    assert hub.log == []


def test_an_unknown_repository(hub: Hub) -> None:
    host = hub.url.removeprefix("http://")
    assert sentence("tiny") == (
        f"{host} has no public model 'timm/tiny': check the id (near it: 'timm/tinynet_e.in1k', "
        "'timm/tinynet_d.in1k' or 'timm/tinynet_c.in1k'), or set HF_TOKEN to a token that may read "
        "it if it is private."
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


def test_something_that_is_no_hub(hub: Hub, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, machine, f"{hub.url}/elsewhere")
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
        "when it is opened: if you trust it, download it, convert it with `heedmap convert "
        "pytorch_model.bin` and load the result from HEEDMAP_MODELS."
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


def test_a_file_that_is_no_safetensors(hub: Hub, tiny_vit: Files) -> None:
    hub.add("timm/tiny", {**tiny_vit, "model.safetensors": b"<html>sorry</html>" * 9})
    with pytest.raises(CheckpointError, match="of Tiny ViT is damaged or not a safetensors file"):
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

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(DownloadError, match="no room on the disk for Tiny ViT"):
        models.load("tiny")


def test_a_wrong_size_limit_is_said(monkeypatch: pytest.MonkeyPatch, catalogue: Model) -> None:
    monkeypatch.setenv("HEEDMAP_MAX_GB", "lots")
    assert sentence("tiny") == (
        "HEEDMAP_MAX_GB='lots' is not a size: set it to GB above 0, such as 2.5."
    )
