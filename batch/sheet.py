"""The contact sheet: every photo with its last map, as one HTML page beside its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from heedmap import models, viz
from heedmap.batch import pictures
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job
from heedmap.views.wanted import CHANNELS

_STYLE = """
:root { color-scheme: light dark; --quiet: light-dark(#5f6368, #a5a9ae); }
body { margin: 2rem clamp(1rem, 4vw, 4rem); font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #0e1117); color: light-dark(#1f2328, #f0f2f5); }
h1 { margin: 0; font-size: 1.5rem; }
p { margin: .25rem 0 1.5rem; color: var(--quiet); }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1.25rem 1rem;
  margin: 0; padding: 0; list-style: none; }
li { display: flex; flex-direction: column; justify-content: end; min-width: 0; }
img { display: block; width: 100%; height: auto; border-radius: 4px; }
.name { margin-top: .4rem; font-size: .8125rem; color: var(--quiet); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.125rem; }
dt { margin-top: .75rem; overflow-wrap: anywhere; }
dd { margin: 0; color: var(--quiet); }
a { color: inherit; }
"""


def write(folder: Folder, names: Sequence[str], job: Job) -> None:
    """Write sheet.html, with all photos that have a picture, then those that cannot be mapped."""
    failures = folder.failures()
    failed = {name for name, _ in failures}
    shown = [name for name in names if name not in failed]
    page = _page(shown, failures, job, f"{len(shown):,} photos. {_what(*folder.last_map())}")
    (folder.root / "sheet.html").write_text(page, encoding="utf-8")


def _page(shown: Sequence[str], failures: Iterable[tuple[str, str]], job: Job, what: str) -> str:
    title = models.record(job.model).title
    reasons = "".join(f"<dt>{escape(name)}</dt><dd>{escape(why)}</dd>" for name, why in failures)
    return "".join(
        (
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Heedmap: {escape(title)}</title><style>{_STYLE}</style>",
            f"<h1>{escape(title)}</h1><p>{escape(what)}</p><ul>",
            *(_item(name, job) for name in shown),
            "</ul>",
            f"<h2>Not mapped</h2><dl>{reasons}</dl>" if reasons else "",
        )
    )


def _what(kind: str, layer: str) -> str:
    """What the pictures show, in words."""
    if not kind:
        return ""
    if kind in viz.METHODS:
        words = viz.METHODS[kind].name
    elif kind == CHANNELS:
        words = f"The strongest channel of {layer}"
    else:
        values = viz.KINDS["tokens" if kind == "received" else kind].values
        words = f"{values[0].upper()}{values[1:]}, layer {layer}, mean of its heads"
    return f"{words}. Each picture has a colour scale of its own."


def _item(name: str, job: Job) -> str:
    picture = f'<img loading="lazy" alt="{escape(name)}" src="{quote(pictures.thumb(name))}">'
    if job.overlays:
        where = f"{pictures.OVERLAYS}/{pictures.stem(name)}/"
        picture = f'<a href="{quote(where)}" title="All layers">{picture}</a>'
    return f'<li>{picture}<span class="name" title="{escape(name)}">{escape(name)}</span></li>'
