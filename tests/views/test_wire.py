"""What travels comes back as it was, maps to half precision where that is asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.models import Encoded, Prepared
from heedmap.views import wire

WIDE = np.random.default_rng(0).normal(size=(40, 50)) * 2.0 ** np.arange(50)[::-1] * 1e-9


def there_and_back(value: object, half: bool = False) -> object:
    return wire.unpacked(wire.packed(value, half))


def test_plain_values_come_back() -> None:
    value = (None, True, 3, -0.5, "ä\n", slice(0, 2), {("a", 1): ("b",), "c": {}}, float("inf"))
    assert there_and_back(value) == value
    assert there_and_back([np.float32(0.5), np.int64(7)]) == (0.5, 7)


def test_phrases_come_back_with_what_translates_them() -> None:
    found = there_and_back({"target": Phrase("Layer {layer}", layer=3)})["target"]
    assert (found, found.template, found.values) == ("Layer 3", "Layer {layer}", {"layer": 3})


def test_arrays_and_tensors_come_back_bit_for_bit() -> None:
    for array in (WIDE, WIDE.astype(np.float32), WIDE > 0, np.zeros((0, 3)), np.array(7)):
        found = there_and_back(array)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    assert torch.equal(there_and_back(torch.arange(6).view(2, 3)), torch.arange(6).view(2, 3))


def test_records_come_back_with_their_methods() -> None:
    view = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    x = Prepared(torch.ones(1, 3, 4, 4), view, (2, 2), 1, 2, (0.0, 0.0, 4.0, 4.0), "whole").bare()
    found = there_and_back(x)
    assert isinstance(found, Prepared)
    assert (found.grid, found.box, found.pixels.numel()) == ((2, 2), x.box, 0)
    np.testing.assert_array_equal(found.view, view)
    text = Encoded({"input_ids": torch.tensor([[1, 2]])}, ("a", "b"), ("word", "word"), (0, 0))
    assert there_and_back(text).ids == [1, 2]
    maps = {"cls": np.full((2, 3, 4, 4), 0.25, np.float32)}
    attention = there_and_back(viz.Attention(maps, (4, 4), readers=slice(0, 1)), half=True)
    assert (attention.depth, attention.heads, attention.readers) == (2, 3, slice(0, 1))
    np.testing.assert_array_equal(attention.cls, maps["cls"])


@pytest.mark.parametrize("scale", [1e-30, 1e-5, 1.0, 1e30])
def test_half_precision_keeps_eleven_bits_of_what_is_not_tiny(scale: float) -> None:
    values = (WIDE * scale).astype(np.float32)
    found = there_and_back(values, half=True)
    assert found.dtype == np.float32
    seen = np.abs(values) >= np.abs(values).max() * 2.0**-28
    assert 0.3 < seen.mean() < 1
    np.testing.assert_allclose(found[seen], values[seen], rtol=2.0**-11)
    np.testing.assert_allclose(found, values, rtol=2.0**-11, atol=np.abs(values).max() * 2.0**-39)
    np.testing.assert_array_equal(there_and_back(found, half=True), found)  # no second loss


def test_half_precision_keeps_what_is_no_number_and_leaves_vectors_alone() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 0.0, 1e-9]], np.float32)
    np.testing.assert_allclose(there_and_back(values, half=True), values, rtol=1e-3)
    np.testing.assert_array_equal(there_and_back(np.zeros((2, 2), np.float32), True), 0)
    logits = WIDE[0].astype(np.float32)
    np.testing.assert_array_equal(there_and_back(logits, half=True), logits)
    sent = wire.packed(WIDE.astype(np.float32), half=True)
    assert len(sent) < WIDE.size * 2 + 1000


def test_nothing_else_travels() -> None:
    for value in (object(), wire, wire.packed, {1: object()}, {object()}):
        with pytest.raises(TypeError, match="does not travel"):
            wire.packed(value)
    stream = io.BytesIO()
    np.savez(stream, about=np.array('{"array": [0, null]}'), **{"0": np.array([{}], object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        wire.unpacked(stream.getvalue())
    for said in ('{"record": ["Popen", {}]}', '{"array": [1, null]}', "["):
        stream = io.BytesIO()
        np.savez(stream, about=np.array(said))
        with pytest.raises((KeyError, ValueError)):
            wire.unpacked(stream.getvalue())
