"""What the stage paints in the browser is what viz.draw draws on the server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.draw.colours import colours
from playwright.sync_api import Browser, Page

SCRIPTS = Path(__file__).parents[2] / "pages/stage/components"
RNG = np.random.default_rng(7)
SIZE = (187, 250)  # no multiple of the grid
GRID = (9, 13)
PAINT = """([base, map, look]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    base.data = bytes(base.data);
    map.values = new Float32Array(bytes(map.values).buffer);
    look.table = bytes(look.table);
    paint(base, map, { ...look, opacity: 0 });  // what it keeps of a photo is for one opacity
    return btoa(Array.from(paint(base, map, look), (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture(scope="module")
def painter(browser: Browser) -> Iterator[Page]:
    """An empty page with what paints."""
    tab = browser.new_page()
    for name in ("resample", "masks", "paint"):
        tab.add_script_tag(path=SCRIPTS / f"{name}.js")
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Smooth colours with some noise, dark to the left and light to the right."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] / np.array(SIZE).reshape(2, 1, 1)
    smooth = np.stack([columns, rows, columns * rows], -1) * 220
    return (smooth + RNG.random((*SIZE, 3)) * 30).astype(np.uint8)


@pytest.fixture(scope="module")
def heat() -> np.ndarray:
    """Attention: many small values and a few large ones."""
    return (RNG.random(GRID) ** 6 / 20).astype(np.float32)


def painted(tab: Page, photo: np.ndarray, heat: np.ndarray, **look: Any) -> np.ndarray:
    """(H, W, 3) int, as the browser paints it."""
    rgba = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    settings = {
        "view": "overlay", "keep": 60, "opacity": 60, "interp": "nearest", "grid": False,
        "fade": False, "signed": False,
        "limits": [float(heat.min()), float(heat.max())], **look,
    }  # fmt: skip
    base = {"width": photo.shape[1], "height": photo.shape[0], "data": _text(rgba)}
    map = {"rows": heat.shape[0], "columns": heat.shape[1], "values": _text(heat)}
    settings["table"] = _text(colours(settings.get("colors", "viridis")))
    found = tab.evaluate(PAINT, [base, map, settings])
    picture = np.frombuffer(base64.b64decode(found), np.uint8).reshape(rgba.shape)
    assert (picture[..., 3] == 255).all()
    return picture[..., :3].astype(int)


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


@pytest.mark.parametrize("interp", viz.INTERPOLATIONS)
@pytest.mark.parametrize("opacity", [0, 35, 100])
def test_an_overlay(
    painter: Page, photo: np.ndarray, heat: np.ndarray, interp: str, opacity: int
) -> None:
    there = painted(painter, photo, heat, interp=interp, opacity=opacity)
    here = viz.Overlay(opacity=opacity / 100, interpolation=interp)(photo, heat)
    assert np.abs(there - here).max() <= 1


@pytest.mark.parametrize("colors", viz.COLORMAPS)
def test_every_colour_map(painter: Page, photo: np.ndarray, heat: np.ndarray, colors: str) -> None:
    there = painted(painter, photo, heat, interp="bicubic", colors=colors)
    here = viz.Overlay(colormap=colors, opacity=0.6, interpolation="bicubic")(photo, heat)
    assert np.abs(there - here).max() <= 1


@pytest.mark.parametrize("limits", [(0.01, 0.02), (-1.0, 0.5), (0.03, 0.03)])
def test_limits_of_a_scale(
    painter: Page, photo: np.ndarray, heat: np.ndarray, limits: tuple[float, float]
) -> None:
    for interp in viz.INTERPOLATIONS:
        there = painted(painter, photo, heat, limits=limits, interp=interp)
        here = viz.Overlay(opacity=0.6, limits=limits, interpolation=interp)(photo, heat)
        assert np.abs(there - here).max() <= 1, interp


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (187, 250), (200, 300)])
def test_coarse_maps_and_maps_finer_than_the_picture(
    painter: Page, photo: np.ndarray, shape: tuple[int, int]
) -> None:
    fine = RNG.random(shape, np.float32)
    for interp in viz.INTERPOLATIONS:
        there = painted(painter, photo, fine, interp=interp, grid=True)
        here = viz.Overlay(opacity=0.6, interpolation=interp, patch_grid=True)(photo, fine)
        assert np.abs(there - here).max() <= 1, interp


def test_the_patch_grid(painter: Page, photo: np.ndarray, heat: np.ndarray) -> None:
    there = painted(painter, photo, heat, grid=True, opacity=30)
    here = viz.Overlay(opacity=0.3, patch_grid=True)(photo, heat)
    assert np.abs(there - here).max() <= 1


@pytest.mark.parametrize("keep", [1, 35, 60, 100])
def test_the_views_of_a_mask(painter: Page, photo: np.ndarray, heat: np.ndarray, keep: int) -> None:
    tied = np.round(heat, 3)  # of equal values the later are kept
    mask = viz.threshold_mask(tied, keep / 100)
    for view, here in [
        ("mask", viz.draw_mask(mask, SIZE)),
        ("highlight", viz.highlight(photo, mask)),
        ("contour", viz.contour(photo, mask)),
    ]:
        there = painted(painter, photo, tied, view=view, keep=keep)
        assert np.abs(there - here).max() <= 1, view


def test_a_map_without_mass(painter: Page, photo: np.ndarray) -> None:
    flat = np.zeros(GRID, np.float32)
    assert (painted(painter, photo, flat, view="mask") == 0).all()
    assert np.abs(painted(painter, photo, flat) - viz.Overlay(opacity=0.6)(photo, flat)).max() <= 1


def test_fading(painter: Page, photo: np.ndarray, heat: np.ndarray) -> None:
    for opacity in (0, 45, 100):
        there = painted(painter, photo, heat, fade=True, opacity=opacity, interp="bicubic")
        overlay = viz.Overlay(opacity=opacity / 100, interpolation="bicubic", fade=True)
        assert np.array_equal(there, overlay(photo, heat)), opacity


@pytest.mark.parametrize("fade", [False, True])
def test_signed_maps(painter: Page, photo: np.ndarray, heat: np.ndarray, fade: bool) -> None:
    for values in (heat - np.float32(0.02), np.zeros_like(heat)):
        overlay = viz.Overlay("RdBu_r", 0.9, "bilinear", fade=fade, signed=True)
        limits = overlay.limits_of(values)
        there = painted(painter, photo, values, limits=limits, colors="RdBu_r", signed=True,
                        interp="bilinear", opacity=90, fade=fade)  # fmt: skip
        assert np.abs(there - overlay(photo, values)).max() <= (0 if fade else 1)
