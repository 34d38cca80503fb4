"""The interface as it is mounted, with a client."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from heedmap import models, viz
from heedmap.api import app
from heedmap.api.settings import Access
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

PATH = "/api/v1/maps"


def client_of(*keys: str, passes: int = 2) -> TestClient:
    """A client of an interface of its own, without the page."""
    inner = app.create(Access(keys), passes)
    return TestClient(Starlette(routes=[Mount(app.PREFIX, inner)]), "http://localhost:8501")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    for model in ("bundled-vit", "bundled-cnn"):
        models.load(model)  # so that no answer is that it is being loaded
    with client_of() as client:
        yield client


@pytest.fixture(scope="session")
def cat() -> bytes:
    """A sample photo as the file that a program would send."""
    return viz.encode_jpeg(viz.open_sample("cat")[:150, :200])


Ask = Callable[..., dict]


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """Ask for maps of the cat by name, as JSON."""

    def post(**fields: object) -> dict:
        answer = client.post(PATH, json={"photo": "cat", "size": 64, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post
