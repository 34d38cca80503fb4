"""Any value where another was meant: never a traceback, always one short sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
from heedmap import models, viz
from heedmap.errors import HeedmapError
from PIL import Image

PHOTO = np.full((40, 56, 3), 128, np.uint8)
VIT = models.wrap(timm.create_model("test_vit").eval())
NET = models.wrap(timm.create_model("test_resnet").eval())
X, Y = VIT.prepare(PHOTO, size=32), NET.prepare(PHOTO, size=32)
ATTENTION = viz.record_attention(VIT, X)
LAYER = NET.default_conv_layers[0]
CHANNELS = viz.record_activations(NET, Y, [LAYER])

ODD: dict[str, Any] = {
    "None": None,
    "number": 5.5,
    "dictionary": {},
    "ragged": [[1, 2], [3]],
    "long": "x" * 10_000,
    "object": object(),
    "empty": np.zeros((0, 0)),
    "complex": np.zeros((3, 3), complex),
    "picture": Image.new("L", (3, 3)),
}


def kept(odd: Any) -> Any:
    """The value, or a number where nothing would mean what is right."""
    nothing = odd is None or isinstance(odd, dict) or (isinstance(odd, np.ndarray) and not odd.size)
    return 5 if nothing else odd


CALLS: dict[str, Callable[[Any], object]] = {
    "prepare": lambda odd: VIT.prepare(kept(odd) if not isinstance(odd, Image.Image) else 5),
    "prepare, fit": lambda odd: VIT.prepare(PHOTO, fit=odd),
    "forward": VIT.forward,
    "wrap": models.wrap,
    "wrap, title": lambda odd: models.wrap(NET.module, title=[kept(odd)]),
    "wrap, classes": lambda odd: models.wrap(NET.module, classes=kept(odd)),
    "load": models.load,
    "records": lambda odd: models.records(kept(odd)),
    "record_attention": lambda odd: viz.record_attention(odd, X),
    "record_rows": lambda odd: viz.record_rows(VIT, X, 0, [odd]),
    "record_features": lambda odd: viz.record_features(VIT, X, kept(odd)),
    "Attention.of": ATTENTION.of,
    "Activations.top": CHANNELS.top,
    "Activations.top, k": lambda odd: CHANNELS.top(LAYER, odd),
    "Activations.predictions": CHANNELS.predictions,
    "cls_shares": viz.cls_shares,
    "uniform_shares": viz.uniform_shares,
    "clearest": lambda odd: viz.clearest(kept(odd)),
    "sample": viz.sample,
    "explain": lambda odd: viz.explain(VIT, X, odd),
    "region": lambda odd: viz.region(PHOTO, odd),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_an_odd_value_is_one_short_sentence(call: Callable[[Any], object]) -> None:
    for odd in ODD.values():
        with pytest.raises(HeedmapError) as refused:
            call(odd)
        said = str(refused.value)
        assert len(said) < 500
        assert said.endswith(".")
        assert "0x" not in said
        assert "\n" not in said
