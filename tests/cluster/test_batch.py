"""A folder mapped by two actors of a local Ray, of which some are killed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from heedmap.batch import cluster, run
from heedmap.batch.cluster import Cluster
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job, Plan
from heedmap.errors import SettingError

from tests.batch.conftest import here, rows_in, twelve
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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_actors_give_the_rows_of_this_process(tmp_path: Path, ray_address: str) -> None:
    photos = str(twelve(tmp_path / "photos"))
    job, found = Job("bundled-vit", size=32), dict[str, list[dict]]()
    for name, runner in {"here": here, "ray": run.on_ray(1, Cluster(ray_address))}.items():
        run.run(job, photos, tmp_path / name, runner, batch=4)
        found[name] = sorted(rows_in(tmp_path / name), key=lambda row: (row["path"], row["layer"]))
    assert len(found["here"]) == 12 * 6
    for own, other in zip(*found.values(), strict=True):
        np.testing.assert_allclose(other.pop("values"), own.pop("values"), rtol=2e-3)
        assert other == own


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed", exc_type=ImportError)
    plan = Plan(Job("bundled-vit"), tmp_path, "")
    with pytest.raises(SettingError, match="Ray cannot be reached at nowhere"):
        cluster.run(plan, [], 1, print, Cluster("nowhere:"))
