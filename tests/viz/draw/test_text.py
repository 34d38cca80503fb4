"""Figures of texts: every token once, in its place, as full as its share."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch

TOKENS = ["[CLS]", *(f"·word{at}" for at in range(30)), "[SEP]"]
NARROW = 85 / 25.4
SHARES = np.linspace(0, 0.2, 32, dtype=np.float32)


@pytest.mark.parametrize("width", [NARROW, 7.2])
def test_tokens_are_apart_and_within_the_width(width: float) -> None:
    figure = viz.text_figure(TOKENS, {"What “it” attends to": SHARES}, "A title", width=width)
    FigureCanvasAgg(figure)
    (axes,) = figure.axes
    words = [each for each in axes.texts if each.get_text() in TOKENS]
    assert [each.get_text() for each in words] == TOKENS
    boxes = [each.get_window_extent() for each in words]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    assert all(one.x1 < two.x0 or one.y0 > two.y1 for one, two in itertools.pairwise(boxes))
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)
    assert min(each.get_fontsize() for each in axes.texts) >= 6


def test_a_token_is_as_full_as_its_share_and_small_ones_have_no_number() -> None:
    figure = viz.text_figure(TOKENS, {"reads": SHARES, "is read": SHARES / 2}, bar=False)
    (axes,) = figure.axes
    opacity = [each.get_facecolor()[3] for each in axes.patches if isinstance(each, FancyBboxPatch)]
    np.testing.assert_allclose(opacity[:32], 2 * np.array(opacity[32:]))
    np.testing.assert_allclose(opacity[:32], opacity[31] * SHARES / SHARES[-1], atol=1e-6)
    numbers = [each.get_text() for each in axes.texts if each.get_text().endswith("%")]
    assert len(numbers) == int((SHARES >= 0.02).sum() + (SHARES / 2 >= 0.02).sum())
    assert numbers[-1] == "10%"


def test_lines_go_from_queries_to_keys() -> None:
    values = np.zeros((4, 4), np.float32)
    values[1, 3], values[2, 1], values[0, 0] = 0.9, 0.4, 0.01
    for at, count in ((None, 2), (1, 2), (3, 1)):
        (axes,) = viz.lines_figure(list("abcd"), values, at).axes
        (lines,) = axes.collections
        ends = lines.get_segments()
        assert len(ends) == count, "faint ones are left out"
        assert ends[-1][1, 1] - ends[-1][0, 1] == pytest.approx(2 * 0.14), "the strongest is on top"
    colours = viz.lines_figure(list("abcd"), values, 1).axes[0].collections[0].get_colors()
    assert not np.array_equal(colours[0][:3], colours[1][:3]), "as a query, and as a key"


def test_what_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(SettingError, match="do not fit 2 tokens"):
        viz.text_figure(["a", "b"], {"x": np.zeros(3)})
    with pytest.raises(SettingError, match="has tokens"):
        viz.text_figure([], {})
    with pytest.raises(SettingError, match="Lines between 129 tokens"):
        viz.lines_figure(["a"] * 129, np.zeros((129, 129)))


def test_the_matrix_of_a_text_names_the_tokens_that_there_is_room_for() -> None:
    values = np.eye(len(TOKENS), dtype=np.float32)
    for width, some in ((7.2, len(TOKENS)), (NARROW, 16)):
        figure = viz.matrix_figure(viz.TokenMatrix(TOKENS, values), "A title", width=width)
        FigureCanvasAgg(figure)
        boxes = [each.get_window_extent() for each in figure.axes[0].get_yticklabels()]
        assert some <= len(boxes) <= len(TOKENS)
        assert all(one.y0 >= two.y1 - 1 for one, two in itertools.pairwise(boxes))
        assert min(box.x0 for box in boxes) > 0
        top = max(each.get_window_extent().y1 for each in figure.axes[0].get_xticklabels())
        assert top < figure.texts[0].get_window_extent().y0 < figure.bbox.height
    assert viz.matrix_figure(viz.TokenMatrix("ab", np.eye(2)), signed=True, colormap="RdBu_r")
