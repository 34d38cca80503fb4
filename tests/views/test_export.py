"""What is taken along: each file opened by a reader of its kind."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.models import Adapter
from heedmap.views import attention, channels, export, facts, large, names, render
from heedmap.views.attention import Map
from heedmap.views.compare import ALL, Column
from heedmap.views.figure import Figure
from heedmap.views.pairs import Difference, pairs
from heedmap.views.paper import MM, Paper
from heedmap.views.render import Look
from heedmap.views.request import Request
from PIL import Image
from pypdf import PdfReader

LINK = "http://localhost:8501/?layer=3&head=2&v=0.1.0"
COLUMN = Paper(width=85, dpi=100)


@pytest.fixture
def shown(vit: Adapter, cat: Request) -> Map:
    return Map(attention.source(vit, cat), 3, "2")


@pytest.fixture
def layers(shown: Map) -> Figure:
    return export.layers([shown, Map(shown.source, 5, "2")], Look(scale="layers"), 3, LINK)


def test_a_figure_is_as_wide_as_asked_in_every_format(layers: Figure) -> None:
    (page,) = PdfReader(io.BytesIO(layers.pdf(COLUMN))).pages
    assert float(page.mediabox.width) == pytest.approx(72 * 85 / MM, abs=0.1)
    svg = ElementTree.fromstring(layers.svg(COLUMN))
    assert float(svg.attrib["width"].removesuffix("pt")) == pytest.approx(72 * 85 / MM, abs=0.1)
    with Image.open(io.BytesIO(layers.png(COLUMN))) as picture:
        assert picture.width == pytest.approx(100 * 85 / MM, abs=1)
        assert picture.info["dpi"] == pytest.approx((100, 100), abs=0.1)


def test_text_is_text_in_embedded_fonts(layers: Figure) -> None:
    assert layers.title == "Heedmap ViT/8 at 128 px: attention from CLS, head 2"
    (page,) = PdfReader(io.BytesIO(layers.pdf(Paper()))).pages
    for words in (layers.title, "Layer 0", "Layer 5", "Photo: Cat", f"{layers.limits[1]:.3g}"):
        assert words in page.extract_text()
    for font in page["/Resources"]["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor
    svg = ElementTree.fromstring(layers.svg(Paper()))
    said = " ".join("".join(each.itertext()) for each in svg.iter() if each.tag.endswith("text"))
    assert layers.title in said
    assert b"data:font/woff" in layers.svg(Paper())


def test_a_bare_figure_has_pictures_alone(layers: Figure) -> None:
    bare = Paper(title=False, bar=False, told=False, photo=True, transparent=True, columns=7)
    (page,) = PdfReader(io.BytesIO(layers.pdf(bare))).pages
    said = " ".join(["Cat", *(f"Layer {layer}" for layer in range(6))])
    assert page.extract_text().split() == said.split()
    assert len(page.images) == 7
    with Image.open(io.BytesIO(layers.png(replace(bare, dpi=72)))) as picture:
        assert picture.convert("RGBA").getpixel((0, 0))[3] == 0


def test_rows_keep_their_columns_and_begin_with_the_photo() -> None:
    cnn = models.load("bundled-cnn")
    rows = channels.source(cnn, Request("cat", cnn.id, 128)).strongest(2)
    figure = export.channels(rows, next(iter(rows.values()))[0], Look())
    drawn = figure._drawn(replace(COLUMN, photo=True, columns=5))
    captions = [text.get_text().split("\n")[0] for text in drawn.texts]
    assert captions[:6:3] == ["Cat", "Cat"]
    assert ("Prediction", "The most probable of 118 classes") in figure.told


def test_values_are_read_by_numpy_and_as_a_table(layers: Figure, shown: Map) -> None:
    maps = np.stack([each.values for each in attention.layers(shown)])
    with np.load(io.BytesIO(layers.npz(COLUMN))) as read:
        assert list(read)[3] == "cat-bundled-vit-layer3-head2"
        np.testing.assert_array_equal(np.stack(list(read.values())), maps)
    np.testing.assert_array_equal(np.load(io.BytesIO(layers.npy(COLUMN))), maps)
    lines = list(csv.DictReader(io.StringIO(layers.csv(COLUMN).decode())))
    assert len(lines) == maps.size
    line = lines[-1]
    assert [line["map"][-12:], line["row"], line["column"]] == ["layer5-head2", "15", "23"]
    assert np.float32(line["value"]) == maps[5, -1, -1]


def test_the_zip_holds_it_all(shown: Map) -> None:
    look = Look(colormap="magma", scale="layer")
    figure = export.large(large.of_one(shown, look), facts.attention(shown), LINK)
    assert figure.name == "cat-bundled-vit-layer3-head2"
    with zipfile.ZipFile(io.BytesIO(figure.zip(COLUMN))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    with Image.open(io.BytesIO(files.pop(f"pictures/{figure.name}.png"))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), render.drawn(shown, look))
        assert picture.info["Description"] == render.alt(shown, look)
    told = json.loads(files["view.json"])
    assert set(files) == {
        "figure.pdf", "figure.svg", "values.npz", "values.csv", "picture.py", "view.json",
    }  # fmt: skip
    assert told["link"] == LINK
    assert ["Layer", "3 (first 0, last 5)"] in told["facts"]
    (picture,) = told["pictures"]
    file = viz.sample_file("cat").read_bytes()
    assert picture["photo"] == {"name": "Cat", "sha256": hashlib.sha256(file).hexdigest()}
    own = ("model", "size", "fit", "kind", "layer", "head", "hide_outliers")
    assert [picture[name] for name in own] == ["bundled-vit", 128, "whole", "cls", 3, 2, False]
    assert picture["colours"]["colormap"] == "magma"
    assert picture["limits"] == [float(value) for value in shown.limits("layer")]


@pytest.mark.parametrize("look", [Look(scale=ALL), Look(scale="map"), Look(view="mask")])
def test_a_comparison_has_its_difference_and_numbers(shown: Map, look: Look) -> None:
    columns = [Column("A", shown), Column("B", Map(shown.source, 5, "2"))]
    (pair,) = pairs(columns)
    pictures = large.of_columns(columns, look, Difference(pair))
    figure = export.large(pictures, export.pairs_told([pair], look.keep))
    assert figure.limits is None, "the difference has colours of its own"
    one_scale = export.large(pictures[:2], [])
    assert (one_scale.limits is not None) == (look.scale == ALL)
    words = PdfReader(io.BytesIO(figure.pdf(Paper()))).pages[0].extract_text()
    assert re.search(r"A and B: rank correlation −?0\.\d\d", words.replace("\n", " "))
    told = names.view(pictures, "", [])["pictures"]
    assert told[2]["first"]["layer"] == 3
    assert told[2]["second"]["layer"] == 5


def test_names_that_come_twice_are_numbered(shown: Map) -> None:
    assert names.each_once([shown, shown, Map(shown.source, 3, "21")]) == [
        "cat-bundled-vit-layer3-head2", "cat-bundled-vit-layer3-head2~2",
        "cat-bundled-vit-layer3-head21",
    ]  # fmt: skip
