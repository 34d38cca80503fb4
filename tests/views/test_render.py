"""How maps are drawn, and what can be taken home."""

from __future__ import annotations

import base64
import hashlib
import io

import numpy as np
import pytest
from heedmap import viz
from heedmap.models import Adapter
from heedmap.views import attention, data_urls, export, facts, large, names, photos, render
from heedmap.views.attention import Map
from heedmap.views.paper import Paper
from heedmap.views.render import THUMBNAIL, Look
from heedmap.views.request import Request
from PIL import Image


@pytest.fixture
def shown(vit: Adapter, cat: Request) -> Map:
    return Map(attention.source(vit, cat), layer=3, head="2")


def test_a_map_is_drawn_over_the_base_that_is_handed_in(shown: Map) -> None:
    base = np.full((40, 60, 3), 200, np.uint8)
    look = Look("jet", 0.5, "nearest", scale="layer", fade=False)
    own = viz.Overlay("jet", opacity=0.5, limits=shown.limits("layer"))(base, shown.values)
    assert np.array_equal(render.draw(shown, look, base), own)
    assert (base == 200).all()


def test_each_view_is_the_one_it_names(shown: Map) -> None:
    base = render.base(shown.request, shown.seen)
    mask = viz.threshold_mask(shown.values, 0.4)
    for view, own in [
        ("mask", viz.draw_mask(mask, (base.shape[0], base.shape[1]))),
        ("highlight", viz.highlight(base, mask)),
        ("contour", viz.contour(base, mask)),
    ]:
        assert np.array_equal(render.drawn(shown, Look(view=view, keep=0.4)), own), view


def test_scales_span_what_they_name(shown: Map) -> None:
    maps = np.asarray(shown.source.maps)
    spans = {"map": maps[3, 2], "layer": maps[3], "layers": maps[:, 2], "model": maps}
    for scale, values in spans.items():
        assert shown.limits(scale) == (values.min(), values.max()), scale


def test_the_models_pixels_are_those_that_it_saw(shown: Map) -> None:
    base = render.base(shown.request, shown.seen, "model")
    times = base.shape[0] // shown.seen.view.shape[0]
    assert np.array_equal(base[::times, ::times], shown.seen.view)


def test_a_data_url_holds_the_picture(shown: Map) -> None:
    url = data_urls.of_map(shown, Look(), THUMBNAIL)
    content = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"), validate=True)
    with Image.open(io.BytesIO(content)) as picture:
        there = np.asarray(picture, np.int16)
    wanted = render.drawn(shown, Look(), THUMBNAIL)
    assert max(wanted.shape) == THUMBNAIL
    assert np.abs(there - wanted).mean() < 4
    assert data_urls.of_map(shown, Look(), THUMBNAIL) is url


def test_hidden_outliers_are_told_with_the_picture_not_in_it(shown: Map) -> None:
    hidden = Map(shown.source, shown.layer, shown.head, hide=True)
    assert "outlier" in hidden.label
    assert hidden.key != shown.key
    plain = render.draw(hidden, Look(), render.base(hidden.request, hidden.seen))
    assert np.array_equal(render.drawn(hidden, Look()), plain)
    assert hidden.label in dict(facts.attention(hidden)).values()
    figure = export.large(large.of_one(hidden, Look()), [])
    with Image.open(io.BytesIO(figure.picture(Paper()))) as picture:
        assert hidden.label.removeprefix("no ") in picture.info["Description"]


def test_files_are_named_after_photo_model_layer_and_head(portrait: bytes) -> None:
    mine = photos.take(portrait, "Ana & Eva/at the sea.png")
    request = Request(mine, "timm/resnet34.a1_in1k@v2", 224)
    assert names.file_name(request, "layer3", "head2") == (
        "at-the-sea-timm-resnet34.a1_in1k-v2-layer3-head2"
    )
    photos.take(portrait)
    assert names.file_name(request) == f"photo-{mine[:8]}-timm-resnet34.a1_in1k-v2"
    assert photos.sha256(mine) == hashlib.sha256(portrait).hexdigest()
