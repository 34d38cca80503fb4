"""The letters of an SVG, put into it: it shows the same text where its font is not installed."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from functools import cache

from fontTools import subset
from matplotlib import font_manager

FAMILY = "DejaVu Sans"
_WEIGHTS = {"normal": "400", "bold": "700"}


def with_letters(svg: str) -> str:
    """An SVG whose text is in `FAMILY`, with the letters of it that its text uses."""
    letters = "".join(sorted(set(html.unescape("".join(re.findall(r">([^<]+)</text>", svg))))))
    weights = ["normal", "bold"] if "font-weight: 700" in svg else ["normal"]
    style = "".join(_faces(letters, weights)) if letters else ""
    return svg.replace("<defs>", f"<style>{style}</style>\n <defs>", 1) if style else svg


def _faces(letters: str, weights: list[str]) -> Iterator[str]:
    for weight in weights:
        woff = base64.b64encode(_subset(letters, weight)).decode()
        yield (
            f'@font-face{{font-family:"{FAMILY}";font-weight:{_WEIGHTS[weight]};'
            f'src:url("data:font/woff;base64,{woff}") format("woff")}}'
        )


@cache
def _path(weight: str) -> str:
    return str(font_manager.findfont(font_manager.FontProperties(family=FAMILY, weight=weight)))


def _subset(letters: str, weight: str) -> bytes:
    """The font with these letters only, as WOFF."""
    options = subset.Options(flavor="woff", hinting=False, layout_features=["kern"])
    options.drop_tables += ["FFTM"]  # a note of the font's editor
    small, stream = subset.Subsetter(options), io.BytesIO()
    with subset.load_font(_path(weight), options) as font:
        small.populate(text=letters)
        small.subset(font)
        subset.save_font(font, stream, options)
    return stream.getvalue()
