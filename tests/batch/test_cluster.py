"""A local Ray of two actors, of which some are killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from heedmap.batch import cluster
from heedmap.batch.cluster import Cluster
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job
from heedmap.batch.work import Plan
from heedmap.errors import SettingError

from tests.batch.conftest import rows_in
from tests.batch.plain_actors import Actor

pytestmark = pytest.mark.xdist_group("ray")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_an_actor_killed_loses_nothing_and_repeats_nothing(
    tmp_path: Path, ray_address: str
) -> None:
    folder, told = Folder(tmp_path / "out"), list[int]()
    photos = [Photo(f"{i:03}", {60: "before", 130: "after"}.get(i, "")) for i in range(200)]
    with folder.alone():
        plan = Plan(Job("bundled-vit"), folder.root, folder.begin({}), batch=8)
        cluster.run(plan, photos, 2, told.append, Cluster(ray_address), Actor)
    assert {path.name for path in folder.root.glob("*.died")} == {"060.died", "130.died"}
    rows = rows_in(folder.root)
    assert [row["path"] for row in sorted(rows, key=lambda row: row["path"])] == [
        photo.name for photo in photos
    ]
    assert sum(told) == 200
    assert len({row["error"] for row in rows}) >= 3  # two actors, and one that took a place
    assert os.getpid() not in {int(row["error"]) for row in rows}


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed", exc_type=ImportError)
    plan = Plan(Job("bundled-vit"), tmp_path, "")
    with pytest.raises(SettingError, match="Ray cannot be reached at nowhere"):
        cluster.run(plan, [], 1, print, Cluster("nowhere:"))
