"""What `pip install` of this project gives: the library, and the command `heedmap`."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from heedmap import models, viz
from safetensors.torch import load_file

from tests import package

pytestmark = pytest.mark.slow  # builds and installs a wheel

ROOMS = (
    "languages/",
    "models/",
    "store/",
    "viz/",
    "views/",
    "pages/",
    "serving/",
    "batch/",
    "api/",
    "cluster/",
)
TOP = {
    *("app.py", "server.py", "private.py", "errors.py", "__main__.py"),
    *("py.typed", ".streamlit/config.toml"),
}
MAP = """
from heedmap import models, viz
import numpy
adapter = models.load("bundled-vit")
x = adapter.prepare(viz.open_sample("cat"), size=128)
numpy.save("map.npy", viz.record_attention(adapter, x).cls)
print(models.__file__)
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A project with a models.py and a viz.py of its own."""
    for name in ("models.py", "viz.py", "errors.py"):
        (tmp_path / name).write_text("raise RuntimeError('this is not Heedmap')")
    return tmp_path


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: Path) -> None:
    wanted = {name for name in package.tracked() if name.startswith(ROOMS) or name in TOP}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {f"heedmap/{name}" for name in wanted}


def test_it_makes_the_same_map_in_a_project_with_models_of_its_own(
    installed: Path, elsewhere: Path
) -> None:
    where = run(elsewhere, installed, "-c", MAP)
    assert Path(where.strip()).is_relative_to(installed.parent.parent)
    adapter = models.load("bundled-vit")
    ours = viz.record_attention(adapter, adapter.prepare(viz.open_sample("cat"), size=128)).cls
    np.testing.assert_allclose(np.load(elsewhere / "map.npy"), ours, atol=1e-6)


def test_the_command_says_what_there_is(installed: Path, elsewhere: Path) -> None:
    command = run(elsewhere, installed.with_name("heedmap"), "--help")
    assert "convert" in command
    assert "--no-browser" in command
    assert run(elsewhere, installed, "-m", "heedmap", "--help") == command


def test_the_command_converts_a_checkpoint(installed: Path, elsewhere: Path) -> None:
    torch.save({"state_dict": {"module.weight": torch.arange(3.0)}}, elsewhere / "model.pth")
    said = run(elsewhere, installed.with_name("heedmap"), "convert", "model.pth")
    assert said.startswith("model.safetensors")
    torch.testing.assert_close(
        load_file(elsewhere / "model.safetensors"), {"weight": torch.arange(3.0)}
    )
