"""A head over a text, or two texts compared, to take along: as figures, values and a program.

Names of files hold no words of the text; what is in them does.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import names
from heedmap.views.attention import MEAN
from heedmap.views.facts import Facts
from heedmap.views.paper import FORMATS, MM, Paper, Preview
from heedmap.views.two_texts import Compared
from heedmap.views.word_numbers import Numbers, difference, of_head, pooled
from heedmap.views.words import WordMap

MOST_LINES = 512  # tokens of a table, which has a line for each pair


@dataclass(frozen=True)
class WordFigure:
    """Numbers between tokens as one figure.

    Attributes:
        label: what it is, for the visitor.
        name: of its file, without extension.
        numbers: what is drawn.
        drawing: "text", "lines" or "matrix".
        title: above the figure.
        told: facts under it.
        at: the number of the word that is picked, or None.
        of: what a machine reads of the text, the model and the head.
        link: the address of the view.
    """

    label: str
    name: str
    numbers: Numbers
    drawing: str
    title: str
    told: Facts
    at: int | None
    of: dict[str, Any]
    link: str = ""

    @property
    def kinds(self) -> Sequence[str]:
        """What it can be had as; a long text has no table."""
        long = len(self.numbers.tokens) > MOST_LINES
        return [kind for kind in FORMATS if kind != "picture" and not (long and kind == "csv")]

    def make(self, kind: str, paper: Paper) -> bytes:
        """It as a file; see `FORMATS`."""
        made: bytes = getattr(self, f"_{kind}")(paper)
        return made

    def png(self, paper: Paper) -> bytes:
        """The figure as PNG."""
        return viz.to_png(self._drawn(paper), paper.dpi)

    def preview(self, paper: Paper) -> Preview:
        """The figure as it will look."""
        return Preview.of(self._drawn(paper))

    def holds(self, kind: str) -> str:
        """What a file without a layout holds, in a sentence."""
        count = len(self.numbers.tokens)
        size = Phrase("{count} × {count} values, float32, row = query", count=count)
        holds = {
            "npz": Phrase("{size}, with the tokens, and all heads of the layer.", size=size)
            if self.numbers.more
            else Phrase("{size}, with the tokens.", size=size),
            "npy": Phrase("{size}.", size=size),
            "csv": Phrase("{size}: a line for each pair, with both tokens.", size=size),
        }
        return holds[kind]

    def python(self, paper: Paper) -> str:
        """A program whose `picture` is the figure as PNG."""
        name, given, settings = self._call(paper)
        told = "".join(f", {key}={value!r}" for key, value in settings.items())
        drawn = f"figure = viz.{name}({given}{told})\n"
        return f"{self.numbers.program}{drawn}picture = viz.to_png(figure, {paper.dpi})\n"

    def _drawn(self, paper: Paper) -> Any:
        """The figure; what its program would draw."""
        tokens, values = self.numbers.tokens, self.numbers.values
        *_, settings = self._call(paper)
        if self.drawing == "text":
            flows = {heading: rows for heading, _, rows in self._flows()}
            return viz.text_figure(tokens, flows, **settings)
        if self.drawing == "lines":
            return viz.lines_figure(tokens, values, **settings)
        return viz.matrix_figure(viz.TokenMatrix(tokens, values), **settings)

    def _call(self, paper: Paper) -> tuple[str, str, dict[str, Any]]:
        """The function that draws it, its first arguments as text, and its settings."""
        footer = " · ".join(f"{label}: {value}" for label, value in self.told)
        settings: dict[str, Any] = {"width": round(paper.width / MM, 3)}
        settings |= {"title": self.title} if paper.title else {}
        settings |= {"footer": footer} if paper.told else {}
        settings |= {"transparent": True} if paper.transparent else {}
        if self.drawing == "lines":
            return "lines_figure", "tokens, values", {"at": self.at, **settings}
        settings |= {} if paper.bar else {"bar": False}
        if self.drawing == "text":
            flows = ", ".join(f"{heading!r}: {code}" for heading, code, _ in self._flows())
            return "text_figure", f"tokens, {{{flows}}}", settings
        if self.numbers.signed:
            settings |= {"colormap": "RdBu_r", "signed": True}
        return "matrix_figure", "viz.TokenMatrix(tokens, values)", settings

    def _flows(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Headings of the shaded texts, the code of their shares, and the shares."""
        values, at = self.numbers.values, self.at
        if at is None:
            told = "What each word receives, the mean over all words"
            yield told, "values.mean(0)", values.mean(0)
            return
        word = f"“{re.sub('^·|^##', '', self.numbers.tokens[at])}”"
        yield f"What {word} attends to", f"values[{at}]", values[at]
        yield f"What attends to {word}", f"values[:, {at}]", values[:, at]

    _png = png

    def _pdf(self, paper: Paper) -> bytes:
        return viz.to_pdf(self._drawn(paper))

    def _svg(self, paper: Paper) -> bytes:
        return viz.to_svg(self._drawn(paper))

    def _npz(self, paper: Paper) -> bytes:
        stream, numbers = io.BytesIO(), self.numbers
        name = "difference" if numbers.signed else "attention"
        arrays = {"tokens": np.array(numbers.tokens), name: numbers.values, **numbers.more}
        np.savez_compressed(stream, allow_pickle=False, **arrays)
        return stream.getvalue()

    def _npy(self, paper: Paper) -> bytes:
        stream = io.BytesIO()
        np.save(stream, self.numbers.values, allow_pickle=False)
        return stream.getvalue()

    def _csv(self, paper: Paper) -> bytes:
        stream, tokens = io.StringIO(), self.numbers.tokens
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(["query", "key", "query token", "key token", "value"])
        lines.writerows(
            [query, key, tokens[query], tokens[key], repr(float(value))]
            for (query, key), value in np.ndenumerate(self.numbers.values)
        )
        return stream.getvalue().encode()

    def _zip(self, paper: Paper) -> bytes:
        """The figure as PNG, PDF and SVG, the values, the program and the settings."""
        view = {"link": self.link, "facts": [list(fact) for fact in self.told], **self.of}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for kind in ("png", "pdf", "svg"):
                archive.writestr(f"figure.{kind}", self.make(kind, paper))
            for kind in ("npz", "csv"):
                if kind in self.kinds:
                    archive.writestr(f"values.{kind}", self.make(kind, paper))
            archive.writestr("picture.py", self.python(paper))
            archive.writestr("view.json", json.dumps(view, indent=2, ensure_ascii=False))
        return stream.getvalue()


