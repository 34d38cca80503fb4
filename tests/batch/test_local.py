"""Workers that are processes: shared out, replaced when they end, and gone with their run."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from heedmap.batch import local
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job, Plan
from heedmap.batch.run import run as go_on
from heedmap.errors import ModelError

from tests.batch.conftest import each_once, here, rows_in

# A worker that notes what it has done in a file, and ends where a photo says so.
WORKER = """
import os, sys
from multiprocessing.connection import Connection
from heedmap.batch.messages import Done, Progress, Ready, Refused
wire = Connection(int(sys.argv[-1]))
plan = wire.recv()
if plan.job.model == "refused":
    wire.send(Refused("No such model."))
    wire.recv()
if plan.job.model == "ends":
    os._exit(3)
wire.send(Ready())
while True:
    photos = wire.recv()
    for photo in photos:
        if photo.name.startswith("poison") or plan.job.model == "weak":
            os._exit(9)
        wire.send(Progress(1))
    with open(plan.out / "done.txt", "a") as file:
        file.write("".join(f"{photo.name}\\n" for photo in photos))
    wire.send(Done(0))
"""


def run(out: Path, names: list[str], model: str = "bundled-vit", workers: int = 2) -> list[int]:
    """Share photos out to such workers; returns what was told."""
    folder, told = Folder(out), list[int]()
    with folder.alone():
        plan = Plan(Job(model), out, folder.begin({}), batch=4)
        local.run(plan, [Photo(name, name) for name in names], workers, told.append)
    return told


@pytest.fixture(autouse=True)
def plain_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WORKER", ("-c", WORKER))


def test_every_photo_is_done_once_and_told_once(tmp_path: Path) -> None:
    names = [f"{i:03}" for i in range(150)]
    told = run(tmp_path, names)
    assert sorted((tmp_path / "done.txt").read_text().split()) == names
    assert sum(told) == 150


def test_a_photo_that_ends_its_process_is_found_and_given_up(tmp_path: Path) -> None:
    names = [f"{i:02}" for i in range(20)]
    told = run(tmp_path, [*names[:5], "poison", *names[5:]])
    assert sorted((tmp_path / "done.txt").read_text().split()) == names
    assert [name for name, _ in Folder(tmp_path).failures()] == ["poison"]
    assert sum(told) == 21


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("refused", "No such model."),
        ("ends", r"end again and again \(exit code 3\)"),
        ("weak", r"end again and again \(exit code 9\)"),
    ],
)
def test_workers_that_can_do_nothing_end_the_run(
    model: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_ENDS", 2)
    with pytest.raises(ModelError, match=sentence):
        run(tmp_path, [f"{i}" for i in range(40)], model)


def test_parts_are_even_and_not_too_long() -> None:
    def lengths(photos: int, workers: int, batch: int) -> list[int]:
        some = [Photo(str(i), "") for i in range(photos)]
        return [len(part) for part in local.in_parts(some, workers, batch)]

    assert lengths(10, 2, 1) == [2] * 5
    assert lengths(10, 2, 8) == [8, 2]
    assert lengths(1000, 2, 8) == [64] * 15 + [40]


@pytest.mark.slow
def test_the_command_is_killed_and_goes_on(photos: Path, tmp_path: Path) -> None:
    """A real process, killed while its worker is at work, and another process that goes on."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "heedmap", "batch", str(photos), "--out", str(out)]
    command += ["--size", "32", "--workers", "1", "--batch", "1"]
    process = subprocess.Popen(command)
    while not list(out.glob("maps/*.parquet")):
        assert process.poll() is None
        time.sleep(0.002)
    time.sleep(random.random() * 0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done, job = len(Folder(out).done()), Job("bundled-vit", size=32)
    result = go_on(job, str(photos), out, here)
    assert (result.photos, result.before) == (12, done)
    assert len(each_once(out)) == 12
    go_on(job, str(photos), tmp_path / "whole", here)
    pairs = (sorted(rows_in(each), key=_place) for each in (out, tmp_path / "whole"))
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_allclose(one.pop("values"), other.pop("values"), rtol=2e-3)
        assert one == other


def _place(row: dict) -> tuple[str, str]:
    return row["path"], row["layer"]
