"""Check arguments: a wrong value becomes one sentence with the value and the remedy.

A sentence is a template: `{}` is replaced by the value, shortened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz.photo.image import open_image
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from heedmap.viz.photo.picture import Picture

MAX_PIXELS = 100_000_000  # of a picture that is drawn
_LARGEST = float(np.finfo(np.float32).max)


def number(value: Any, sentence: str, fits: Callable[[float], bool]) -> float:
    """A number for which `fits` is true; anything that is not a number is passed to it as NaN.

    Raises:
        SettingError: `sentence`.
    """
    found = _float(value)
    if not fits(found):
        raise SettingError(sentence.format(short(value)))
    return found


def whole(value: Any, sentence: str, low: float, high: float = math.inf) -> int:
    """A whole number from `low` to `high`."""
    return int(number(value, sentence, lambda n: low <= n <= high and n.is_integer()))


def pair(value: Any, sentence: str, fits: Callable[[float, float], bool]) -> tuple[float, float]:
    """Two numbers for which `fits` is true."""
    items = _items(value) or ()
    first, second = map(_float, items) if len(items) == 2 else (math.nan, math.nan)
    if not fits(first, second):
        raise SettingError(sentence.format(short(value)))
    return first, second


def choice(value: Any, known: Iterable[str], what: str, shown: Iterable[str] = ()) -> str:
    """One of the known names; the sentence lists `shown`, all of them by default."""
    if not isinstance(value, str) or value not in known:
        names = ", ".join(shown or known)
        raise SettingError(f"There is no {what} {short(value)}: choose one of {names}.")
    return value


def text(value: Any, what: str) -> str:
    """A string without lone surrogates."""
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        raise SettingError(f"{what} is text, this is {short(value)}: give a string.")
    return value


def flag(value: Any, what: str) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise SettingError(f"{what} is on or off, this is {short(value)}: give True or False.")
    return bool(value)


def listed(value: Any, what: str) -> list[Any]:
    """A list, tuple, array or iterator as a list; a string is refused."""
    items = _items(value)
    if items is None:
        raise SettingError(f"{what} are a list, this is {short(value)}: give a list.")
    return items


def limits(value: Any) -> tuple[float, float]:
    """(low, high) of a colour scale."""
    sentence = "A colour scale of {} cannot be drawn: give two finite numbers, the lower first."
    return pair(value, sentence, lambda low, high: -_LARGEST <= low <= high <= _LARGEST)


def size(value: Any) -> tuple[int, int]:
    """(H, W) of a picture in pixels."""
    sentence = (
        "A picture of (height, width) {} px cannot be drawn: give whole numbers of at least 1, "
        f"at most {MAX_PIXELS // 1_000_000} megapixels."
    )
    height, width = pair(value, sentence, lambda h, w: _counts(h, w) and h * w <= MAX_PIXELS)
    return int(height), int(width)


def grid(value: Any) -> tuple[int, int]:
    """(rows, cols) of patches."""
    sentence = "A grid of {} patches cannot be drawn: give (rows, cols) of at least 1 each."
    rows, cols = pair(value, sentence, _counts)
    return int(rows), int(cols)


def picture(photo: Any) -> Picture:
    """A photo as (H, W, 3) uint8, contiguous: an array as it is, a Pillow image converted."""
    values = open_image(photo) if isinstance(photo, Image.Image) else photo
    fits = isinstance(values, np.ndarray) and values.dtype == np.uint8 and values.ndim == 3
    if not fits or values.shape[2] != 3 or 0 in values.shape:
        raise SettingError(
            f"A photo is (H, W, 3) uint8 with at least one pixel, this is {short(values)}: "
            "open it with viz.open_image."
        )
    return np.ascontiguousarray(values)


def maps(values: Any, negative: bool = True) -> NDArray[np.float64]:
    """A float64 copy of maps (..., rows, cols), finite in float32."""
    given = _array(values)
    if given is None or given.dtype.kind not in "biuf" or given.ndim < 2 or 0 in given.shape:
        raise SettingError(
            "A map is numbers (rows, cols) with at least one patch, this is "
            f"{_form(values, given)}: give the map of a layer and a head."
        )
    found = np.array(given, np.float64)
    wild = ~(np.abs(found) <= _LARGEST)
    if wild.any():
        raise SettingError(
            f"The map holds {wild.sum()} values that are not finite in float32: "
            "record it again in float32."
        )
    if not negative and found.min() < 0:
        raise SettingError(
            f"The map holds negative values (down to {found.min():.3g}), which have no share of "
            "its mass: give attention, or activations after their ReLU."
        )
    return found


def one_map(values: Any, negative: bool = True) -> NDArray[np.float64]:
    """A float64 copy of a single map (rows, cols), finite in float32."""
    found = maps(values, negative)
    if found.ndim != 2:
        raise SettingError(
            f"One map (rows, cols) is taken at a time, this is {found.shape}: "
            "pick a layer and a head."
        )
    return found


def masks(values: Any) -> NDArray[np.bool_]:
    """Masks (..., rows, cols) as bool."""
    given = _array(values)
    if given is None or given.dtype.kind not in "biu" or given.ndim < 2 or 0 in given.shape:
        raise SettingError(
            "A mask is (rows, cols) of True and False with at least one patch, this is "
            f"{_form(values, given)}: make one with viz.threshold_mask."
        )
    return given.astype(np.bool_)


def one_mask(values: Any) -> NDArray[np.bool_]:
    """A single mask (rows, cols) as bool."""
    found = masks(values)
    if found.ndim != 2:
        raise SettingError(
            f"One mask (rows, cols) is taken at a time, this is {found.shape}: "
            "pick a layer and a head."
        )
    return found


def _float(value: Any) -> float:
    """NaN for anything that is not a number, strings of digits included."""
    try:
        return math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return math.nan


def _items(value: Any) -> list[Any] | None:
    """None for anything that is not a list, strings included."""
    try:
        return None if isinstance(value, str | bytes) else list(value)
    except TypeError:
        return None


def _counts(first: float, second: float) -> bool:
    return first >= 1 and second >= 1 and first.is_integer() and second.is_integer()


def _array(values: Any) -> NDArray[Any] | None:
    """None where NumPy cannot make an array: ragged lists, tensors on a GPU or with a gradient."""
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError):
        return None


def _form(values: Any, given: NDArray[Any] | None) -> str:
    """Shape and dtype where there is one, else the value."""
    return short(values if given is None or given.dtype.kind not in "biuf" else given)
