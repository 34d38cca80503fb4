"""A forward pass runs once, whoever asks for it and whatever is drawn of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import CaptureError, ImageError
from heedmap.models import Adapter
from heedmap.views import attention, channels, passes, photos, render, turns
from heedmap.views.request import Request

PATIENCE = 30  # seconds, for a thread that hangs


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the models that ran, one for each forward pass."""
    ids: list[str] = []
    run = Adapter.run

    def counted(self, pixels, fit="whole"):
        ids.append(self.id)
        return run(self, pixels, fit)

    monkeypatch.setattr(Adapter, "run", counted)
    return ids


def test_a_pass_is_run_once_for_all_that_is_shown_of_it(
    ran: list[str], vit: Adapter, cat: Request
) -> None:
    source = attention.source(vit, cat)
    for look in (render.Look(), render.Look(view="mask"), render.Look(over="model", scale="model")):
        for shown in attention.heads(attention.Map(source, 2)):
            render.drawn(shown, look)
    again = attention.source(vit, cat)
    assert again.maps is source.maps
    assert ran == ["bundled-vit"]
    attention.source(vit, cat, "tokens")
    attention.source(vit, replace(cat, size=64))
    assert len(ran) == 3


def test_two_who_ask_at_once_make_one_pass(
    monkeypatch: pytest.MonkeyPatch, vit: Adapter, cat: Request
) -> None:
    started, go_on = threading.Event(), threading.Event()
    made: list[int] = []
    record = viz.record_attention

    def slow(*args, **named):
        made.append(1)
        started.set()
        assert go_on.wait(PATIENCE)
        return record(*args, **named)

    told: list[str] = []
    joined = threading.Event()

    def tell(sentence: str) -> None:
        told.append(sentence)
        joined.set()

    def join() -> object:
        with turns.visiting("second", tell):
            return passes.attention(vit, cat)

    monkeypatch.setattr(viz, "record_attention", slow, raising=False)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(passes.attention, vit, cat)
        assert started.wait(PATIENCE)
        both = [first, pool.submit(join)]
        assert joined.wait(PATIENCE)
        cnn = models.load("bundled-cnn")
        other = Request("cat", "bundled-cnn", 64)
        channels.source(cnn, other)  # while the first runs
        go_on.set()
        one, two = (each.result(PATIENCE) for each in both)
    assert one is two
    assert len(made) == 1
    assert told == [turns.SAME]
    with turns.visiting("third", tell):
        passes.attention(vit, cat)
    assert told == [turns.SAME], "what is there already needs no waiting"


def test_a_failed_pass_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, vit: Adapter, cat: Request
) -> None:
    with monkeypatch.context() as patch:

        def fails(*_args, **_named):
            raise CaptureError("It shows none: choose another.")

        patch.setattr(viz, "record_attention", fails, raising=False)
        with pytest.raises(CaptureError):
            attention.source(vit, cat)
    assert attention.source(vit, cat).depth == 6


def test_what_is_kept_holds_no_input_tensor(vit: Adapter, cat: Request) -> None:
    _, seen = passes.attention(vit, cat)
    assert seen.pixels.numel() == 0
    assert seen.view.shape == (128, 192, 3)


def test_a_kind_that_the_model_has_not_becomes_its_own(vit: Adapter, cat: Request) -> None:
    assert attention.source(vit, cat, "windows").kind == vit.kinds[0]


def test_channels_come_strongest_first() -> None:
    source = channels.source(models.load("bundled-cnn"), Request("cat", "bundled-cnn", 128))
    rows = source.strongest(4)
    assert list(rows) == list(models.load("bundled-cnn").default_conv_layers)
    for layer, row in rows.items():
        means = source.activations.maps[layer].mean((1, 2), dtype=np.float64)
        assert [each.index for each in row] == list(np.argsort(-means, kind="stable")[:4])


def test_a_photo_is_kept_by_its_bytes(portrait: bytes) -> None:
    key = photos.take(portrait)
    assert photos.is_upload(key)
    assert photos.known(key)
    assert photos.find(key) == portrait
    assert photos.pixels(key).shape == (90, 60, 3)
    assert photos.take(portrait) == key
    assert photos.name(key) == photos.alt(key) == "Your photo"


def test_a_bad_photo_is_not_kept() -> None:
    with pytest.raises(ImageError, match="not a picture"):
        photos.take(b"no image")
    assert not photos.known("0" * 32)
    with pytest.raises(ImageError, match="drop the photo again"):
        photos.pixels("0" * 32)


def test_a_visitors_pass_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch, ran: list[str], vit: Adapter, cat: Request
) -> None:
    queue = turns.Turns(1, every=0.01)
    monkeypatch.setattr(turns, "shared", lambda: queue)
    waits, told = threading.Event(), []

    def tell(sentence: str) -> None:
        told.append(sentence)
        waits.set()

    def visit() -> attention.Source:
        with turns.visiting("late", tell):
            return attention.source(vit, cat)

    with ThreadPoolExecutor(1) as pool:
        with queue.take("first"):
            late = pool.submit(visit)
            assert waits.wait(PATIENCE)
            assert ran == []
        assert late.result(PATIENCE).depth == vit.depth
    assert set(told) == {turns.place(0)}
    assert ran == ["bundled-vit"]
    with queue.take("first"):
        attention.source(vit, cat)  # what is kept needs no turn
