"""A front end whose passes run at an engine: what it shows, and what it says when that fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.cluster import door
from heedmap.errors import CaptureError, EngineError, ForbiddenError, ImageError, OvertakenError
from heedmap.models.loading import loader
from heedmap.views import attention, cache, channels, engine, film, passes, turns
from heedmap.views.request import Request, TextRequest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.cluster.conftest import listening

PATIENCE = 60  # seconds, for a thread that hangs
CAT = Request("cat", "bundled-vit", 64)
FORBIDDEN = {"error": "ForbiddenError", "sentence": "The host does not offer a/b: choose another."}

Engine = Callable[[str], None]


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that runs in this thread or one that it started fails the test."""

    def run(*_: object) -> None:
        raise AssertionError("the front end ran a model")

    monkeypatch.setattr(passes.calls, "here", run)


def test_views_show_what_the_engine_recorded(at_engine: Engine, portrait: bytes) -> None:
    vit, cnn = models.load("bundled-vit"), models.load("bundled-cnn")
    key = passes.photos.take(portrait)
    source = attention.source(vit, replace(CAT, photo=key))
    x = vit.prepare(passes.photos.pixels(key), 64)
    own = viz.record_attention(vit, x).cls
    np.testing.assert_allclose(source.maps, own, rtol=1e-3)
    np.testing.assert_array_equal(source.seen.view, x.view)
    assert source.seen.pixels.numel() == 0
    shown = channels.source(cnn, Request("cat", "bundled-cnn", 64))
    assert len(shown.predictions()) == 5
    read = passes.text(models.load("bundled-clip"), TextRequest("a cat", "bundled-clip"))
    assert read.tokens[1:3] == ("·a", "·cat")
    frames = [viz.open_sample("cat")[:64, :96]]
    (frame,) = film.maps(vit, frames, film.Wanted(64))
    assert frame.heat.shape == (8, 12)


def test_no_pass_runs_in_the_front_end(
    at_engine: Engine, idle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[str] = []

    def ask(where: str, model: str, x: object, name: str, *_: object) -> None:
        answered.append(name)
        raise CaptureError("It shows none: choose another.")

    monkeypatch.setattr(engine, "ask", ask)
    with pytest.raises(CaptureError):
        attention.source(models.load("bundled-vit"), CAT)
    assert answered == ["attention"]


def test_an_engine_that_is_not_there_is_told_and_what_is_kept_stays(
    at_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    vit = models.load("bundled-vit")
    before = attention.source(vit, CAT)
    at_engine("http://127.0.0.1:9")  # discard, where nobody listens
    with pytest.raises(EngineError, match="cannot be reached now: try again in a moment"):
        attention.source(vit, replace(CAT, size=96))
    assert attention.source(vit, CAT).maps is before.maps


class Flaky:
    """An engine that answers like a proxy whose replica has died, so many times."""

    def __init__(self, fails: int) -> None:
        self.fails, self.app = fails, door.create()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http" and self.fails > 0:
            self.fails -= 1
            await PlainTextResponse("Internal Server Error", 500)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def test_a_pass_whose_replica_dies_is_sent_once_more(
    at_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    vit, flaky = models.load("bundled-vit"), Flaky(1)
    with listening(flaky) as url:
        at_engine(url)
        assert attention.source(vit, CAT).depth == 6
        flaky.fails = 2
        with pytest.raises(EngineError, match="cannot be reached"):
            attention.source(vit, replace(CAT, size=96))
    assert flaky.fails == 0


def told(status: int, said: dict[str, str], version: str = "") -> Starlette:
    """An engine that always gives one answer."""

    async def answer(_: object) -> Response:
        headers = {engine.HEADER: version or engine.own_version()}
        return Response(json.dumps(said), status, headers)

    return Starlette(routes=[Route(engine.PASS, answer, methods=["POST"])])


def test_what_an_engine_says_is_told_as_it_is(at_engine: Engine) -> None:
    vit = models.load("bundled-vit")
    answers = {
        "is another version": (EngineError, told(200, {}, "0.0.9/0"), "0.0.9/0"),
        "refuses": (ForbiddenError, told(422, FORBIDDEN), "does not offer"),
        "is no error of ours": (EngineError, told(422, {**FORBIDDEN, "error": "re"}), "not offer"),
    }
    for kind, app, sentence in answers.values():
        with listening(app) as url:
            at_engine(url)
            with pytest.raises(kind, match=sentence):
                attention.source(vit, CAT)


def test_a_mistake_at_the_engine_is_one_sentence(
    at_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise MemoryError("at 0x1234")

    monkeypatch.setattr(viz, "record_attention", fails, raising=False)
    with pytest.raises(EngineError, match=r"failed at this pass, .* choose a smaller size"):
        attention.source(models.load("bundled-vit"), CAT)


def test_a_pass_that_nobody_waits_for_ends_at_the_engine_too(
    replica: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LISTENS", 0.01)
    runs, ended = threading.Event(), threading.Event()
    vit = models.load("bundled-vit")
    x = vit.prepare(viz.open_sample("cat"), 64)

    def endless(adapter: models.Adapter, x: models.Prepared, **_: object) -> None:
        try:
            while True:
                adapter.run(x.pixels, x.fit)
                runs.set()
        except OvertakenError:
            ended.set()
            raise

    monkeypatch.setattr(viz, "record_attention", endless, raising=False)
    with pytest.raises(OvertakenError):
        engine.ask(replica, vit.id, x, "attention", (False, False), runs.is_set)
    assert ended.wait(PATIENCE)


def test_a_front_end_keeps_no_weights_and_shows_the_same(at_engine: Engine) -> None:
    whole = models.load("bundled-vit")
    before = attention.source(whole, CAT)
    try:
        loader.keep_no_weights()
        bare = models.load("bundled-vit")
    finally:
        loader.keep_no_weights(False)
    assert bare.nbytes == 0
    assert whole.nbytes > 10**6
    for name in ("can", "kinds", "depth", "heads", "order", "conv_layers", "classes", "size"):
        assert getattr(bare, name) == getattr(whole, name), name
    cache.clear()
    np.testing.assert_array_equal(attention.source(bare, CAT).maps, before.maps)


def test_photos_that_are_no_photos_never_reach_it(at_engine: Engine) -> None:
    at_engine("http://127.0.0.1:9")
    with pytest.raises(ImageError, match="drop the photo again"):
        attention.source(models.load("bundled-vit"), replace(CAT, photo="0" * 32))


def test_the_turns_of_a_front_end_are_those_of_its_engine(at_engine: Engine) -> None:
    assert turns.shared().at_once == turns.AT_ENGINE
