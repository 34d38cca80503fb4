"""The page for people: what the OpenAPI document says, as HTML that loads nothing."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --quiet: light-dark(#5f6368, #a5a9ae);
  --line: light-dark(#e0dfe9, #35323f); --field: light-dark(#f3f3f7, #1f1d29); }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 50rem;
  font: 1rem/1.55 system-ui, sans-serif; background: light-dark(#fff, #131219);
  color: light-dark(#1c1b29, #eceaf5); }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 3rem 0 .5rem; font-size: 1.25rem; overflow-wrap: anywhere; }
h2 b { margin-right: .5em; color: light-dark(#5b45e0, #9d8cff); font-size: .875rem;
  letter-spacing: .04em; }
h3 { margin: 1.75rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; }
pre { margin: .75rem 0; padding: .875rem 1rem; white-space: pre-wrap;
  overflow-wrap: anywhere; border-radius: .5rem;
  background: var(--field); font-size: .875rem; line-height: 1.5; }
code, pre { font-family: ui-monospace, monospace; }
dl { margin: 0; border-top: 1px solid var(--line); }
dl div { display: grid; grid-template-columns: 8rem 1fr; gap: 0 1rem; padding: .6rem 0;
  border-bottom: 1px solid var(--line); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
small { display: block; color: var(--quiet); }
a { color: light-dark(#5b45e0, #b3a6ff); }
@media (max-width: 34rem) { dl div { grid-template-columns: 1fr; } }
"""
_FIRST = """curl --data-binary @photo.jpg '{url}/maps?layer=-1&head=mean'
curl --data-binary @photo.jpg '{url}/maps?format=png' -o map.png
curl --json '{{"photo": "cat", "kind": "rollout"}}' {url}/maps"""
_PYTHON = """import io, httpx, numpy as np

photo = open("photo.jpg", "rb").read()
answer = httpx.post("{url}/maps?format=npz&layer=all", content=photo)
maps = np.load(io.BytesIO(answer.raise_for_status().content))
maps["5"]    # the last layer, (heads, rows, cols) float32"""


def page(url: str, document: dict[str, Any]) -> str:
    """The page; `url` is the interface's own address."""
    info = document["info"]
    sections = [
        _operation(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return "".join(
        (
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} for programs</title><style>{_STYLE}</style>",
            f"<h1>{escape(info['title'])} for programs</h1><p>{escape(info['description'])}</p>",
            _code(_FIRST.format(url=url)),
            _code(_PYTHON.format(url=url)),
            "<p>A server that asks for a key wants it as the header <code>Authorization: Bearer "
            "KEY</code>. For other programs: <a href='openapi.json'>openapi.json</a>.</p>",
            *sections,
        )
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    fields = [
        (each["name"], each["description"], _takes(each["schema"]))
        for each in operation.get("parameters", [])
    ]
    answers = [
        (status, answer["description"], "") for status, answer in operation["responses"].items()
    ]
    return "".join(
        (
            f"<h2><b>{method}</b>{escape(path)}</h2><p>{escape(operation['summary'])}. ",
            f"{escape(operation.get('description', ''))}</p>",
            f"<h3>Fields</h3>{_list(fields)}" if fields else "",
            f"<h3>Answers</h3>{_list(answers)}",
        )
    )


def _list(items: list[tuple[str, str, str]]) -> str:
    rows = (
        f"<div><dt><code>{escape(name)}</code></dt><dd>{escape(told)}"
        f"{f'<small>{escape(more)}</small>' if more else ''}</dd></div>"
        for name, told, more in items
    )
    return f"<dl>{''.join(rows)}</dl>"


def _takes(schema: dict[str, Any]) -> str:
    """What a field takes, in words."""
    parts = [
        ", ".join(schema.get("enum", [])),
        f"{schema['minimum']} to {schema['maximum']}" if "minimum" in schema else "",
        f"default: {json.dumps(schema['default'])}" if "default" in schema else "",
    ]
    return "; ".join(part for part in parts if part)


def _code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
