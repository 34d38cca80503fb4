"""The interface described, for programs and for people."""

from __future__ import annotations

import re

import jsonschema
from heedmap import viz
from heedmap.api import asked
from heedmap.api.described import document
from heedmap.views import wanted
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from tests.api.conftest import PATH


def schema(name: str) -> dict:
    return {**document()["components"]["schemas"][name]}


def test_the_document_is_valid_and_served(client: TestClient) -> None:
    validate(document())
    assert client.get("/api/v1/openapi.json").json() == document()


def test_it_names_what_there_is(client: TestClient) -> None:
    operation = document()["paths"]["/maps"]["post"]
    assert [each["name"] for each in operation["parameters"]] == list(asked.NAMES)
    (kinds,) = [e["schema"]["enum"] for e in operation["parameters"] if e["name"] == "kind"]
    named = {wanted.RECEIVED.get(kind, kind) for kind in viz.KINDS} - {"patch"}
    assert set(kinds) == named | {"channels", *viz.METHODS}
    for path in document()["paths"]:
        assert client.options(f"/api/v1{path}").status_code == 405


def test_answers_are_as_it_says(client: TestClient) -> None:
    answer = client.post(PATH, json={"photo": "cat", "size": 64, "kind": "relevance"}).json()
    jsonschema.validate(answer, schema("Maps"))
    problem = client.post(PATH, json={"photo": "nose"}).json()
    jsonschema.validate(problem, schema("Problem"))
    for path in ("models", "health"):
        said = document()["paths"][f"/{path}"]["get"]["responses"]["200"]
        own = said["content"]["application/json"]["schema"]
        jsonschema.validate(client.get(f"/api/v1/{path}").json(), own)


def test_the_page_names_every_field_and_loads_nothing(client: TestClient) -> None:
    page = client.get("/api/v1/docs").text
    assert not re.search(r"<(script|img|link|iframe)|url\(|@import", page)
    assert "curl --data-binary @photo.jpg &#x27;http://localhost:8501/api/v1/maps?" in page
    for name in asked.NAMES:
        assert f"<dt><code>{name}</code></dt>" in page
