"""Every wrong call is refused in one sentence, with the value and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import HeedmapError
from PIL import Image

PHOTO = np.full((40, 60, 3), 128, np.uint8)
HEAT = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
MASK = HEAT > 0.5
TALL = np.full((900, 2, 3), 128, np.uint8)
RAGGED = [[1.0, 2.0], [3.0]]
WIDE = np.full((2, 2), 1e300)
NAN, INF = float("nan"), float("inf")


def draw(photo: object = PHOTO, heat: object = HEAT, **settings: object) -> object:
    return viz.Overlay(**settings)(photo, heat)


def figure(pictures: object = (PHOTO,) * 4, **settings: object) -> object:
    return viz.grid_figure(pictures, **settings)


# A call -> what its sentence must say.
SETTINGS: list[tuple[Callable[[], object], str]] = [
    (lambda: viz.Overlay("rainbowish"), "colour map 'rainbowish': choose one of viridis, magma"),
    (lambda: viz.Overlay(None), "no colour map None: choose one of viridis"),
    (lambda: viz.Overlay([]), r"no colour map \[\]: choose"),
    (lambda: viz.Overlay(matplotlib.colormaps["jet"]), "object of type .*Colormap: choose one of"),
    (lambda: viz.Overlay("x" * 10_000), r"colour map 'x+\.\.\.x+': choose"),
    (lambda: viz.Overlay(opacity="a"), "opacity of 'a' is out of range: choose 0 to 1"),
    (lambda: viz.Overlay(opacity="0.5"), "opacity of '0.5'"),
    (lambda: viz.Overlay(opacity=None), "opacity of None"),
    (lambda: viz.Overlay(opacity=1.5), "opacity of 1.5"),
    (lambda: viz.Overlay(opacity=NAN), "opacity of nan"),
    (lambda: viz.Overlay(opacity=[0.5]), r"opacity of \[0.5\]"),
    (lambda: viz.Overlay(opacity=np.ones(3)), r"opacity of \(3,\) float64"),
    (lambda: viz.Overlay(interpolation="lanczos"), "'lanczos': choose one of nearest, bilinear"),
    (lambda: viz.Overlay(patch_grid="yes"), "patch grid is on or off, this is 'yes': give True"),
    (lambda: viz.Overlay(patch_grid=HEAT), r"patch grid is on or off, this is \(4, 6\)"),
    (lambda: viz.Overlay(interpolation={}), r"no interpolation \{\}: choose"),
    (lambda: viz.Overlay(limits=5), "scale of 5 cannot be drawn: give two finite numbers"),
    (lambda: viz.Overlay(limits=(1, 0)), r"scale of \(1, 0\).*the lower first"),
    (lambda: viz.Overlay(limits=(0, NAN)), r"scale of \(0, nan\)"),
    (lambda: viz.Overlay(limits=(0, INF)), r"scale of \(0, inf\)"),
    (lambda: viz.Overlay(limits=(0, 1e300)), r"scale of \(0, 1e\+300\)"),
    (lambda: viz.Overlay(limits=(0, 1, 2)), r"scale of \(0, 1, 2\)"),
    (lambda: viz.Overlay(limits=("a", "b")), r"scale of \('a', 'b'\)"),
    (lambda: viz.Overlay(limits="ab"), "scale of 'ab'"),
    (lambda: viz.Overlay(limits=np.float32(1)), r"scale of \(\) float32"),
]
PHOTOS: list[tuple[Callable[[], object], str]] = [
    (lambda: draw(None), r"\(H, W, 3\) uint8.*this is None: open it with viz.open_image"),
    (lambda: draw("cat.jpg"), r"this is 'cat.jpg': open it with viz.open_image"),
    (lambda: draw(Path("cat.jpg")), r"cat.jpg.*: open it with viz.open_image"),
    (lambda: draw(b"\xff\xd8" * 10_000), r"this is b'.{1,60}: open it"),
    (lambda: draw(PHOTO.tolist()), r"this is \[\[\[128, 128.{1,30}\.\.\..{1,30}: open it"),
    (lambda: draw(PHOTO.astype(float)), r"\(40, 60, 3\) float64: open it"),
    (lambda: draw(PHOTO.astype(object)), r"\(40, 60, 3\) object: open it"),
    (lambda: draw(PHOTO[..., 0]), r"\(40, 60\) uint8: open it"),
    (lambda: draw(PHOTO[:0]), r"at least one pixel, this is \(0, 60, 3\)"),
    (lambda: draw(Image.new("RGB", (0, 5))), "0 x 5 px"),
    (lambda: viz.grid_lines(None, (4, 4)), "this is None"),
    (lambda: viz.highlight(None, MASK), "this is None"),
    (lambda: viz.contour("a", MASK), "this is 'a'"),
    (lambda: viz.label([], "text"), r"this is \[\]"),
    (lambda: viz.encode_png(None), "this is None: draw it with viz.Overlay"),
    (lambda: viz.encode_png(PHOTO * 1.0), r"\(40, 60, 3\) float64: draw it"),
    (lambda: viz.encode_png(np.zeros((4, 4, 4), np.uint8)), r"\(4, 4, 4\) uint8"),
    (lambda: viz.encode_jpeg(np.zeros((0, 4), np.uint8)), r"\(0, 4\) uint8"),
]
MAPS: list[tuple[Callable[[object], object], object, str]] = [
    (work, value, words)
    for work in (
        lambda heat: draw(heat=heat),
        lambda heat: viz.Overlay().limits_of(heat),
        lambda heat: viz.interpolate(heat, (8, 8)),
        viz.threshold_mask,
        viz.head_mean,
        viz.strongest_patch,
        viz.outliers,
        viz.hide_outliers,
    )
    for value, words in [
        (None, "numbers .rows, cols.*this is None: give the map of a layer and a head"),
        (RAGGED, r"this is \[\[1.0, 2.0\], \[3.0\]\]: give the map"),
        ([], r"at least one patch, this is \(0,\) float64"),
        (np.ones((0, 4)), r"this is \(0, 4\) float64"),
        (np.ones(4), r"this is \(4,\) float64"),
        ([["a", "b"]], r"this is \[\['a', 'b'\]\]"),
        (HEAT.astype(object), r"this is \(4, 6\) object"),
        (HEAT + 1j, r"this is \(4, 6\) complex64"),
        (Path("heat.npy"), "heat.npy"),
        ([[[NAN, 1.0]]], "1 values that are not finite in float32: record it again"),
        (np.array([[[INF, -INF]]]), "2 values that are not finite"),
        (WIDE[None], "4 values that are not finite in float32"),
    ]
]
DRAWING: list[tuple[Callable[[], object], str]] = [
    (lambda: draw(heat=np.zeros((2, 4, 4))), r"this is \(2, 4, 4\): pick a layer and a head"),
    (lambda: viz.strongest_patch(HEAT[None]), r"this is \(1, 4, 6\): pick a layer and a head"),
    (lambda: viz.head_mean(HEAT), r"\(heads, rows, cols\), this is \(4, 6\): give the maps of all"),
    (lambda: viz.threshold_mask(HEAT, "a"), "share of 'a' cannot be kept: choose one above 0"),
    (lambda: viz.threshold_mask(HEAT, None), "share of None cannot be kept"),
    (lambda: viz.threshold_mask(HEAT, 0), "share of 0 cannot be kept"),
    (lambda: viz.threshold_mask(HEAT, 1.1), "share of 1.1 cannot be kept"),
    (lambda: viz.threshold_mask(HEAT, NAN), "share of nan cannot be kept"),
    (lambda: viz.threshold_mask(HEAT - 0.5), r"negative values \(down to -0.5\).*give attention"),
    (lambda: viz.outliers(HEAT - 0.5), r"negative values \(down to -0.5\)"),
    (lambda: viz.strongest_patch(HEAT - 0.5), r"negative values \(down to -0.5\)"),
    (lambda: viz.outliers(HEAT, -1), r"\(-1, 4.0\): choose deviations of 0 or more"),
    (lambda: viz.outliers(HEAT, object()), r"\(<object object>, 4.0\): choose"),
    (lambda: viz.outliers(HEAT, "a"), r"\('a', 4.0\): choose"),
    (lambda: viz.hide_outliers(HEAT, contrast=0.5), r"\(10.0, 0.5\)"),
    (lambda: viz.hide_outliers(HEAT, contrast=NAN), r"\(10.0, nan\)"),
    (lambda: viz.interpolate(HEAT, (8, 0)), r"\(8, 0\) px cannot be drawn: give whole numbers"),
    (lambda: viz.interpolate(HEAT, 8), r"picture of \(height, width\) 8 px"),
    (lambda: viz.interpolate(HEAT, (8.5, 8)), r"\(8.5, 8\) px"),
    (lambda: viz.interpolate(HEAT, (10**6, 10**6)), r"at most 100 megapixels"),
    (lambda: viz.colorbar("none"), "no colour map 'none'"),
    (lambda: viz.colorbar("magma", 0), r"\(12, 0\) px"),
    (lambda: viz.colorbar("magma", "a"), r"\(12, 'a'\) px"),
    (lambda: viz.grid_lines(PHOTO, (0, 0)), r"grid of \(0, 0\).*give \(rows, cols\) of at least 1"),
    (lambda: viz.grid_lines(PHOTO, 4), "grid of 4 patches"),
    (lambda: viz.grid_lines(PHOTO, (2.5, 2)), r"grid of \(2.5, 2\) patches"),
    (lambda: viz.grid_lines(PHOTO, None), "grid of None patches"),
    (lambda: viz.draw_mask(MASK[None], (8, 8)), r"this is \(1, 4, 6\): pick a layer and a head"),
    (lambda: viz.draw_mask(HEAT, (8, 8)), r"True and False.*\(4, 6\) float32: .*threshold_mask"),
    (lambda: viz.draw_mask(None, (8, 8)), "A mask is .* this is None"),
    (lambda: viz.draw_mask(MASK, (8,)), r"\(8,\) px cannot be drawn"),
    (lambda: viz.highlight(PHOTO, [[True], [True, False]]), "A mask is .*this is "),
    (lambda: viz.highlight(PHOTO, MASK, 2), "brightness of 2 is out of range: choose 0 to 1"),
    (lambda: viz.highlight(PHOTO, MASK, "a"), "brightness of 'a'"),
    (lambda: viz.area([True]), r"A mask is .*this is \(1,\) bool"),
    (lambda: viz.area(None), "A mask is .* this is None"),
    (lambda: viz.contour(PHOTO, MASK, "blurple"), "no colour 'blurple': give a name or a number"),
    (lambda: viz.contour(PHOTO, MASK, 5), "A colour is text, this is 5: give a string"),
    (lambda: viz.contour(PHOTO, MASK, width=0), "line of 0 px cannot be drawn: choose 1 to 60"),
    (lambda: viz.contour(PHOTO, MASK, width="a"), "line of 'a' px"),
    (lambda: viz.contour(PHOTO, MASK, width=1e9), "line of 1000000000.0 px"),
    (lambda: viz.label(PHOTO, "text", "middle"), "no corner 'middle': choose one of top-left"),
    (lambda: viz.label(PHOTO, "text", None), "no corner None"),
    (lambda: viz.label(PHOTO, None), "A label is text, this is None"),
    (lambda: viz.label(PHOTO, "\ud800"), r"A label is text, this is '\\ud800': give a string"),
    (lambda: viz.label(PHOTO, "a\nb"), r"label of 'a\\nb' cannot be drawn: give one line"),
    (lambda: viz.label(PHOTO, ""), "label of '' cannot be drawn"),
]
FILES: list[tuple[Callable[[], object], str]] = [
    (lambda: viz.encode_jpeg(PHOTO, 100), "quality of 100 is out of range: choose .* 1 to 95"),
    (lambda: viz.encode_jpeg(PHOTO, "a"), "quality of 'a'"),
    (lambda: viz.zip_pngs(None), "this is None: give a dict"),
    (lambda: viz.zip_pngs([PHOTO]), "A ZIP is made of {name: picture}"),
    (lambda: viz.zip_pngs({1: PHOTO}), "name of a picture is text, this is 1"),
    (lambda: viz.zip_pngs({"": PHOTO}), "a file '' here: give each picture a name of its own"),
    (lambda: viz.zip_pngs({"a": None}), "this is None: draw it"),
    (lambda: figure([]), "0 pictures cannot be drawn: give at least one"),
    (lambda: figure(None), "Pictures are a list, this is None"),
    (lambda: figure("cat.jpg"), "Pictures are a list, this is 'cat.jpg'"),
    (lambda: figure([PHOTO, None]), "this is None: open it with"),
    (lambda: figure(PHOTO), r"this is \(60, 3\) uint8: open it with"),
    (lambda: figure(columns=0), "0 columns cannot be drawn: choose 1 or more"),
    (lambda: figure(columns="a"), "'a' columns"),
    (lambda: figure(columns=2.5), "2.5 columns"),
    (lambda: figure([PHOTO] * 99, columns=99), "99 columns do not fit a figure 7.2 inches wide"),
    (lambda: figure(captions=["a"]), "1 captions do not fit 4 pictures: give one each or none"),
    (lambda: figure(captions="abcd"), "Captions are a list, this is 'abcd'"),
    (lambda: figure(captions=[1, 2, 3, 4]), "Each of the captions is text, this is 1"),
    (lambda: figure(row_labels=["a", "b", "c"], columns=2), "3 row labels do not fit 2 rows"),
    (lambda: figure(row_labels=None), "Row labels are a list, this is None"),
    (lambda: figure(title=None), "A title is text, this is None"),
    (lambda: figure(footer=5), "A footer is text, this is 5"),
    (lambda: figure(colormap="none"), "no colour map 'none'"),
    (lambda: figure(colormap="magma", limits=5), "scale of 5 cannot be drawn"),
    (lambda: figure(colormap="magma", own_limits=[(0, 1)]), "1 own limits do not fit 4 pictures"),
    (lambda: figure(colormap="magma", own_limits=[1, 2, 3, 4]), "scale of 1 cannot be drawn"),
    (lambda: figure(own_limits=[(0, 1)] * 4), "4 own limits have no colours: give a colormap"),
    (lambda: figure(width=0), "0 inches wide cannot be drawn: choose 1 to 60"),
    (lambda: figure(width="a"), "'a' inches wide"),
    (lambda: viz.to_png(figure(), 5), "5 dpi is out of range: choose 20 to 1200"),
    (lambda: viz.to_png(figure(), "a"), "'a' dpi"),
    (lambda: viz.to_png(figure([TALL], columns=1), 300), "megapixels cannot be drawn.*300 dpi"),
    (lambda: viz.to_png(None), "this is None: make one with viz.grid_figure"),
    (lambda: viz.to_pdf("figure.pdf"), "this is 'figure.pdf': make one with"),
]


def said(call: Callable[[], object]) -> str:
    with pytest.raises(HeedmapError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [*SETTINGS, *PHOTOS, *DRAWING, *FILES],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_a_wrong_call_is_one_sentence(call, words) -> None:
    check_sentence(said(call), words)


@pytest.mark.parametrize(("work", "value", "words"), MAPS)
def test_a_wrong_map_is_one_sentence(work, value, words) -> None:
    check_sentence(said(lambda: work(value)), words)


def check_sentence(sentence: str, words: str) -> None:
    assert re.search(words, sentence), sentence
    assert sentence.count("\n") == 0
    assert len(sentence) < 300
    assert sentence.endswith(".")
    assert ":" in sentence  # what is wrong: what to do
    assert " at 0x" not in sentence


def test_a_tensor_that_numpy_cannot_read_is_refused() -> None:
    torch = pytest.importorskip("torch")
    words = r"this is \(4, 6\) torch.bfloat16: give the map"
    assert re.search(words, said(lambda: draw(heat=torch.ones(4, 6, dtype=torch.bfloat16))))
    learnt = torch.ones(4, 6, requires_grad=True)
    assert re.search(r"\(4, 6\) torch.float32", said(lambda: draw(heat=learnt)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_pillow_images_are_photos(mode) -> None:
    image = Image.new("RGB", (60, 40), (200, 40, 90)).convert(mode)
    np.testing.assert_array_equal(draw(image), draw(np.array(image.convert("RGB"))))


def test_transparency_is_drawn_on_white() -> None:
    clear = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    assert (draw(clear, opacity=0.0) == 255).all()


@pytest.mark.parametrize(
    "same", [lambda a: a[::-1][::-1], lambda a: np.asfortranarray(a), lambda a: a.copy()[:, :]]
)
def test_photos_may_have_any_memory_layout(same) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    other = same(photo)
    other.setflags(write=False)
    for work in (
        draw,
        lambda base: viz.grid_lines(base, (4, 6)),
        lambda base: viz.highlight(base, MASK),
        lambda base: viz.contour(base, MASK),
        lambda base: viz.label(base, "text"),
    ):
        np.testing.assert_array_equal(work(other), work(photo))


def test_numbers_of_any_kind_are_taken() -> None:
    assert viz.Overlay(opacity=np.float32(0.5), limits=np.array([0, 1]))(PHOTO, HEAT).any()
    assert viz.Overlay(opacity=1, limits=[0, 1])(PHOTO, HEAT.tolist()).any()
    assert viz.grid_lines(PHOTO, np.array([2, 3])).any()


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
@pytest.mark.parametrize("limits", [None, (0, 1e-45), (-3e38, 3e38), (0.5, 0.5)])
def test_extreme_values_are_drawn(interpolation, limits) -> None:
    heat = np.array([[-3e38, 0], [1e-45, 3e38]])
    picture = viz.Overlay("gray", 1.0, interpolation, limits)(PHOTO, heat)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[-1, -1].tolist() == ([0, 0, 0] if limits == (0.5, 0.5) else [255, 255, 255])
