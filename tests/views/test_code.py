"""Copy as Python: the program makes the pixels that the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from heedmap import models
from heedmap.models import Adapter
from heedmap.views import (
    attention,
    channels,
    code,
    large,
    pairs,
    photos,
    reasons,
    render,
    texts,
    why,
)
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.compare import ALL, BOTH, Column
from heedmap.views.large import Large
from heedmap.views.render import Look
from heedmap.views.request import Request

PLAIN = Look(colormap="magma", opacity=0.7, fade=False, patch_grid=True, interpolation="nearest")


def run(program: str) -> list[np.ndarray]:
    names: dict = {}
    exec(program, names)
    return names.get("pictures") or [names["picture"]]


def assert_makes(pictures: Sequence[Large]) -> str:
    program = code.python(pictures)
    made = run(program)
    assert len(made) == len(pictures)
    for picture, each in zip(made, pictures, strict=True):
        np.testing.assert_array_equal(picture, render.drawn(each.shown, each.look))
    return program


@pytest.mark.parametrize(
    ("kind", "head", "hide", "look"),
    [
        ("cls", "2", False, Look(scale="model")),
        ("cls", "mean", True, replace(PLAIN, scale="layer")),
        ("tokens", "1", False, replace(PLAIN, over="model")),
        ("patch", "0", False, Look(view="contour", keep=0.3)),
        ("cls", "0", False, Look(view="mask", over="model")),
        ("cls", "0", False, Look(view="highlight")),
    ],
)
def test_a_map_of_attention(
    vit: Adapter, cat: Request, kind: str, head: str, hide: bool, look: Look
) -> None:
    source = attention.source(vit, cat, kind, (2, 3))
    program = assert_makes(large.of_one(Map(source, 4, head, hide), look))
    assert "import numpy" not in program, "only what is used is imported"


def test_outliers_that_are_known_by_their_norm(vit: Adapter, cat: Request) -> None:
    source = attention.with_norms(vit, cat, attention.source(vit, cat))
    marked = tuple(norms.copy() for norms in source.outliers)
    assert marked, "the model has norms"
    assert_makes(large.of_one(Map(source, 4, "1", True), Look()))


def test_two_maps_of_one_model_share_a_pass(vit: Adapter, cat: Request) -> None:
    source = attention.source(vit, cat)
    shown = [Map(source, layer, "1") for layer in (1, 4)]
    less = pairs.difference(*shown)
    program = assert_makes(large.of_maps(shown, replace(PLAIN, scale=BOTH, over="model"), less))
    assert program.count("record_attention") == 1


def test_a_channel_with_negative_values(cat: Request) -> None:
    cnn = models.load("bundled-cnn")
    source = channels.source(cnn, replace(cat, model=cnn.id), None, "convolution")
    (shown,) = next(iter(source.strongest(1).values()))
    assert shown.signed
    assert_makes(large.of_one(shown, Look(scale="layer")))


def test_columns_of_three_models(vit: Adapter, cat: Request) -> None:
    clip, cnn = (models.load(id) for id in ("bundled-clip", "bundled-cnn"))
    squash = Request("cat", clip.id, 96, "crop")
    maps = [Map(attention.source(vit, cat), 5), Map(attention.source(clip, squash), 3, "2")]
    source = channels.source(cnn, Request("cat", cnn.id, 128))
    channel: Channel = next(iter(source.strongest(1).values()))[0]
    columns = [Column(letter, each) for letter, each in zip("ABC", [*maps, channel], strict=True)]
    less = pairs.Difference(pairs.pairs(columns)[0])
    for look in (Look(scale=ALL), Look(over="model")):
        assert_makes(large.of_columns(columns, look, less))


def test_methods_on_one_scale(vit: Adapter, cat: Request) -> None:
    source = why.source(vit, cat)
    found = [reasons.reason(vit, source, method) for method in ("raw", "rollout", "relevance")]
    assert_makes(large.of_reasons(found, Look(scale=reasons.METHODS)))


def test_texts_of_clip(cat: Request) -> None:
    clip = models.load("bundled-clip")
    source = texts.source(clip, replace(cat, model=clip.id), ("a cat", "a rocket"))
    for kind in ("value path", "similarity"):
        assert_makes(large.of_words(source.similarities(kind), Look(scale=texts.WORDS)))


def test_a_photo_of_ones_own_is_opened_by_its_name(vit: Adapter, portrait: bytes) -> None:
    mine = photos.take(portrait, "at the sea.png")
    shown = Map(attention.source(vit, Request(mine, vit.id, 128)), 4)
    assert "viz.open_image('at the sea.png')" in code.python(large.of_one(shown, Look()))
