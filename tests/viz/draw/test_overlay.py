"""Overlays to the exact pixel, against Matplotlib's colours and Pillow's and torch's resampling."""

from __future__ import annotations

import io
import zipfile

import matplotlib
import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError
from heedmap.viz.draw.overlay import enlarge_mask
from PIL import Image

RNG = np.random.default_rng(3)
GRIDS = {"portrait": (5, 3), "landscape": (3, 5)}


def planted(rows: int, cols: int) -> np.ndarray:
    """A pattern that no flip and no transposition leaves as it is."""
    heat = np.zeros((rows, cols), np.float32)
    heat[0, 1], heat[2, 0], heat[rows - 1, cols - 1] = 1.0, 0.5, 0.25
    return heat


def base(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


# Overlay


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.5, 1.0])
def test_a_planted_pattern_to_the_pixel(grid, opacity) -> None:
    (rows, cols), patch = grid, 8
    heat, photo = planted(rows, cols), base(rows * patch, cols * patch)
    before = photo.copy()
    picture = viz.Overlay("viridis", opacity)(photo, heat)
    assert picture.dtype == np.uint8
    assert picture.shape == photo.shape
    colormap = matplotlib.colormaps["viridis"]
    for y in range(rows * patch):
        for x in range(cols * patch):
            colour = np.array(colormap(float(heat[y // patch, x // patch]), bytes=True)[:3])
            expected = np.float64(photo[y, x]) * (1 - opacity) + colour * opacity
            assert np.abs(picture[y, x] - expected).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(photo, before)
    assert not np.shares_memory(picture, photo)


@pytest.mark.parametrize("colormap", viz.COLORMAPS)
def test_colours_are_matplotlibs(colormap) -> None:
    heat = np.linspace(0, 1, 1000, dtype=np.float32).reshape(20, 50)
    picture = viz.Overlay(colormap, opacity=1)(base(20, 50), heat)
    expected = matplotlib.colormaps[colormap](heat, bytes=True)[..., :3]
    np.testing.assert_array_equal(picture, expected)


def test_opacity_zero_is_the_photo() -> None:
    photo = base(16, 24)
    np.testing.assert_array_equal(viz.Overlay(opacity=0)(photo, planted(4, 6)), photo)


@pytest.mark.parametrize("size", [(24, 40), (50, 70), (7, 11), (1024, 681)])
def test_nearest_follows_the_borders_of_the_patches(size) -> None:
    rows, cols = 5, 3
    heat = RNG.random((rows, cols), dtype=np.float32)
    drawn = viz.interpolate(heat, size)
    for y in range(size[0]):
        row = next(r for r in range(rows) if y + 0.5 < (r + 1) * size[0] / rows)
        np.testing.assert_array_equal(drawn[y, [0, -1]], heat[row, [0, -1]])
    for x in range(size[1]):
        col = next(c for c in range(cols) if x + 0.5 < (c + 1) * size[1] / cols)
        np.testing.assert_array_equal(drawn[[0, -1], x], heat[[0, -1], col])


@pytest.mark.parametrize(("name", "filter"), [("bilinear", "BILINEAR"), ("bicubic", "BICUBIC")])
@pytest.mark.parametrize("size", [(40, 24), (53, 31), (5, 3), (3, 2), (2, 11)])
def test_interpolation_against_pillow(name, filter, size) -> None:
    heat = RNG.random((5, 3), dtype=np.float32)
    resized = Image.fromarray(heat).resize(size[::-1], Image.Resampling[filter])
    expected = np.clip(np.array(resized), heat.min(), heat.max())
    np.testing.assert_allclose(viz.interpolate(heat, size, name), expected, atol=2e-6)


def test_bilinear_against_torch() -> None:
    torch = pytest.importorskip("torch")
    heat = RNG.random((4, 6), dtype=np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(heat)[None, None], (37, 90), mode="bilinear", align_corners=False
    )
    drawn = viz.interpolate(heat, (37, 90), "bilinear")
    np.testing.assert_allclose(drawn, expected[0, 0].numpy(), atol=1e-6)


def test_bicubic_invents_no_value() -> None:
    heat = np.zeros((6, 6), np.float32)
    heat[2, 3] = 1  # would ring below 0
    drawn = viz.interpolate(heat, (60, 60), "bicubic")
    assert drawn.dtype == np.float32
    assert drawn.min() == 0
    assert 0.9 < drawn.max() <= 1


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
def test_scalars_are_interpolated_before_they_are_coloured(interpolation) -> None:
    overlay = viz.Overlay("jet", 1.0, interpolation)
    picture = overlay(base(60, 90), np.float32([[0, 1, 0.3], [0.2, 0, 1]]))
    scale = {tuple(colour) for colour in viz.colorbar("jet", 256, 1)[0].tolist()}
    assert {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()} <= scale


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
@pytest.mark.parametrize("value", [0.0, 1 / 3, -2.0])
def test_a_constant_map_is_flat(interpolation, value) -> None:
    heat = np.full((4, 6), value, np.float32)
    picture = viz.Overlay("magma", 1.0, interpolation)(base(30, 50), heat)
    expected = np.array(matplotlib.colormaps["magma"](0.0, bytes=True)[:3])
    assert (picture == expected).all()


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
def test_limits_are_respected_and_told(interpolation) -> None:
    heat = np.float32([[0.1, 0.2], [0.3, 0.4]])
    own, wide = viz.Overlay(), viz.Overlay("gray", 1.0, interpolation, limits=(0.0, 0.4))
    assert own.limits_of(heat) == (pytest.approx(0.1), pytest.approx(0.4))
    assert wide.limits_of(heat) == (0.0, 0.4)
    picture = wide(base(20, 20), heat)
    assert abs(int(picture[0, 0, 0]) - 64) <= 1
    assert picture[-1, -1, 0] >= 254
    narrow = viz.Overlay("gray", 1.0, interpolation, limits=(0.2, 0.3))(base(20, 20), heat)
    assert narrow[0, 0, 0] == 0
    assert narrow[-1, -1, 0] == 255
    flat = viz.Overlay("gray", 1.0, interpolation, limits=(0.2, 0.2))(base(20, 20), heat)
    assert (flat == 0).all()


def test_overlays_are_values() -> None:
    assert viz.Overlay() == viz.Overlay("viridis", 0.5, "nearest", None, False)
    assert len({viz.Overlay(), viz.Overlay(), viz.Overlay("jet")}) == 2


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"colormap": "rainbowish"}, "no colour map 'rainbowish': choose one of viridis, magma"),
        ({"opacity": 1.5}, "opacity of 1.5 is out of range: choose 0 to 1"),
        ({"opacity": float("nan")}, "opacity of nan"),
        ({"interpolation": "lanczos"}, "no interpolation 'lanczos': choose one of nearest"),
        ({"limits": (1, 0)}, "from 1 to 0 cannot be drawn: give two finite numbers"),
        ({"limits": (0, float("inf"))}, "from 0 to inf"),
    ],
)
def test_settings_out_of_range(settings, match) -> None:
    with pytest.raises(SettingError, match=match):
        viz.Overlay(**settings)


