"""The wheel of this checkout, built offline and installed into a virtual environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def tracked() -> list[str]:
    """Every file of the checkout that git does not ignore; without git the test is skipped."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone: what belongs in the wheel is what git tracks")
    return sorted(name for name in set(listed.stdout.split("\0")) if (ROOT / name).is_file())


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the checkout, which stays as it is; return its path."""
    for name in tracked():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "source" / name)
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    subprocess.run([*PIP, "wheel", *options, str(folder / "source")], check=True)
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel into an environment that shares our packages; return its Python."""
    python = folder / "bin" / "python"
    if python.with_name("heedmap").exists():
        return python
    venv.create(folder, with_pip=False, symlinks=True)
    pip = (*PIP, "--python", str(python), "install", "--no-deps", "--no-index")
    subprocess.run([*pip, str(wheel)], check=True)
    ours = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text("\n".join(ours))
    return python
