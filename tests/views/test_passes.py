"""A forward pass runs once, whoever asks for it and whatever is drawn of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import CaptureError, ImageError, OvertakenError
from heedmap.models import Adapter, Prepared
from heedmap.views import attention, channels, passes, photos, render, turns
from heedmap.views.request import Request

from tests.views.test_turns import LeftError
from tests.views.test_underway import Guest

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

    monkeypatch.setattr(viz, "record_attention", slow, raising=False)
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(passes.attention, vit, cat) for _ in range(2)]
        assert started.wait(PATIENCE)
        cnn = models.load("bundled-cnn")
        other = Request("cat", "bundled-cnn", 64)
        channels.source(cnn, other)  # while the first runs
        go_on.set()
        one, two = (each.result(PATIENCE) for each in both)
    assert one is two
    assert len(made) == 1


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
    waits, told = threading.Event(), set()

    def tell(words: str) -> None:
        told.add(words)
        if words:
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
    assert told - {""} == {turns.place(0)}
    assert ran == ["bundled-vit"]
    with queue.take("first"):
        attention.source(vit, cat)  # what is kept needs no turn


class Slow:
    """A pass that lasts until a test ends it, and then looks whether it is still wanted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs, self.go_on = threading.Event(), threading.Event()
        self.record = viz.record_attention
        monkeypatch.setattr(viz, "record_attention", self, raising=False)

    def __call__(self, adapter: Adapter, x: Prepared, **named: bool) -> viz.Attention:
        self.runs.set()
        assert self.go_on.wait(PATIENCE)
        return self.record(adapter, x, **named)


def ask(visitor: str, guest: Guest, vit: Adapter, request: Request) -> attention.Source:
    """A visitor who asks for a pass until told to leave."""
    with turns.visiting(visitor, guest):
        return attention.source(vit, request)


@pytest.mark.parametrize("stays", [False, True], ids=["alone", "with another"])
def test_a_visitor_who_asks_for_another_picture_gives_the_pass_up(
    monkeypatch: pytest.MonkeyPatch, vit: Adapter, cat: Request, stays: bool
) -> None:
    queue = turns.Turns(1)
    monkeypatch.setattr(turns, "shared", lambda: queue)
    slow, gone = Slow(monkeypatch), []
    monkeypatch.setattr(passes, "GRACE", 1e9)
    record = viz.GivingUp.__exit__
    monkeypatch.setattr(
        viz.GivingUp, "__exit__",
        lambda self, kind, *rest: (gone.append(kind), record(self, kind, *rest))[1],
    )  # fmt: skip
    with ThreadPoolExecutor() as pool:
        leaver, other = Guest(), Guest()
        older = pool.submit(ask, "a", leaver, vit, cat)
        assert slow.runs.wait(PATIENCE)
        if stays:
            same = pool.submit(ask, "b", other, vit, cat)
            assert other.asked.wait(PATIENCE)
        leaver.leaves.set()
        with pytest.raises(LeftError):
            older.result(PATIENCE)
        newer = pool.submit(ask, "a", Guest(), vit, replace(cat, size=64))
        with queue._changed:
            assert queue._changed.wait_for(lambda: queue._waiting, PATIENCE)
        slow.go_on.set()
        assert newer.result(PATIENCE).seen.view.shape[0] == 64
        if stays:
            assert same.result(PATIENCE).seen.view.shape[0] == 128
    assert gone == [None if stays else OvertakenError, None]
