"""Pickled checkpoints as training scripts write them, converted to safetensors."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from heedmap.errors import CheckpointError
from heedmap.models.convert import convert
from safetensors.torch import load_file

W = torch.arange(6.0).reshape(2, 3)
OPTIMIZER = {"state": {0: {"exp_avg": W + 9}}, "param_groups": [{"lr": 0.1}]}


def save(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def test_the_weights_in_a_training_checkpoint_are_found(tmp_path: Path) -> None:
    content = {"epoch": 3, "state_dict": {"module._orig_mod.fc.weight": W.t()}}
    done = convert(save(tmp_path / "last.ckpt", content))
    assert done.path == tmp_path / "last.safetensors"
    assert (done.key, done.others, done.left_out) == ("state_dict", (), ())
    assert torch.equal(load_file(done.path)["fc.weight"], W.t())


def timm_checkpoint() -> dict[str, Any]:
    """What timm's training script saves, its averaged weights being one higher."""
    return {
        "epoch": 3, "arch": "resnet18", "state_dict": {"fc.weight": W}, "optimizer": OPTIMIZER,
        "version": 2, "args": argparse.Namespace(model="resnet18", lr=0.1),
        "amp_scaler": {"scale": 65536.0}, "state_dict_ema": {"module.fc.weight": W + 1},
    }  # fmt: skip


def test_averaged_weights_come_first_and_it_is_said(tmp_path: Path) -> None:
    done = convert(save(tmp_path / "model_best.pth.tar", timm_checkpoint()))
    assert done.path == tmp_path / "model_best.safetensors"
    assert torch.equal(load_file(done.path)["fc.weight"], W + 1)
    assert str(done) == (
        f"{done.path}: weights from state_dict_ema; --key takes another: state_dict"
    )


def test_a_key_chooses_among_them(tmp_path: Path) -> None:
    source = save(tmp_path / "last.pth.tar", timm_checkpoint())
    assert torch.equal(load_file(convert(source, key="state_dict").path)["fc.weight"], W)
    with pytest.raises(CheckpointError) as caught:
        convert(source, key="state")
    assert str(caught.value) == (
        "last.pth.tar holds no tensors at 'state': choose a key that has some (state_dict, "
        "state_dict_ema)."
    )


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"n_averaged": torch.tensor(5), "module.fc.weight": W}, ""),  # torch's AveragedModel
        ({"state_dict": {"model.fc.weight": W, "criterion.weight": W + 1},
          "pytorch-lightning_version": "2.5.0"}, "state_dict"),
        ({"model": {"fc.weight": W + 1}, "model_ema": {"fc.weight": W}}, "model_ema"),
        ({"model": {"state_dict": {"fc.weight": W}}}, "model.state_dict"),
        ({"student": {"module.backbone.fc.weight": W + 1},
          "teacher": {"backbone.fc.weight": W, "head.mlp.weight": W + 1}}, "teacher"),
    ],
    ids=["AveragedModel", "Lightning", "model_ema", "nested", "DINO"],
)  # fmt: skip
def test_the_forms_that_people_have(tmp_path: Path, content: Any, key: str) -> None:
    done = convert(save(tmp_path / "x.pth", content))
    there = load_file(done.path)
    assert (done.key, list(there)) == (key, ["fc.weight"])
    assert torch.equal(there["fc.weight"], W)
    tensors = content["teacher"] if "teacher" in content else content.get("state_dict", {})
    assert done.left_out == tuple(name for name in tensors if name[:4] in ("crit", "head"))


def test_parts_side_by_side_keep_their_names(tmp_path: Path) -> None:
    """A model with a backbone and a head is one model."""
    content = {"backbone.conv.weight": W, "head.weight": W}
    done = convert(save(tmp_path / "x.pth", content))
    assert set(load_file(done.path)) == set(content)


def test_no_code_runs(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (tmp_path / "ran",)

    source = save(tmp_path / "evil.pth", {"w": torch.zeros(1), "evil": Evil()})
    with pytest.raises(CheckpointError, match=r"holds more than tensors \(getattr\): save"):
        convert(source)
    assert not (tmp_path / "ran").exists()


def test_what_holds_no_weights_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none.pth holds no tensors: save"):
        convert(save(tmp_path / "none.pth", {"epoch": 3}))
    (tmp_path / "text.pth").write_text("no")
    with pytest.raises(
        CheckpointError, match=r"text.pth holds more than tensors, or is not a file"
    ):
        convert(tmp_path / "text.pth")
    with pytest.raises(CheckpointError, match=r"There is no file .*gone.pth: check the path"):
        convert(tmp_path / "gone.pth")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    source = save(tmp_path / "x.pth", {"fc.weight": W})
    with pytest.raises(CheckpointError, match=r"none/x.safetensors cannot be written: name a file"):
        convert(source, tmp_path / "none" / "x.safetensors")


def test_the_command(tmp_path: Path) -> None:
    source = save(tmp_path / "last.pth.tar", timm_checkpoint())
    command = [sys.executable, "-m", "heedmap.models.convert", str(source), "--key", "state_dict"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert "weights from state_dict; --key takes another: state_dict_ema" in done.stdout
    assert torch.equal(load_file(tmp_path / "last.safetensors")["fc.weight"], W)
