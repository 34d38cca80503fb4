"""The numbers at the ends of colour bars: as many digits as there is room for, of one size."""

from __future__ import annotations

from collections.abc import Sequence

from heedmap.languages import minus
from heedmap.viz.draw.layout import SMALL, SMALLEST
from heedmap.viz.draw.measure import width_of
from heedmap.viz.draw.overlay import Limits

# Type size in points, digits, and whether they are written short.
_STEPS = ((SMALL, 3, False), (SMALL, 3, True), (SMALL, 2, True), (SMALLEST, 2, True))


def ends(
    bars: Sequence[tuple[Limits | None, float]],
) -> tuple[list[tuple[str, str]], float]:
    """The texts (low, high) of bars that are so many inches wide, and their type size in points.

    Where even two digits do not fit, the type gets smaller than can be read in print.
    """
    for size, digits, short in _STEPS:
        told = [_told(limits, digits, short) for limits, _ in bars]
        room = min(_room(*text, size, inches) for text, (_, inches) in zip(told, bars, strict=True))
        if room >= 1:
            return told, size
    return told, SMALLEST * room


def _told(limits: Limits | None, digits: int, short: bool) -> tuple[str, str]:
    if limits is None:
        return "low", "high"
    low, high = (_short(value, digits) if short else f"{value:.{digits}g}" for value in limits)
    return minus(low), minus(high)


def _room(low: str, high: str, size: float, inches: float) -> float:
    """How many times both fit beside each other."""
    return inches / (1.05 * width_of(f"{low}  {high}", size))


def _short(value: float, digits: int) -> str:
    """A number in few letters: 0.000365 as 3.65e-4."""
    plain = f"{value:.{digits}g}"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    short = f"{mantissa}e{int(power)}"
    return short if len(short) < len(plain) or "e" in plain else plain
