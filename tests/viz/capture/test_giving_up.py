"""A pass that nobody wants ends at its next call, whatever the model, and leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import OvertakenError
from heedmap.models import Adapter

from tests.viz.capture.test_capture import hooks_on, photo_of

RECORD = {"bundled-vit": viz.record_attention, "bundled-cnn": viz.record_activations}


@pytest.fixture(params=list(RECORD))
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return models.load(request.param)


def ran(adapter: Adapter) -> list[str]:
    """The layers that run from now on, in their order."""
    names: list[str] = []
    for name, part in adapter.module.named_modules():
        if not any(part.children()):
            part.register_forward_hook(lambda *_, name=name: names.append(name))
    return names


def test_it_ends_in_the_middle_of_the_model(adapter: Adapter) -> None:
    x = adapter.prepare(photo_of(64, 96), size=64)
    own = [part._forward_hooks.copy() for part in adapter.module.modules()]
    names = ran(adapter)
    try:
        RECORD[adapter.id](adapter, x)
        whole = names.copy()
        names.clear()
        with pytest.raises(OvertakenError), viz.GivingUp(lambda: len(names) >= 5):
            RECORD[adapter.id](adapter, x)
        assert names == whole[:5]
        assert len(whole) > 20
    finally:
        for part, hooks in zip(adapter.module.modules(), own, strict=True):
            part._forward_hooks.clear()
            part._forward_hooks.update(hooks)
    assert hooks_on(adapter.module) == sum(map(len, own))


def test_a_pass_that_is_wanted_is_as_without(adapter: Adapter) -> None:
    x = adapter.prepare(photo_of(64, 96), size=64)
    alone = RECORD[adapter.id](adapter, x)
    with viz.GivingUp(lambda: False):
        within = RECORD[adapter.id](adapter, x)
    for key, maps in alone.maps.items():
        assert np.array_equal(within.maps[key], maps), key