def figures(shown: WordMap, at: int | None, link: str = "") -> list[WordFigure]:
    """What can be taken along from one text: it shaded, lines between its words, the matrix."""
    numbers = of_head(shown)
    matrix = numbers if shown.whole else pooled(shown)
    title = f"{shown.source.model}: {shown.title}"
    told = [fact for fact in shown.facts if fact[0] not in ("Model", "Layer", "Head")]

    def figure(label: str, numbers: Numbers, drawing: str) -> WordFigure:
        name = f"{file_name(shown)}-{drawing}"
        return WordFigure(
            label, name, numbers, drawing, title, told, at, {"attention": _of(shown, at)}, link
        )

    lines = [figure(Phrase("Lines"), numbers, "lines")] if shown.whole else []
    return [
        figure(Phrase("Shaded text"), numbers, "text"),
        *lines,
        figure(Phrase("Matrix"), matrix, "matrix"),
    ]


def of_two(
    found: Compared, first: WordMap, second: WordMap, at: int | None, link: str = ""
) -> list[WordFigure]:
    """What can be taken along from two texts: each of them shaded, and their difference."""
    texts = [figures(shown, place, link)[0] for shown, place in
             ((first, at), (second, found.other(at)))]  # fmt: skip
    both = {"first": _of(first, at), "second": _of(second, found.other(at))}
    title = f"{first.source.model}: {first.title}, the second text less the first"
    told = [("First", first.source.request.text), ("Second", second.source.request.text)]
    less = WordFigure(
        Phrase("Their difference"),
        f"{file_name(first)}-difference",
        difference(found, first, second),
        "matrix",
        title,
        told,
        at,
        both,
        link,
    )
    return [
        replace(texts[0], label=Phrase("The first text"), name=f"{texts[0].name}-first"),
        replace(texts[1], label=Phrase("The second text"), name=f"{texts[1].name}-second"),
        less,
    ]


def file_name(shown: WordMap) -> str:
    """The name of a file of one head, without extension."""
    whole = f"words-{shown.source.request.model}-layer{shown.layer}-{names.of_head(shown.head)}"
    return re.sub(r"[^\w.]+", "-", whole).strip("-.")[:140]


def _of(shown: WordMap, at: int | None) -> dict[str, Any]:
    """What a machine reads of a head over a text."""
    request = shown.source.request
    return {
        "model": request.model,
        "text": request.text,
        "pair": request.pair,
        "layer": shown.layer,
        "head": MEAN if shown.head == MEAN else int(shown.head),
        "word": at,
        "tokens": list(shown.source.found.tokens),
    }
