"""Letters that the font of the figures lacks, such as 猫: which font of this machine holds them.

    others("猫 cat.jpg")           # ["Noto Sans CJK SC"], where that is installed
    missing("a 👍")                # "👍", where no font is known that holds it
    readable("a 👍")               # "a �"

Which of the fonts below a machine has is Matplotlib's to know: it lists them once, and keeps that
list in its cache folder.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from heedmap.viz.draw.fonts import FAMILY
from matplotlib import font_manager

STAND_IN = "\N{REPLACEMENT CHARACTER}"

# Of Linux, macOS and Windows. Fonts of coloured emoji hold pictures, which cannot be drawn.
_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei",
)  # fmt: skip
_JAPANESE = (
    "Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Hiragino Sans", "Yu Gothic",
    "Meiryo", "IPAGothic",
)  # fmt: skip
_MORE = (
    "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic", "Noto Emoji",
    "Segoe UI Emoji", "Segoe UI Symbol", "Symbola", "Arial Unicode MS",
)  # fmt: skip


def others(text: str) -> list[str]:
    """The fonts, beside `FAMILY`, that hold letters of a text; none for most texts."""
    kana = bool(re.search("[\u3040-\u30ff]", text))
    found = {_font_of(letter, kana): None for letter in text if not _unseen(letter)}
    return [font for font in found if font not in (FAMILY, None)]


def missing(text: str) -> str:
    """The letters of a text that no known font of this machine holds, each once."""
    lack = (letter for letter in text if not _unseen(letter) and _font_of(letter) is None)
    return "".join(dict.fromkeys(lack))


def readable(text: str) -> str:
    """A text in letters that can be drawn, � for others; those that cannot be seen are left out."""
    return "".join(
        letter if _font_of(letter) or letter == "\n" else "" if _unseen(letter) else STAND_IN
        for letter in text
    )


def _unseen(letter: str) -> bool:
    """Whether a letter only says how others look, as those do that join or colour emoji."""
    return unicodedata.category(letter) in ("Cc", "Cf") or "\ufe00" <= letter <= "\ufe0f"


@lru_cache(maxsize=8192)
def _font_of(letter: str, kana: bool = False) -> str | None:
    """The first font that holds a letter, in Japanese forms where it stands beside kana."""
    return next((font for font in (FAMILY, *_known(kana)) if _holds(font, letter)), None)


@cache
def _known(kana: bool) -> tuple[str, ...]:
    """The fonts of this machine that may be asked, in their order."""
    here = {font.name for font in font_manager.fontManager.ttflist}
    first, second = (_JAPANESE, _CHINESE) if kana else (_CHINESE, _JAPANESE)
    every = (
        *first,
        *second,
        *_MORE,
        *sorted(name for name in here if name.startswith("Noto Sans ")),
    )
    return tuple(name for name in dict.fromkeys(every) if name in here)


def _holds(family: str, letter: str) -> bool:
    font = font_manager.findfont(font_manager.FontProperties(family=family))
    return bool(font_manager.get_font(font).get_char_index(ord(letter)))
