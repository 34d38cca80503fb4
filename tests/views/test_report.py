"""Reports: one file that needs no network, small enough to be sent, with all that was asked for."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError
from heedmap.views import report, report_command
from heedmap.views.report import Plan
from PIL import Image


class Page(HTMLParser):
    """What a page holds, and whom it would ask for more."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.asked += [value for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def pictures(self) -> list[np.ndarray]:
        heads = "data:image/jpeg;base64,"
        found = [each for each in self.asked if each.startswith(heads)]
        return [
            np.asarray(Image.open(io.BytesIO(base64.b64decode(each.removeprefix(heads)))))
            for each in found
        ]


def test_a_report_shows_photos_in_models_with_numbers() -> None:
    told: list[str] = []
    plan = Plan(["cat"], ["bundled-vit", "bundled-cnn"], [0, 5, 99], ["rollout", "gradcam++"])
    page = Page(report.make(plan, tell=lambda share, words: told.append(words)))
    assert told == ["Cat in bundled-vit", "Cat in bundled-cnn"]
    assert all(each.startswith("data:") for each in page.asked)
    assert "script" not in page.tags
    assert "link" not in page.tags
    # a photo, 2 layers and rollout; a photo, 3 channels and a CAM
    assert len(page.pictures) == 4 + 5
    assert max(page.pictures[1].shape) <= report.SIDE
    for words in ("Layer 5, mean of all heads", "Attention rollout", "Grad-CAM++", "Settings",
                  "the same for every class", "Attention rollout reads attention"):  # fmt: skip
        assert words in page.text, words


def test_models_are_compared_in_numbers() -> None:
    page = Page(report.make(Plan(["cat"], ["bundled-vit", "bundled-clip"])))
    assert re.search(r"A and B: rank correlation -?0\.\d\d", page.text)
    assert "A is Heedmap ViT/8" in page.text


def test_a_model_that_fails_says_why_and_costs_the_others_nothing() -> None:
    page = Page(report.make(Plan(["cat"], ["nope", "bundled-vit"])))
    assert "There is no model 'nope'" in page.text
    assert len(page.pictures) == 2


def test_twenty_photos_stay_below_ten_megabytes() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 640, 3), np.uint8)
    row = viz.Row("a model", [(noise, f"layer {at}") for at in range(2)])
    page = viz.report({f"photo {at}": viz.Section([row]) for at in range(20)})
    assert len(page) <= 10_000_000
    pictures = Page(page).pictures
    assert len(pictures) == 40
    assert pictures[0].shape[1] < 640, "smaller pictures, rather than fewer"


def test_the_end_of_a_training_run() -> None:
    figures = {f"Epoch {at}": viz.grid_figure([np.zeros((8, 8, 3), np.uint8)]) for at in (1, 2)}
    page = viz.report(figures, curves={"loss <": [2.0, 1.0]}, settings={"lr": 1e-3})
    found = Page(page)
    assert [each.split(",")[0] for each in found.asked] == ["data:image/svg+xml;base64"] * 3
    assert "loss &lt;" in base64.b64decode(found.asked[0].split(",")[1]).decode()
    assert "0.001" in found.text
    with pytest.raises(SettingError, match="give a number for each epoch"):
        viz.report(figures, curves={"loss": []})
    with pytest.raises(SettingError, match="A report has sections"):
        viz.report({})


def test_the_command_writes_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.jpg").write_bytes(viz.encode_jpeg(viz.open_sample("coffee")))
    target = tmp_path / "report.html"
    report_command.main([str(tmp_path / "mine.jpg"), "--output", str(target)])
    assert "mine.jpg" in Page(target.read_bytes()).text
    assert "0%  mine.jpg in bundled-vit" in capsys.readouterr().err
    for wrong, said in (
        (["none.jpg"], "There is no photo"),
        (["cat", "--layers", "x"], "--layers"),
    ):
        with pytest.raises(SystemExit, match=said):
            report_command.main(wrong)
