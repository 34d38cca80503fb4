"""What comes back: the library's own maps, in three forms."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.models import Adapter, Prepared
from heedmap.views import render
from heedmap.views.request import Request
from PIL import Image
from starlette.testclient import TestClient

from tests.api.conftest import PATH, Ask


def prepared(model: str, photo: np.ndarray, size: int = 64) -> tuple[Adapter, Prepared]:
    adapter = models.load(model)
    return adapter, adapter.prepare(photo, size=size)


def values(answer: dict) -> list[np.ndarray]:
    return [np.array(layer["maps"]) for layer in answer["layers"]]


def test_a_photo_comes_back_as_the_last_layer_of_what_the_model_shows_first(
    client: TestClient, cat: bytes
) -> None:
    answer = client.post(f"{PATH}?size=64", content=cat).json()
    adapter, x = prepared("bundled-vit", viz.open_image(cat))
    own = viz.record_attention(adapter, x).cls
    np.testing.assert_allclose(values(answer)[0], own[5], rtol=1e-5)
    (layer,) = answer["layers"]
    assert (layer["layer"], layer["heads"]) == ("5", [0, 1, 2, 3, 4, 5])
    assert (layer["rows"], layer["cols"]) == x.grid
    height, width = x.view.shape[:2]
    assert answer["saw"] == {"width": width, "height": height, "box": list(x.box)}
    assert answer["model"] == {"id": "bundled-vit", "title": adapter.title}


def test_the_key_of_a_photo_stands_for_it_the_next_time(client: TestClient, cat: bytes) -> None:
    sent = client.post(f"{PATH}?size=64&layer=0", content=cat).json()
    by_key = client.post(PATH, json={"photo": sent["photo"], "size": 64, "layer": 0}).json()
    assert by_key == sent


def test_kinds_layers_and_heads(ask: Ask) -> None:
    adapter, x = prepared("bundled-vit", viz.open_sample("cat"))
    record = viz.record_attention(adapter, x, token_mean=True)
    received = values(ask(kind="received", layer="1,-1", head="mean"))
    np.testing.assert_allclose(received, record.token_mean[[1, 5]].mean(1)[:, None], rtol=1e-5)
    head = values(ask(kind="cls", layer=[0, 2], head=3))
    np.testing.assert_allclose(head, record.cls[[0, 2], 3][:, None], rtol=1e-5)
    assert len(ask(layer="all")["layers"]) == 6
    answer = ask(kind="relevance")
    np.testing.assert_allclose(
        values(answer)[0][0], viz.explain(adapter, x, "relevance").heat, rtol=1e-4, atol=1e-7
    )
    assert answer["layers"][0]["target"] in adapter.classes


def test_channels(ask: Ask) -> None:
    adapter, x = prepared("bundled-cnn", viz.open_sample("cat"))
    answer = ask(model="bundled-cnn")
    record = viz.record_activations(adapter, x, adapter.default_conv_layers, after="activation")
    assert [layer["layer"] for layer in answer["layers"]] == list(record.maps)
    for found, own in zip(values(answer), record.maps.values(), strict=True):
        np.testing.assert_allclose(found, own, rtol=1e-5)


def test_an_npz_holds_the_same_and_what_it_is(client: TestClient, ask: Ask) -> None:
    fields = {"photo": "cat", "size": 64, "layer": "all", "format": "npz"}
    answer = client.post(PATH, json=fields)
    assert answer.headers["content-type"] == "application/x-npz"
    with np.load(io.BytesIO(answer.content)) as arrays:
        assert sorted(arrays) == [*"012345", "about"]
        about, third = json.loads(str(arrays["about"])), arrays["2"]
    plain = ask(layer=2)
    assert third.dtype == np.float32
    np.testing.assert_allclose(third, values(plain)[0], rtol=1e-5)
    assert about["saw"] == plain["saw"]
    assert about["layers"][2] == {k: v for k, v in plain["layers"][0].items() if k != "maps"}


@pytest.mark.parametrize(
    "how", [{"params": {"format": "png"}}, {"headers": {"accept": "image/*, image/png"}}]
)
def test_a_picture_is_the_pages_own(client: TestClient, how: dict) -> None:
    answer = client.post(PATH, json={"photo": "cat", "size": 64}, **how)
    assert answer.headers["content-type"] == "image/png"
    adapter, x = prepared("bundled-vit", viz.open_sample("cat"))
    heat = viz.record_attention(adapter, x).cls[5].mean(0)
    own = render.plain(render.base(Request("cat", "bundled-vit", 64), x), heat)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), own)


def test_answers_are_kept_by_nobody(client: TestClient) -> None:
    answer = client.post(PATH, json={"photo": "cat", "size": 64})
    assert answer.headers["cache-control"] == "no-store"


def test_the_models_are_those_that_the_host_offers(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_ALLOW", "resnet18")
    listed = client.get("/api/v1/models").json()["models"]
    assert [model["id"] for model in listed] == models.ids()
    assert len(listed) == 6
    assert listed[-1]["licence"] == "apache-2.0"
