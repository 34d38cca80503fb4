"""Letters that the figures lack in their own font: drawn in another one, or said to be missing."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.draw import letters
from matplotlib import font_manager
from PIL import Image

CAT, DOG = "猫", "狗"
HERE = {font.name for font in font_manager.fontManager.ttflist}
chinese = pytest.mark.skipif(not HERE & set(letters._CHINESE), reason="no Chinese font here")


def figure(text: str) -> object:
    blank = np.full((40, 60, 3), 255, np.uint8)
    return viz.grid_figure([blank], [text], 1, title=text, footer=f"Photo: {text}.jpg", width=2.0)


def ink(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(viz.to_png(figure(text), 150))) as picture:
        return np.asarray(picture.convert("L")) < 128


@chinese
def test_chinese_letters_are_drawn_as_themselves() -> None:
    cat, dog = ink(CAT), ink(DOG)
    assert cat.shape == dog.shape
    assert (cat != dog).sum() > 50, "boxes are all alike"
    assert viz.missing_letters(figure(CAT)) == ""


@chinese
def test_a_pdf_and_an_svg_carry_them_as_outlines_and_all_other_text_as_text() -> None:
    pdf, svg = viz.to_pdf(figure(CAT)), viz.to_svg(figure(CAT)).decode()
    assert len(pdf) < 40_000, "no font of megabytes"
    assert not re.search(rb"/FontFile3|/Type3|CJK", pdf)
    assert CAT not in "".join(re.findall(r"<text.*?</text>", svg))
    assert len(svg) < 60_000
    plain = figure("cat")
    plain.text(0.5, 0.5, CAT)
    assert "cat</text>" in viz.to_svg(plain).decode()
    assert b"/FontFile2" in viz.to_pdf(plain)


@chinese
def test_text_beside_kana_is_in_japanese_forms() -> None:
    fonts = HERE & {"Noto Sans CJK JP", "Noto Sans CJK SC"}
    if len(fonts) < 2:
        pytest.skip("one font for both")
    assert letters.others("直") == ["Noto Sans CJK SC"]
    assert letters.others("直す") == ["Noto Sans CJK JP"]


@chinese
def test_lines_of_chinese_text_fit_the_figure() -> None:
    made = figure("很长的文件名" * 12)
    viz.to_png(made, 100)
    for text in made.texts:
        box = text.get_window_extent()
        assert made.bbox.x0 <= box.x0 < box.x1 <= made.bbox.x1


@pytest.mark.usefixtures("no_other_fonts")
def test_where_no_font_holds_a_letter_a_stand_in_is_drawn_and_it_is_named() -> None:
    made = figure(f"a {CAT}\N{THUMBS UP SIGN}\N{VARIATION SELECTOR-16} {CAT}")
    assert viz.missing_letters(made) == f"{CAT}\N{THUMBS UP SIGN}"
    assert viz.to_svg(made).decode().count(">a ��\N{VARIATION SELECTOR-16} �</text>") == 2
    viz.to_png(made, 72)  # a warning would be an error
    assert (ink(CAT) == ink(DOG)).all()


def test_text_in_the_own_font_is_left_as_it_is() -> None:
    made = figure("Grüße, Ελληνικά → 12 µm −3")
    assert all(letters.others(text.get_text()) == [] for text in made.texts)
    assert "Grüße, Ελληνικά → 12 µm −3</text>" in viz.to_svg(made).decode()
