"""An architecture of one's own: built by the host's code, where the host trusts it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from heedmap import models
from heedmap.errors import HeedmapError
from safetensors.torch import save

from tests import checkpoints
from tests.hub import Hub

# What a host has beside its checkpoints: neither timm nor Transformers knows this network.
CODE = """
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
    def forward(self, x):
        return x + self.conv(x).relu()

class Resnet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(Block(width), Block(width), Block(width))
        self.head = nn.Linear(width, 2)
    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))

def resnet(width=8):
    return Resnet(width)

def text():
    return "no module"
"""
TOML = 'factory = "hosts_code:resnet"\nclasses = ["cat", "dog"]\nsize = 32\nmodel_args.width = 6\n'


@pytest.fixture
def folder(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the host's with a checkpoint, and its code where Python finds it."""
    (tmp_path / "hosts_code.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setenv("HEEDMAP_TRUST_LOCAL_CODE", "yes")
    folder = tmp_path / "shelf" / "own"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(save(made(6).state_dict()))
    (folder / "model.toml").write_text(TOML)
    return folder


def made(width: int) -> torch.nn.Module:
    import hosts_code

    torch.manual_seed(0)
    module: torch.nn.Module = hosts_code.resnet(width).eval()
    return module


def sentence(id: str) -> str:
    with pytest.raises(HeedmapError) as caught:
        models.load(id)
    return str(caught.value)


def test_the_hosts_own_class_is_loaded(folder: Path) -> None:
    adapter = models.load("local:own")
    assert (adapter.classes, adapter.size) == (("cat", "dog"), 32)
    assert "blocks.2.conv" in adapter.conv_layers
    assert models.probe("local:own").parameters == sum(p.numel() for p in made(6).parameters())
    for key, value in made(6).state_dict().items():
        assert torch.equal(adapter.module.state_dict()[key].cpu().float(), value)


@pytest.mark.parametrize("trust", ["", "no"])
def test_without_the_hosts_word_no_code_runs(
    trust: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parents[1] / "hosts_code.py").write_text("raise SystemExit")
    monkeypatch.setenv("HEEDMAP_TRUST_LOCAL_CODE", trust)
    message = (
        "own is built by code of its own (hosts_code:resnet): set HEEDMAP_TRUST_LOCAL_CODE=yes if "
        "you trust it, or build the module in Python and give it to models.wrap."
    )
    assert sentence("local:own") == message
    with pytest.raises(HeedmapError) as caught:
        models.probe("local:own")
    assert str(caught.value) == message


def test_a_model_toml_of_the_hub_runs_nothing(
    hub: Hub, folder: Path, tiny_vit: checkpoints.Files
) -> None:
    hub.add("a/b", {**tiny_vit, "model.toml": TOML.encode()})
    assert models.record("a/b").library == "timm"
    assert models.load("a/b").can >= {"attention"}
    assert not [path for _, path, _ in hub.log if path.endswith(".toml")]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("nowhere:resnet", "The factory nowhere:resnet of own fails (ModuleNotFoundError: No mod"),
        ("hosts_code:none", "The factory hosts_code:none of own fails (AttributeError: module"),
        ("sys:exit", "The factory sys:exit of own fails (SystemExit"),
        ("hosts_code:text", "The factory hosts_code:text of own returns a str: let it return a"),
    ],
)
def test_a_factory_that_does_not_work_is_said(said: str, message: str, folder: Path) -> None:
    (folder / "model.toml").write_text(f'factory = "{said}"')
    assert sentence("local:own").startswith(message)


def test_weights_of_another_network_are_named(folder: Path) -> None:
    (folder / "model.toml").write_text(TOML.replace("6", "7"))
    message = sentence("local:own")
    assert (
        "do not fit the architecture Resnet: of another shape stem.weight [6, 3, 3, 3]" in message
    )
    (folder / "model.safetensors").write_bytes(save(made(7).blocks.state_dict()))
    assert "missing stem.weight, stem.bias, blocks.0.conv.weight and 7 more" in sentence(
        "local:own"
    )