def test_what_cannot_be_drawn() -> None:
    overlay = viz.Overlay()
    with pytest.raises(SettingError, match="no finite numbers"):
        overlay(base(8, 8), np.float32([[np.nan, 1]]))
    with pytest.raises(SettingError, match=r"this is \(2, 4, 4\): pick a layer and a head"):
        overlay(base(8, 8), np.zeros((2, 4, 4)))
    with pytest.raises(SettingError, match="float64: open it with"):
        overlay(np.zeros((8, 8, 3)), np.zeros((4, 4)))
    with pytest.raises(SettingError, match="0 x 8 px"):
        viz.interpolate(np.zeros((4, 4)), (8, 0))


def test_the_patch_grid_marks_borders_only() -> None:
    photo = np.full((24, 40, 3), 230, np.uint8)
    photo[:, :24] = 20
    picture = viz.Overlay(opacity=0, patch_grid=True)(photo, np.zeros((3, 5)))
    changed = (picture != photo).any(axis=2)
    expected = np.zeros((24, 40), bool)
    expected[[8, 16]] = True
    expected[:, [8, 16, 24, 32]] = True
    np.testing.assert_array_equal(changed, expected)
    assert (picture[8, :24] > 80).all()  # light on dark
    assert (picture[8, 24:] < 170).all()  # dark on light


def test_the_patch_grid_never_hides_the_picture() -> None:
    photo = base(24, 40)
    picture = viz.Overlay(opacity=0, patch_grid=True)(photo, np.zeros((12, 20)))
    np.testing.assert_array_equal(picture, photo)


