"""A folder of maps: one run at a time, one kind of maps, each photo once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from heedmap.batch import parts
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.errors import OvertakenError, SettingError
from heedmap.views.wanted import Maps

SETTINGS = {"model": "bundled-vit", "size": 128, "wanted": {"kind": "cls"}}


def photo(name: str) -> Photo:
    return Photo(name, f"/photos/{name}")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "out")
    folder.maps.mkdir(parents=True)
    return folder


def test_rows_come_back_as_they_were(folder: Folder) -> None:
    values = np.array([[[0.5, 1e9], [-1e9, 3e-5]]], np.float32)
    box = (0.0, 1.5, 30.0, 40.0)
    rows = [*parts.of_maps("ä.png", "ab", "channels", [Maps("conv1", (7,), values, "cat")], box)]
    folder.put(folder.begin(SETTINGS), [photo("ä.png")], rows, [])
    (part,) = folder.maps.glob("part-*")
    assert pq.read_schema(part).equals(parts.SCHEMA)
    (row,) = pq.read_table(part).to_pylist()
    assert row == {
        "path": "ä.png", "sha256": "ab", "kind": "channels", "layer": "conv1", "heads": [7],
        "rows": 2, "cols": 2, "box": list(box), "target": "cat", "error": None,
        "values": [0.5, 65504.0, -65504.0, float(np.float16(3e-5))],
    }  # fmt: skip


def test_another_setting_is_refused_by_its_name(folder: Folder) -> None:
    folder.begin(SETTINGS)
    folder.begin(dict(SETTINGS))
    with pytest.raises(SettingError, match="made with size = 128, and this run has 64"):
        folder.begin({**SETTINGS, "size": 64})
    with pytest.raises(SettingError, match="made with kind = 'cls', and this run has 'pool'"):
        folder.begin({**SETTINGS, "wanted": {"kind": "pool"}})
    with pytest.raises(SettingError, match="made with size = 128, and this run has None"):
        folder.begin({"model": "bundled-vit", "wanted": {"kind": "cls"}})


def test_files_of_another_program_are_left_alone(folder: Folder) -> None:
    (folder.maps / "sales.parquet").write_bytes(b"")
    with pytest.raises(SettingError, match="files of another program"):
        folder.begin(SETTINGS)


def test_a_damaged_folder_is_told(folder: Folder) -> None:
    run = folder.begin(SETTINGS)
    folder.put(run, [photo("a")], [], [parts.of_failure("a", None, "why")])
    (part,) = folder.maps.glob("failed-*")
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(SettingError, match="cannot be read: delete it"):
        folder.done()
    (folder.root / "manifest.json").write_text("[")
    with pytest.raises(SettingError, match=r"manifest.json is damaged"):
        folder.begin(SETTINGS)


def test_two_runs_at_once_are_refused(folder: Folder) -> None:
    other = Folder(folder.root)
    refused = pytest.raises(SettingError, match="Another run is writing")
    with folder.alone(), refused, other.alone():
        pass
    with other.alone():
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SettingError, match="cannot be written to"),
        Folder(tmp_path / "file" / "out").alone(),
    ):
        pass


def test_what_is_left_of_an_older_run_writes_nothing(folder: Folder) -> None:
    older = folder.begin(SETTINGS)
    failed = [parts.of_failure("a", None, "why")]
    newer = folder.begin(SETTINGS)
    with pytest.raises(OvertakenError, match="Another run has taken out over"):
        folder.put(older, [photo("a")], [], failed)
    assert folder.done() == set()
    folder.put(newer, [photo("a")], [], failed)
    folder.put(newer, [photo("a")], [], failed)  # the same photos, done twice
    assert folder.failures() == [("a", "why")]
    assert len(list(folder.maps.glob("*.parquet"))) == 1


def test_failed_photos_are_forgotten_when_asked(folder: Folder) -> None:
    run = folder.begin(SETTINGS)
    folder.put(run, [photo("a")], [], [parts.of_failure("a", None, "why")])
    folder.begin(SETTINGS)
    assert folder.done() == {"a"}
    folder.begin(SETTINGS, retry_failed=True)
    assert folder.done() == set()
