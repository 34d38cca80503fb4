"""What is refused, and how: a problem with one sentence, never a traceback or a path."""

from __future__ import annotations

import asyncio
import io
import json
import random
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from heedmap import viz
from heedmap.api import answer as answers
from heedmap.api import app
from heedmap.api.asked import NAMES
from heedmap.errors import OvertakenError
from heedmap.viz.photo.limits import MAX_BYTES
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from tests.api.conftest import PATH, client_of
from tests.hostile import bombs

ROOT = Path(__file__).parent.parent.parent
NO_PHOTO = {"content-type": "text/plain"}


def check(answer: object, *status: int) -> str:
    """The sentence of a problem."""
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["status"] == answer.status_code
    assert not status or answer.status_code in status, said
    assert set(said) == {"type", "title", "status", "detail"}
    for word in ("Traceback", 'File "', ".py", str(ROOT), str(Path.home()), "/opt/", "/tmp/", "0x"):
        assert word not in answer.text
    assert said["detail"].endswith(".")
    assert len(said["detail"]) < 600
    return str(said["detail"])


CAT = {"photo": "cat", "size": 64}
FIELDS = {
    "no model": (404, "There is no model 'nose'", {"model": "nose"}),
    "no photo": (404, "no photo with this key", {"photo": "0" * 32}),
    "a path": (404, "no photo with this key", {"photo": "../../etc/passwd"}),
    "no field": (400, "There is no field 'modle': choose from model", {"modle": "x"}),
    "no kind": (400, "no maps of the kind 'nose'", {"kind": "nose"}),
    "no layer": (400, "no layer 6", {"layer": 6}),
    "no head": (400, "no head or channel 6", {"head": 6}),
    "no size": (400, "size='large' is not a whole number", {"size": "large"}),
    "a large size": (400, "choose 8 (one patch) to 1036", {"size": 9999}),
    "no fit": (400, "fit='tight' is unknown", {"fit": "tight"}),
    "no format": (400, "There is no format 'gif'", {"format": "gif"}),
    "many layers": (400, "A picture shows one layer", {"format": "png", "layer": "all"}),
    "a list": (400, "model is a text or a number", {"model": ["bundled-vit"]}),
    "nothing": (400, "head is a text or a number, not None", {"head": None}),
    "a truth": (400, "size is a text or a number, not True", {"size": True}),
    "another method": (422, "reads convolutions", {"kind": "layercam"}),
    "digits": (400, "size='too large'", {"size": 10**4000}),
    "no text": (404, "no photo with this key", {"photo": "\ud800"}),
}


@pytest.mark.parametrize(("status", "sentence", "fields"), FIELDS.values(), ids=list(FIELDS))
def test_a_field_that_cannot_be_used(
    client: TestClient, status: int, sentence: str, fields: dict
) -> None:
    content = json.dumps({**CAT, **fields})
    kind = {"content-type": "application/json"}
    assert sentence in check(client.post(PATH, content=content, headers=kind), status)


BODIES = {
    "nothing": (400, "There is no photo in the request", b"", {}),
    "a letter": (422, "is not a picture", b"a letter", NO_PHOTO),
    "a huge picture": (422, "megapixels", bombs.png(30_000, 30_000, 1, 0), {}),
    "a form": (
        415,
        "A form is not taken",
        b"--x--",
        {"content-type": "multipart/form-data; boundary=x"},
    ),
    "no JSON": (400, "not an object of JSON", b"{", {"content-type": "application/json"}),
    "a list": (
        400,
        "not an object of JSON",
        b"[]",
        {"content-type": "application/json; charset=x"},
    ),
    "a deep list": (400, "not an object", b"[" * 60_000, {"content-type": "application/json"}),
    "a long text": (413, "0.065536 MB", b"[" * 70_000, {"content-type": "application/json"}),
    "no UTF-8": (
        400,
        "not an object of JSON",
        b'{"a": "\xff"}',
        {"content-type": "application/json"},
    ),
    "too large": (413, "more than the 20 MB", bytes(MAX_BYTES + 1), {}),
}


@pytest.mark.parametrize(
    ("status", "sentence", "body", "headers"), BODIES.values(), ids=list(BODIES)
)
def test_a_body_that_cannot_be_used(
    client: TestClient, status: int, sentence: str, body: bytes, headers: dict
) -> None:
    assert sentence in check(client.post(PATH, content=body, headers=headers), status)


def test_two_photos_are_one_too_many(client: TestClient, cat: bytes) -> None:
    answer = client.post(f"{PATH}?photo=cat", content=cat)
    assert "names a photo and sends another" in check(answer, 400)


def test_bytes_that_were_not_announced_are_counted(client: TestClient) -> None:
    sent = 0

    def stream():
        nonlocal sent
        for _ in range(2000):
            sent += 1
            yield bytes(50_000)

    assert "more than the 20 MB" in check(client.post(PATH, content=stream()), 413)


def test_addresses_and_methods_that_do_not_exist(client: TestClient) -> None:
    assert "nothing at this address" in check(client.get("/api/v1/nose"), 404)
    assert "does not take this method" in check(client.get(PATH), 405)
    assert client.get(PATH).headers["allow"] == "POST"


