"""What the words of a page mean: the numbers are the model's own, the marks are where they say."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import models
from heedmap.views import attention, channels, explain, reasons, why
from heedmap.views.attention import Map
from heedmap.views.render import THUMBNAIL, Look, drawn
from heedmap.views.request import Request


@pytest.fixture(scope="module")
def shown() -> Map:
    request = Request("cat", "bundled-vit", 128)
    return Map(attention.source(models.load("bundled-vit"), request), 1, "2")


def test_attention_is_explained_in_the_numbers_of_the_model(shown: Map) -> None:
    told = {term: text for term, text, _ in explain.of_attention(shown, Look())}
    assert list(told) == ["Patch", "Token", "CLS", "Head", "Layer", "Register"]
    rows, columns = shown.values.shape
    assert f"{rows} × {columns}" in told["Patch"]
    assert f"{rows * columns + shown.seen.prefix} tokens" in told["Token"]
    assert "head 2" in told["Head"]


def test_the_ring_is_around_the_strongest_patch(shown: Map) -> None:
    ringed = explain.of_attention(shown, Look())[0][2]()
    changed = np.argwhere((ringed != drawn(shown, Look(), THUMBNAIL)).any(axis=2))
    rows, columns = shown.values.shape
    row, column = np.unravel_index(shown.values.argmax(), (rows, columns))
    middle = (np.array([row, column]) + 0.5) * np.array(ringed.shape[:2]) / (rows, columns)
    assert np.abs(changed.mean(axis=0) - middle).max() < 6 or _at_the_edge(row, column, shown)


def _at_the_edge(row: int, column: int, shown: Map) -> bool:
    """Whether the ring leaves the picture, so that its middle is not that of what is seen."""
    rows, columns = shown.values.shape
    return row in (0, rows - 1) or column in (0, columns - 1)


def test_registers_are_counted() -> None:
    for id in ("bundled-vit", "bundled-vit-reg"):
        source = attention.source(models.load(id), Request("cat", id, 128))
        told = {term: text for term, text, _ in explain.of_attention(Map(source, 0), Look())}
        more = source.seen.prefix - source.order.cls
        assert (f"has {more} token" in told["Register"]) == (more > 0)


def test_a_channel_is_explained_in_its_own_words() -> None:
    source = channels.source(models.load("bundled-cnn"), Request("cat", "bundled-cnn", 128))
    channel = next(iter(source.strongest(1).values()))[0]
    told = {term: text for term, text, _ in explain.of_channel(channel, Look())}
    assert list(told) == ["Channel", "Convolution", "Receptive field"]
    assert f"here {channel.siblings}:" in told["Channel"]


def test_a_reason_is_explained_by_what_it_was_asked() -> None:
    adapter, request = models.load("bundled-vit"), Request("cat", "bundled-vit", 128)
    reason = reasons.reason(adapter, why.source(adapter, request), "relevance")
    told = {term: text for term, text, _ in explain.of_reason(reason, Look())}
    assert list(told) == ["Target", "Gradient", "Strongest place", "Common scale"]
    assert "“cat”" in told["Target"]
    assert reason.strongest in told["Strongest place"]
