"""Figures: what is in them and where, that they are valid files, the same bytes each time."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from heedmap import viz
from heedmap.errors import SettingError
from PIL import Image

RNG = np.random.default_rng(5)


def pictures(count: int, height: int = 40, width: int = 60) -> list[np.ndarray]:
    return [RNG.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def full() -> object:
    return viz.grid_figure(
        pictures(6),
        captions=[f"head {j}" for j in range(6)],
        columns=3,
        title="A title that costs $5 and $6",
        row_labels=["layer_1", "layer_2"],
        footer="a model, 224 x 336 px, grid 14 x 21",
        colormap="magma",
        limits=(0, 0.012345),
        colorbar_label="attention",
    )


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_a_figure_holds_every_picture_and_text() -> None:
    figure = full()
    assert texts(figure) == [
        *(f"head {j}" for j in range(6)),
        "A title that costs $5 and $6",
        "layer_1",
        "layer_2",
        "a model, 224 x 336 px, grid 14 x 21",
        "attention",
        "0",
        "0.0123",
    ]
    assert len(figure.axes) == 7
    np.testing.assert_array_equal(
        figure.axes[-1].images[0].get_array(), viz.colorbar("magma", 256, 1)
    )


def test_pictures_are_in_reading_order_on_a_grid() -> None:
    shown = pictures(5)
    figure = viz.grid_figure(shown, columns=2)
    boxes = [axes.get_position() for axes in figure.axes]
    for axes, picture in zip(figure.axes, shown, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), picture)
    assert boxes[0].x0 == boxes[2].x0 == boxes[4].x0 < boxes[1].x0 == boxes[3].x0
    assert boxes[0].y0 == boxes[1].y0 > boxes[2].y0 == boxes[3].y0 > boxes[4].y0
    wide, high = figure.get_size_inches()
    assert wide == pytest.approx(7.2)
    for box in boxes:
        assert (box.width * wide) / (box.height * high) == pytest.approx(60 / 40)
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1


def test_every_text_lies_within_the_figure_and_on_no_picture() -> None:
    figure = viz.grid_figure(
        pictures(8),
        captions=[f"channel {j}, mean 0.123, of a layer with a long name" for j in range(8)],
        columns=4,
        title="A long title " * 12,
        row_labels=["stages.3.blocks.2.conv_dw", "classifier"],
        footer="a model, what it saw, the grid and the scale, " * 6,
        colormap="viridis",
        colorbar_label="activation",
    )
    viz.to_png(figure, 100)
    whole = figure.bbox
    areas = [axes.get_window_extent() for axes in figure.axes]
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= whole.x0
        assert box.x1 <= whole.x1
        assert box.y0 >= whole.y0
        assert box.y1 <= whole.y1
        assert not any(box.overlaps(area) for area in areas), text.get_text()
    boxes = [text.get_window_extent() for text in figure.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("width", [3.35, 7.2])
def test_a_long_label_of_the_colour_bar_is_broken_into_lines(width: float) -> None:
    label = "similarity by the value path (cosine), not attention"
    figure = viz.grid_figure(
        pictures(2), columns=2, colormap="magma", limits=(0, 1), colorbar_label=label, width=width
    )
    viz.to_png(figure, 100)
    boxes = [text.get_window_extent() for text in figure.texts]
    assert " ".join(texts(figure)[0].split()) == label
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    bar = figure.axes[-1].get_window_extent()
    assert not any(box.overlaps(bar) for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_pictures_of_other_shapes_keep_them() -> None:
    shown = [*pictures(1, 40, 60), *pictures(1, 90, 30), *pictures(1, 20, 20)]
    figure = viz.grid_figure(shown, columns=3)
    wide, high = figure.get_size_inches()
    for axes, picture in zip(figure.axes, shown, strict=True):
        box = axes.get_position()
        ratio = (box.width * wide) / (box.height * high)
        assert ratio == pytest.approx(picture.shape[1] / picture.shape[0])


@pytest.mark.parametrize(
    ("width", "numbers", "least"),
    [
        (7.2, ["0.000123", "0.0456"], 6.5),
        (3.35, ["1.2e−4", "0.046"], 6),
        (2.4, ["1.2e−4", "0.046"], 4),
    ],
)
def test_each_picture_can_have_a_colour_bar_of_its_own(
    width: float, numbers: list[str], least: float
) -> None:
    figure = viz.grid_figure(
        [*pictures(3), *pictures(1, 60, 40)],
        captions=["photo", "head 0", "head 1", "head 2"],
        colormap="magma",
        width=width,
        own_limits=[None, (0, 0.5), (0.000123, 0.0456), (1, 2)],
    )
    assert texts(figure)[4:] == ["0", "0.5", *numbers, "1", "2"]
    assert min(each.get_fontsize() for each in figure.texts) >= least
    viz.to_png(figure, 100)
    bars = figure.axes[4:]
    boxes = [axes.get_window_extent() for axes in figure.axes]
    assert len(bars) == 3
    for bar, box, picture in zip(bars, boxes[4:], boxes[1:4], strict=True):
        np.testing.assert_array_equal(bar.images[0].get_array(), viz.colorbar("magma", 256, 1))
        assert (box.x0, box.x1) == pytest.approx((picture.x0, picture.x1))
        assert 0 < picture.y0 - box.y1 < 5  # px
    written = [text.get_window_extent() for text in figure.texts]
    assert not any(text.overlaps(box) for text in written for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(written) for b in written[:i])


def test_numbers_below_zero_have_a_true_minus() -> None:
    figure = viz.grid_figure(
        pictures(2), columns=2, colormap="magma", own_limits=[(-0.01634, 0.5), (-0.000123, 1)],
        width=1.2,
    )  # fmt: skip
    assert texts(figure) == ["−0.016", "0.5", "−1.2e−4", "1"]


def test_png() -> None:
    figure = full()
    data = viz.to_png(figure, dpi=100)
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    assert image.width == 720
    assert data == viz.to_png(figure, dpi=100)
    corner = np.array(image.convert("RGB"))[:4, :4]
    assert (corner == 255).all()


def test_pdf() -> None:
    figure = full()
    data = viz.to_pdf(figure)
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert b"CreationDate" not in data
    assert b"/FontFile2" in data  # TrueType, not Type 3
    assert b"/Subtype /Type3" not in data
    assert data.count(b"/Subtype /Image") >= 6
    assert data == viz.to_pdf(figure)
    viz.to_png(figure)
    assert data == viz.to_pdf(figure)
    assert matplotlib.rcParams["pdf.fonttype"] == 3  # as it was


def test_pictures_have_no_more_pixels_than_print_shows() -> None:
    figure = viz.grid_figure(pictures(2, 900, 1800), columns=2)
    assert figure.axes[0].images[0].get_array().shape[1] < 1100


@pytest.mark.slow
def test_figures_are_safe_in_threads() -> None:
    figures = [viz.grid_figure(pictures(3), captions=["a", "b", "c"]) for _ in range(6)]
    expected = [(viz.to_png(f, 60), viz.to_pdf(f)) for f in figures]
    found: dict[int, tuple[bytes, bytes]] = {}

    def draw(index: int) -> None:
        pdf = viz.to_pdf(figures[index])
        found[index] = (viz.to_png(figures[index], 60), pdf)

    threads = [threading.Thread(target=draw, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[index] for index in range(6)] == expected


def test_no_pyplot() -> None:
    code = (
        "import sys, numpy as np; from heedmap import viz\n"
        "assert not {'matplotlib', 'cv2', 'torch'} & set(sys.modules)\n"
        "f = viz.grid_figure([np.zeros((4, 4, 3), np.uint8)])\n"
        "viz.to_png(f), viz.to_pdf(f)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_late_names() -> None:
    assert {"grid_figure", "record_attention", "open_image"} <= set(dir(viz))
    assert all(name in dir(viz) for name in viz.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = viz.nothing


def test_a_colour_bar_fades_as_its_overlay_and_may_differ_from_picture_to_picture() -> None:
    glow, signed = (
        viz.Overlay("inferno", fade=True),
        viz.Overlay("RdBu_r", fade=True, signed=True),
    )
    figure = viz.grid_figure(
        pictures(2), columns=2, colormap=[glow, signed], own_limits=[(0, 1), (-2, 2)]
    )
    for axes, overlay in zip(figure.axes[2:], (glow, signed), strict=True):
        shown = axes.images[0].get_array()
        np.testing.assert_array_equal(shown, viz.colorbar(overlay, 256, len(shown)))
    with pytest.raises(SettingError, match="One colour bar has one colour map"):
        viz.grid_figure(pictures(2), colormap=["jet", "gray"])


def test_a_matrix_has_named_axes_and_its_other_tokens_apart() -> None:
    labels = (
        "CLS",
        *(f"patch ({row}, {col})" for row in range(3) for col in range(2)),
        "register 0",
    )
    places = (None, *((row, col) for row in range(3) for col in range(2)), None)
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    made = viz.AttentionMatrix(values, labels, places, 1, 6, 1)
    figure = viz.matrix_figure(made, title="A $ title")
    axes = figure.axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert sorted(names) == ["CLS", "register 0", "row 0", "row 1", "row 2"]
    drawn = axes.collections[0].get_array()
    assert drawn.shape == (10, 10)  # two gaps
    assert np.ma.getmaskarray(drawn)[1].all()
    assert drawn[2, 2] == values[1, 1]
    assert viz.to_pdf(figure).startswith(b"%PDF")


def test_an_svg_has_text_as_text_in_letters_of_its_own() -> None:
    figure = full()
    data = viz.to_svg(figure)
    assert data == viz.to_svg(figure)
    svg = ElementTree.fromstring(data)
    found = ["".join(each.itertext()) for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(found) == sorted(texts(figure))
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}image"))) == 7
    fonts = re.findall(rb"data:font/woff;base64,([^\"]+)", data)
    assert len(fonts) == 2, "normal and bold"
    with TTFont(io.BytesIO(base64.b64decode(fonts[0]))) as font:
        assert {chr(code) for code in font.getBestCmap()} >= set("head 0123_$A") - {" "}
    assert len(data) < 150_000


def test_a_ground_may_be_transparent() -> None:
    figure = viz.grid_figure(pictures(1), title="A title", transparent=True)
    with Image.open(io.BytesIO(viz.to_png(figure, 72))) as picture:
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
    assert alpha[0, 0] == 0
    assert alpha.max() == 255
