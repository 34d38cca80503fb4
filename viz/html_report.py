"""A report: one HTML file with pictures, numbers, curves and settings, which needs no network.

page = report({"Epoch 1": figure, ...}, curves={"loss": [0.9, ...]}, settings={"lr": 1e-3})
Path("report.html").write_bytes(page)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.draw.encode import encode_jpeg
from heedmap.viz.draw.render import to_svg
from heedmap.viz.photo.picture import Picture
from heedmap.viz.photo.region import fit_within
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

MAX_BYTES = 10_000_000  # of a report
_SIDES = (640, 480, 360, 256, 192, 128)  # px, long side of a picture: the first that fits is taken
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #5f6368; --line: #d9dbe0; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --quiet: #a9abb6; --line: #3a3b45; --page: #17171d; } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1.25rem; color: var(--ink);
  background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: .95rem; margin: 1rem 0 .3rem; } h3 + p { font-size: .85rem; margin: 0 0 .4rem; }
p, figcaption, caption { color: var(--quiet); } p { max-width: 48rem; }
.row { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(10rem, 100%), 1fr)); align-items: start; }
figure { margin: 0; } figure.wide { margin: .6rem 0; }
img { display: block; width: 100%; border-radius: .4rem; }
figcaption { font-size: .8rem; line-height: 1.35; margin-top: .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .8rem 0; }
caption { text-align: left; } th, td { text-align: left; padding: .25rem .9rem .25rem 0;
  border-bottom: 1px solid var(--line); } td { font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; font-size: .85rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } figure, tr { break-inside: avoid; }
  h2, h3, h2 + p, h3 + p { break-after: avoid; } }
"""


@dataclass(frozen=True)
class Row:
    """Pictures beside each other.

    Attributes:
        title: above them.
        pictures: (H, W, 3) uint8 each, with its caption.
        told: a sentence or two under the title.
    """

    title: str
    pictures: Sequence[tuple[Picture, str]]
    told: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        rows: of pictures.
        told: a few sentences above them.
        table: below them: a line of headings, then lines of as many texts.
        caption: of the table.
    """

    rows: Sequence[Row]
    told: str = ""
    table: Sequence[Sequence[str]] = ()
    caption: str = ""


Shown: TypeAlias = "Section | Figure"


def report(
    sections: Mapping[str, Shown],
    *,
    title: str = "Heedmap report",
    told: str = "",
    curves: Mapping[str, Sequence[float]] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> bytes:
    """A report as one HTML file of at most 10 MB, without scripts and without a network.

    Args:
        sections: {heading: a `Section`, or a Matplotlib figure such as `epoch_figure` makes}.
        title: of the report.
        told: a few sentences under it.
        curves: {name: a number for each epoch}, drawn beside each other; they may differ in length.
        settings: {name: value}, at the end.

    Raises:
        SettingError: no sections, curves that are no numbers, or more than fits 10 MB.
    """
    if not isinstance(sections, Mapping) or not sections:
        raise SettingError("A report has sections: give {heading: figure or viz.Section}.")
    head = f"<h1>{escape(checks.text(title, 'A title'))}</h1>{_paragraph(told)}"
    drawn = _wide(to_svg(_curves(curves)), "Curves") if curves else ""
    tail = _list(settings) if settings else ""
    for side in _SIDES:
        body = "".join(_section(name, each, side) for name, each in sections.items())
        page = _page(title, head + drawn + body + tail)
        if len(page) <= MAX_BYTES:
            return page
    raise SettingError(
        f"A report of {len(sections)} sections does not fit {MAX_BYTES // 1_000_000} MB: "
        "give fewer pictures."
    )


def _page(title: str, body: str) -> bytes:
    policy = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    ).encode()


def _section(name: str, shown: Any, side: int) -> str:
    heading = f"<h2>{escape(checks.text(name, 'A heading'))}</h2>"
    if isinstance(shown, Figure):
        return heading + _wide(to_svg(shown), name)
    if not isinstance(shown, Section):
        raise SettingError(
            f"A section is a viz.Section or a figure, this is {short(shown)}: make one "
            "with viz.epoch_figure."
        )
    rows = "".join(_row(row, side) for row in shown.rows)
    return heading + _paragraph(shown.told) + rows + _table(shown.table, shown.caption)


def _row(row: Row, side: int) -> str:
    title = f"<h3>{escape(row.title)}</h3>" if row.title else ""
    cells = "".join(_picture(*each, side) for each in row.pictures)
    return f'{title}{_paragraph(row.told)}<div class="row">{cells}</div>'


def _picture(picture: Picture, caption: str, side: int) -> str:
    small = np.ascontiguousarray(fit_within(checks.picture(picture), side))
    data = base64.b64encode(encode_jpeg(small, 85)).decode()
    text = escape(caption)
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="{text}">'
        f"<figcaption>{text.replace(chr(10), '<br>')}</figcaption></figure>"
    )


def _wide(svg: bytes, alt: str) -> str:
    data = base64.b64encode(svg).decode()
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}">'
    return f'<figure class="wide">{image}</figure>'


def _table(lines: Sequence[Sequence[str]], caption: str) -> str:
    if not lines:
        return ""
    head = "".join(f'<th scope="col">{escape(str(each))}</th>' for each in lines[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(each))}</td>' for each in line)}</tr>"
        for line in lines[1:]
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{told}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _list(settings: Mapping[str, Any]) -> str:
    pairs = (
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in settings.items()
    )
    return f"<h2>Settings</h2><dl>{''.join(pairs)}</dl>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _curves(curves: Mapping[str, Sequence[float]]) -> Figure:
    """Each curve in a frame of its own, over epochs from 1."""
    figure = Figure(figsize=(min(3.2 * len(curves), 9.6), 2.2), layout="constrained")
    for place, (name, values) in enumerate(curves.items(), 1):
        numbers = _numbers(name, values)
        axes = figure.add_subplot(1, len(curves), place)
        axes.plot(np.arange(1, len(numbers) + 1), numbers, ".-", color="#5b4ae0", linewidth=1.4)
        axes.set_title(name, fontsize=9, parse_math=False)
        axes.set_xlabel("epoch", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _numbers(name: str, values: Any) -> np.ndarray:
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        numbers = np.array(None)
    if numbers.ndim != 1 or not len(numbers):
        raise SettingError(
            f"The curve {name!r:.60} is {short(values)}: give a number for each epoch."
        )
    return numbers