def test_a_key_is_asked_for_where_there_are_keys() -> None:
    with client_of("k" * 20, "other-key-of-the-host") as client:
        refused = client.post(PATH, json=CAT)
        assert "asks for a key" in check(refused, 401)
        assert refused.headers["www-authenticate"] == "Bearer"
        for sent in ("Bearer", "Bearer kkk", "Basic " + "k" * 20, "Bearer \xff", "k" * 20):
            headers = {"authorization": sent.encode("latin-1")}
            check(client.post(PATH, json=CAT, headers=headers), 401)
        check(client.get("/api/v1/models"), 401)
        headers = {"authorization": "bearer other-key-of-the-host"}
        assert client.post(PATH, json=CAT, headers=headers).status_code == 200
        for path in ("health", "openapi.json", "docs"):
            assert client.get(f"/api/v1/{path}").status_code == 200


def test_a_model_that_the_host_does_not_offer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_PASTED_IDS", "no")
    answer = client.post(PATH, json={**CAT, "model": "owner/name"})
    assert "does not offer owner/name" in check(answer, 403)


def test_more_requests_than_places_are_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going_on, stop = threading.Event(), threading.Event()

    def slow(*_: object) -> tuple[bytes, str]:
        going_on.set()
        assert stop.wait(60)
        return b"{}", "application/json"

    monkeypatch.setattr(answers, "answer", slow)
    with client_of(passes=1) as client:
        first = threading.Thread(target=lambda: client.post(PATH, json=CAT))
        first.start()
        assert going_on.wait(60)
        refused = client.post(PATH, json=CAT)
        stop.set()
        first.join()
        assert "runs passes, 1 at a time" in check(refused, 429)
        assert refused.headers["retry-after"] == "2"
        assert client.post(PATH, json=CAT).status_code == 200


def test_a_model_that_takes_long_to_load_is_asked_for_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LOADS_WITHIN", 0.01)
    monkeypatch.setattr(answers.models, "begin", lambda id: answers.models.Loading(id))
    answer = client.post(PATH, json=CAT)
    assert "bundled-vit is being loaded (Waiting): ask again in 5 s" in check(answer, 503)
    assert answer.headers["retry-after"] == "5"


def test_what_nobody_waits_for_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LISTENS", 0.01)

    class Gone:
        async def is_disconnected(self) -> bool:
            return True

    def work(tell: object) -> tuple[bytes, str]:
        while True:
            tell("")
            time.sleep(0.01)

    with pytest.raises(OvertakenError, match="its client has gone"):
        asyncio.run(app._while_there(Gone(), work))


def test_a_request_that_does_not_arrive_is_ended() -> None:
    async def stream():
        yield b"a"
        await asyncio.sleep(60)

    with pytest.raises(HTTPException, match="did not arrive within"):
        asyncio.run(app.body(SimpleNamespace(headers={}, stream=stream), 100, patience=0.01))


def test_a_mistake_of_ours_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError(f"in {ROOT}")

    monkeypatch.setattr(answers, "answer", wrong)
    with client_of() as client:
        quiet = TestClient(client.app, "http://localhost:8501", raise_server_exceptions=False)
        assert "could not be answered" in check(quiet.post(PATH, json=CAT), 500)


@pytest.mark.slow
def test_whatever_is_sent_there_is_an_answer(client: TestClient, cat: bytes) -> None:
    """Random fields, queries, types and bodies; those of a hub's ids are left to other tests."""
    chance = random.Random(0)
    texts = [
        *("cat", "bundled-vit", "bundled-cnn", "cls", "channels", "raw", "-1", "0", "all", "mean"),
        *("", " ", "\0", "💥", "%s%n", "../..", "a" * 3000, "1e9", "NaN", "<b>", "'", "-" * 50),
    ]
    plain = [None, True, 0, -1, 1.5, 10**30, [], [[]], {}, {"a": 1}, ["0", 1], *texts]
    kinds = ["", "application/json", "image/jpeg", "text/html", "application/json;a", "\t", "*/*"]
    seen = set()
    for _ in range(150):
        names = chance.sample([*NAMES, "nose", ""], chance.randint(0, 4))
        fields = {name: chance.choice(plain) for name in names}
        body = chance.choice(
            [
                *(json.dumps({**CAT, **fields}).encode(), json.dumps(fields).encode(), b""),
                *(cat, cat[: chance.randrange(len(cat))], bytes(chance.randbytes(200))),
            ]
        )
        query = {name: chance.choice(texts) for name in chance.sample(NAMES, chance.randint(0, 2))}
        headers = {"content-type": chance.choice(kinds), "accept": chance.choice(kinds)}
        answer = client.post(PATH, params={"size": "64", **query}, content=body, headers=headers)
        seen.add(answer.status_code)
        assert answer.status_code < 500
        if answer.status_code != 200:
            check(answer)
    assert {200, 400, 404, 422} <= seen


def test_a_map_that_is_not_finite_is_still_json(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = viz.Explanation(np.full((2, 2), np.nan, np.float32), "raw", "")
    monkeypatch.setattr(answers.why, "explanation", lambda *_: found)
    assert ask(kind="raw")["layers"][0]["maps"] == [[[None, None], [None, None]]]


def test_a_photo_of_another_shape_is_told(client: TestClient) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (9000, 2)).save(stream, "PNG")
    answer = client.post(f"{PATH}?size=512", content=stream.getvalue())
    assert "choose a size up to" in check(answer, 400)
