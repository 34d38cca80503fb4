"""Photos in, rows out: the right ones, and each once, whatever happens on the way."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.batch import folder, run
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job
from heedmap.errors import CaptureError, SettingError
from heedmap.views.wanted import Wanted
from PIL import Image

from tests.batch.conftest import each_once, here, rows_in, write

CLS = Job("bundled-vit", size=32)


def values(row: dict) -> np.ndarray:
    return np.reshape(row["values"], (len(row["heads"]), row["rows"], row["cols"]))


def test_rows_hold_what_the_library_records_of_each_photo(photos: Path, tmp_path: Path) -> None:
    result = run.run(CLS, str(photos), tmp_path / "out", here, batch=3)
    assert (result.photos, result.before, result.failures) == (12, 0, [])
    adapter, rows = models.load("bundled-vit"), rows_in(tmp_path / "out")
    assert len(each_once(tmp_path / "out")) == 12
    for row in rows:
        x = adapter.prepare(viz.open_image(photos / row["path"]), size=32)
        own = viz.record_attention(adapter, x).cls[int(row["layer"])]
        assert (row["kind"], row["heads"], tuple(row["box"])) == ("cls", [0, 1, 2, 3, 4, 5], x.box)
        np.testing.assert_allclose(values(row), own, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("wanted", "layers"),
    [
        (Wanted("received", ("-1", "0"), "mean"), ["5", "0"]),
        (Wanted("cls", ("2",), "4"), ["2"]),
        (Wanted("rollout"), [""]),
    ],
)
def test_kinds_layers_and_heads_are_those_that_were_asked_for(
    wanted: Wanted, layers: list[str], tmp_path: Path
) -> None:
    photo = write(tmp_path / "photos" / "a.png")
    run.run(Job("bundled-vit", wanted, 32), str(photo.parent), tmp_path / "out", here)
    adapter = models.load("bundled-vit")
    x = adapter.prepare(viz.open_image(photo), size=32)
    record = viz.record_attention(adapter, x, token_mean=True)
    rows = rows_in(tmp_path / "out")
    assert [row["layer"] for row in rows] == layers
    for row in rows:
        if wanted.kind == "received":
            own = record.token_mean[int(row["layer"])].mean(0)
        elif wanted.kind == "cls":
            own = record.cls[2, 4]
        else:
            own = viz.explain(adapter, x, "rollout").heat
        assert row["heads"] == [4 if wanted.head == "4" else -1]
        np.testing.assert_allclose(values(row)[0], own, rtol=2e-3, atol=1e-5)


def test_channels_are_those_of_three_convolutions(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "a.png")
    job = Job("bundled-cnn", size=32, overlays=True, sheet=True)
    run.run(job, str(tmp_path / "photos"), tmp_path / "out", here)
    adapter = models.load("bundled-cnn")
    x = adapter.prepare(viz.open_image(tmp_path / "photos" / "a.png"), size=32)
    record = viz.record_activations(adapter, x, adapter.default_conv_layers, after="activation")
    rows = rows_in(tmp_path / "out")
    assert [row["layer"] for row in rows] == list(adapter.default_conv_layers)
    for row in rows:
        np.testing.assert_allclose(values(row), record.maps[row["layer"]], rtol=1e-3, atol=1e-4)
    assert len(list((tmp_path / "out" / "overlays").glob("*/*.jpg"))) == len(rows)


ODD = ["empty.png", "cut.jpg", "text.jpg", "huge.png", "heavy.jpg", "thin.png", "folder/line.png"]


def test_photos_that_cannot_be_mapped_are_rows_with_their_reason(tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    good = [write(source / name) for name in ("a.png", "x/y/z/ü <b>.png", "two\nlines.png")]
    for name in ODD:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes(b"")
    (source / "cut.jpg").write_bytes(viz.encode_jpeg(viz.open_sample("cat"))[:2000])
    (source / "text.jpg").write_bytes(b"a letter")
    Image.new("1", (30_000, 30_000)).save(source / "huge.png")
    with open(source / "heavy.jpg", "wb") as file:
        file.truncate(30_000_000)
    write(source / "thin.png", 2, 9000)
    write(source / "folder" / "line.png", 1, 50)
    os.symlink(source / "nowhere.png", source / "link.png")
    job = Job("bundled-vit", size=128, sheet=True)

    result = run.run(job, str(source), out, here)

    assert sorted(name for name, _ in result.failures) == sorted([*ODD, "link.png"])
    assert len(each_once(out)) == len(good)
    failed = {row["path"]: row for row in rows_in(out) if row["error"]}
    assert "30.0 MB" in failed["heavy.jpg"]["error"]
    assert "900.0 megapixels" in failed["huge.png"]["error"]
    assert "choose a size up to" in failed["thin.png"]["error"]
    assert failed["text.jpg"]["sha256"] is not None
    assert not any(str(tmp_path) in row["error"] for row in failed.values())
    page = (out / "sheet.html").read_text()
    assert "x/y/z/ü &lt;b&gt;.png" in page
    assert str(tmp_path) not in page


def test_a_photo_that_was_mended_is_mapped_when_failed_ones_are_tried(tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    write(source / "a.png")
    (source / "b.png").write_bytes(b"")
    assert [name for name, _ in run.run(CLS, str(source), out, here).failures] == ["b.png"]
    write(source / "b.png")
    again = run.run(CLS, str(source), out, here)
    assert (again.before, len(again.failures)) == (2, 1)
    assert run.run(CLS, str(source), out, here, retry_failed=True).failures == []
    assert each_once(out) == ["a.png", "b.png"]


class Killed(BaseException):
    """The end of a process, as far as this process can play it."""


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_and_taken_up_again_nothing_is_lost_or_doubled(
    photos: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "03.png").write_bytes(b"broken")
    chance, kills = random.Random(seed), 0

    def risky(step: Callable[..., object]) -> Callable[..., object]:
        def run_or_die(*args: object) -> object:
            nonlocal kills
            if kills < 10 and chance.random() < 0.6:
                kills += 1
                if chance.random() < 0.5:
                    step(*args)
                raise Killed
            return step(*args)

        return run_or_die

    monkeypatch.setattr(folder.os, "replace", risky(os.replace))
    monkeypatch.setattr(folder.os, "fsync", risky(os.fsync))
    for _ in range(50):
        try:
            result = run.run(CLS, str(photos), tmp_path / "out", here, batch=3)
            break
        except Killed:
            continue
    assert kills >= 5
    assert result.photos == 12
    assert [name for name, _ in result.failures] == ["03.png"]
    assert each_once(tmp_path / "out") == [f"{i:02}.png" for i in range(12) if i != 3]
    left = [path.name for path in (tmp_path / "out").rglob("*.tmp")]
    assert len(left) <= 1  # of manifest.json, which the next run writes over


def test_settings_that_fit_no_photo_are_refused_before_any(photos: Path, tmp_path: Path) -> None:
    refused = {
        "no maps of the kind 'nose'": Job("bundled-vit", Wanted("nose")),
        "no layer 6": Job("bundled-vit", Wanted("cls", ("6",))),
        "no layer 'conv1'": Job("bundled-vit", Wanted("cls", ("conv1",))),
        "no head or channel 6": Job("bundled-vit", Wanted("cls", (), "6")),
        "no head 'all of it'": Job("bundled-vit", Wanted("cls", (), "all of it")),
        "no layer 'nose'": Job("bundled-cnn", Wanted("channels", ("nose",))),
        "A size of 4 px": Job("bundled-vit", size=4),
    }
    for number, (sentence, job) in enumerate(refused.items()):
        with pytest.raises(SettingError, match=sentence):
            run.run(job, str(photos), tmp_path / str(number), here)
        assert rows_in(tmp_path / str(number)) == []
    with pytest.raises(CaptureError, match="reads convolutions"):
        run.run(Job("bundled-vit", Wanted("layercam")), str(photos), tmp_path / "out", here)


def test_a_model_with_other_weights_is_another_job(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = CLS.settings("photos")
    assert len(own["weights"]) == 64
    place = Folder(tmp_path / "out")
    with place.alone():
        place.begin(own)
        with pytest.raises(SettingError, match="made with weights"):
            place.begin({**own, "weights": "0" * 64})
