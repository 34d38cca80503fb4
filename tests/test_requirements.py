"""What pip installs with the package fits the versions that the tests run with."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def test_pyproject_names_what_is_pinned_and_allows_the_pin() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    assert {pin.name for pin in pinned} == set(wanted)
    for pin in pinned:
        (version,) = pin.specifier
        assert version.operator == "=="
        assert version.version in wanted[pin.name], pin
