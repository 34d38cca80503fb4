"""What a replica answers is what this process would, to the precision of float16."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from heedmap import errors, models, viz
from heedmap.cluster import door
from heedmap.errors import HeedmapError, SettingError
from heedmap.views import engine, wire
from heedmap.views.calls import CALLS
from starlette.testclient import TestClient

HEAT = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
ASKED: dict[str, tuple[str, tuple[Any, ...]]] = {
    "attention": ("bundled-vit-reg", (True, True)),
    "queries": ("bundled-vit", ()),
    "row": ("bundled-vit", (2, (3, 1))),
    "features": ("bundled-vit", (4,)),
    "matrix": ("bundled-vit", (1, None)),
    "norms": ("bundled-vit-reg", ()),
    "activations": ("bundled-cnn", (("layer2.1.conv1",), "activation")),
    "output": ("bundled-cnn", ()),
    "explanation": ("bundled-cnn", ("gradcam", 3, None, False)),
    "trust": ("bundled-cnn", (HEAT[:2, :2], 3, None)),
    "word maps": ("bundled-clip", (("a cat", "a dog"),)),
    "prompt": ("bundled-clip", ("a photo of a cat",)),
    "text": ("bundled-clip", ()),
    "text head": ("bundled-clip", (1, 0)),
    "guesses": ("bundled-clip", (None,)),
    "text reason": ("bundled-clip", ("relevance", 2, None)),
}


def sent(model: str, name: str, arguments: tuple[Any, ...]) -> tuple[Any, bytes]:
    """What a model prepares, and what a front end sends of it."""
    adapter = models.load(model)
    if name in ("text", "text head", "guesses", "text reason"):
        x: Any = viz.reader(adapter).encode("a cat and a dog")
    else:
        x = adapter.prepare(viz.open_sample("cat"), 64, "squash")
    bare = x.bare() if isinstance(x, models.Prepared) else x
    asked = {"model": model, "x": bare, "call": name, "arguments": arguments}
    return x, wire.packed(asked)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All arrays and plain values within a record, by where they are."""
    if is_dataclass(value):
        for each in fields(value):
            yield from leaves(getattr(value, each.name), f"{path}.{each.name}")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}[{key}]")
    elif isinstance(value, tuple | list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value


@pytest.mark.parametrize("name", list(CALLS))
def test_every_call_gives_the_same_at_the_engine(name: str) -> None:
    model, arguments = ASKED[name]
    x, content = sent(model, name, arguments)
    own = dict(leaves(CALLS[name](models.load(model), x, *arguments)))
    there = dict(leaves(wire.unpacked(door.passed(content))))
    assert there.keys() == own.keys()
    for path, value in own.items():
        if isinstance(value, np.ndarray):
            greatest = np.abs(value).max(initial=0)
            assert there[path].dtype == value.dtype
            np.testing.assert_allclose(
                there[path], value, rtol=1e-3, atol=1e-6 * greatest, err_msg=path
            )
        elif hasattr(value, "detach"):
            assert there[path].tolist() == value.tolist()
        else:
            assert there[path] == value


def test_errors_keep_their_kind_and_sentence(replica: str) -> None:
    x, _ = sent("bundled-vit", "row", ())
    with pytest.raises(SettingError, match="no layer 99"):
        engine.ask(replica, "bundled-vit", x, "row", (99, (0, 0)), lambda: False)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"PK\x03\x04", bytes(3000), wire.packed(None), wire.packed({"model": 3}),
        wire.packed({"model": "bundled-vit", "x": "cat", "call": "attention", "arguments": ()}),
        wire.packed({"model": "bundled-vit", "x": None, "call": "os.system", "arguments": ("ls",)}),
        wire.packed({"model": "../../etc", "x": None, "call": "output", "arguments": ()}),
    ],
)  # fmt: skip
def test_whatever_is_sent_a_replica_answers_in_a_sentence(client: TestClient, body: bytes) -> None:
    answer = client.post(engine.PASS, content=body)
    said = answer.json()
    assert answer.status_code in (422, 500)
    assert answer.headers[engine.HEADER] == engine.own_version()
    assert issubclass(getattr(errors, said["error"]), HeedmapError)
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(door.create()) as client:
        yield client