def test_colorbar() -> None:
    strip = viz.colorbar("magma", 512, 9)
    assert strip.shape == (9, 512, 3)
    expected = matplotlib.colormaps["magma"](np.arange(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(strip[4, ::2], expected)
    with pytest.raises(SettingError, match="colour map"):
        viz.colorbar("none")
    with pytest.raises(SettingError, match="0 x 12 px"):
        viz.colorbar("magma", 0)


# Masks

MASK = np.array([[True, False, False], [True, True, False], [False, False, True]])


def test_draw_mask() -> None:
    picture = viz.draw_mask(MASK, (30, 60))
    for row in range(3):
        for col in range(3):
            cell = picture[row * 10 : row * 10 + 10, col * 20 : col * 20 + 20]
            assert (cell == 255 * MASK[row, col]).all()
    np.testing.assert_array_equal(enlarge_mask(MASK, (30, 60)), picture[..., 0] == 255)
    with pytest.raises(SettingError, match=r"A mask is \(rows, cols\).*\(1, 3, 3\)"):
        viz.draw_mask(MASK[None], (30, 60))


def test_highlight_dims_and_grays_the_outside() -> None:
    photo = base(30, 60)
    before = photo.copy()
    picture = viz.highlight(photo, MASK)
    inside = enlarge_mask(MASK, (30, 60))
    np.testing.assert_array_equal(picture[inside], photo[inside])
    outside = picture[~inside]
    assert (outside == outside[:, :1]).all()
    light = photo[~inside] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(outside[:, 0], 0.35 * light, atol=0.51)
    np.testing.assert_array_equal(photo, before)
    with pytest.raises(SettingError, match="brightness of 2"):
        viz.highlight(photo, MASK, dim=2)


def test_a_contour_runs_along_the_borders_of_patches() -> None:
    photo = np.full((90, 90, 3), 200, np.uint8)
    picture = viz.contour(photo, MASK, color="#ff0000", width=3)
    line = (picture == (255, 0, 0)).all(axis=2)
    inside = enlarge_mask(MASK, (90, 90))
    assert not (line & ~inside).any()
    # Patch (0, 0) has its border on the right at x = 29; below, the mask goes on.
    assert line[15, 27:30].all()
    assert not line[15, 26]
    assert line[15, :3].all()  # and is closed along the picture's edge
    assert not line[31, 4:26].any()
    assert line[33:60, 57:60].all()
    # A dark line on both sides, and the photo beyond.
    assert (picture[15, 30] == 50).all()
    assert (picture[15, 26] == 50).all()
    assert (picture[15, 31] == 200).all()
    assert (picture[15, 25] == 200).all()
    assert (photo == 200).all()


def test_contours_of_nothing_and_of_everything() -> None:
    photo = base(40, 40)
    np.testing.assert_array_equal(viz.contour(photo, np.zeros((4, 4), bool)), photo)
    picture = viz.contour(photo, np.ones((4, 4), bool), "white", 2)
    assert (picture[:2] == 255).all()
    np.testing.assert_array_equal(picture[3:-3, 3:-3], photo[3:-3, 3:-3])


def test_contour_settings() -> None:
    with pytest.raises(SettingError, match="no colour 'blurple': give a name or a number"):
        viz.contour(base(8, 8), MASK, color="blurple")
    with pytest.raises(SettingError, match="line of 0 px"):
        viz.contour(base(8, 8), MASK, width=0)


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_a_label_stands_in_its_corner(corner) -> None:
    photo = np.full((200, 300, 3), 128, np.uint8)
    picture = viz.label(photo, "outliers hidden", corner)
    ys, xs = np.nonzero((picture != 128).any(axis=2))
    assert picture.max() > 200  # the text
    assert (ys.max() < 100) == corner.startswith("top")
    assert (xs.min() < 100) == corner.endswith("left")
    assert (xs.max() > 250) == corner.endswith("right")
    assert (photo == 128).all()


def test_a_label_fits_a_narrow_picture() -> None:
    photo = np.full((300, 90, 3), 128, np.uint8)
    _, xs = np.nonzero((viz.label(photo, "outliers hidden, 3 patches") != 128).any(axis=2))
    assert xs.min() > 0
    with pytest.raises(SettingError, match="no corner 'middle'"):
        viz.label(photo, "text", "middle")


# Files


def test_png_is_lossless_and_the_same_again() -> None:
    picture = base(20, 30)
    data = viz.encode_png(picture)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(data))), picture)
    assert data == viz.encode_png(picture)
    gray = picture[..., 0]
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(viz.encode_png(gray)))), gray)


def test_jpeg_keeps_colours() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, 12:20, 0] = 255
    back = np.array(Image.open(io.BytesIO(viz.encode_jpeg(picture, 95)))).astype(int)
    assert np.abs(back - picture).max() < 25
    with pytest.raises(SettingError, match="quality of 100 is out of range"):
        viz.encode_jpeg(picture, 100)


def test_zip_holds_what_it_was_given() -> None:
    pictures = {f"attn-head{j}.png": base(10, 12) for j in range(12)} | {"mean": base(9, 9)}
    data = viz.zip_pngs(pictures)
    assert data == viz.zip_pngs(pictures)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*list(pictures)[:-1], "mean.png"]
        for name, picture in zip(archive.namelist(), pictures.values(), strict=True):
            opened = np.array(Image.open(io.BytesIO(archive.read(name))))
            np.testing.assert_array_equal(opened, picture)
    for names in ({"a/b": 0}, {"a": 0, "a.png": 1}, {"..\\a": 0}):
        with pytest.raises(SettingError, match="a name of its own, without folders"):
            viz.zip_pngs({name: base(4, 4) for name in names})


def test_what_cannot_be_encoded() -> None:
    for picture in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(SettingError, match="draw it with"):
            viz.encode_png(picture)
