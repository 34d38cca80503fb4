"""The pictures of a page as a program that makes exactly them, with `models` and `viz` alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from heedmap import viz
from heedmap.views import patches, photos, render
from heedmap.views.attention import MEAN, Map
from heedmap.views.channels import Channel
from heedmap.views.compare import Scaled
from heedmap.views.large import Large
from heedmap.views.pairs import Difference, cut
from heedmap.views.reasons import Reason
from heedmap.views.render import Drawable, Look
from heedmap.views.request import Request
from heedmap.views.texts import GRADIENTS, WordMap

_FILE = "photo.jpg"  # for a photo whose file has no name here


def python(pictures: Sequence[Large]) -> str:
    """A program whose `picture` is the first of some pictures, and `pictures` all of several.

    Each is (h, w, 3) uint8, the same pixels as `render.drawn`.
    """
    script = Script()
    drawn = [script.picture(each.shown, each.look) for each in pictures]
    told = "\n".join(f"# {each.caption}".replace("\n", ": ", 1).replace("\n", ", ") for each in
                     pictures)  # fmt: skip
    every = f"pictures = [{', '.join(drawn)}]\n" if len(drawn) > 1 else ""
    return f"{told}\n{script.text}{every}"


class Script:
    """Lines of a program; what several pictures need is made once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names: dict[str, str] = {}  # expression -> the variable that holds it

    @property
    def text(self) -> str:
        """The program so far."""
        body = "\n".join(self._lines)
        uses = "import numpy as np\n" if "np." in body else ""
        return f"{uses}from heedmap import models, viz\n\n{body}\n"

    def picture(self, shown: Drawable, look: Look) -> str:
        """The name of a drawn map."""
        heat, base = self._heat(shown), self._base(shown, look.over)
        if look.view == "overlay":
            return self._name("picture", f"{_overlay(shown, look)}({base}, {heat})")
        mask = self._name("mask", f"viz.threshold_mask({heat}, {look.keep!r})")
        drawn = {
            "mask": f"viz.draw_mask({mask}, {base}.shape[:2])",
            "highlight": f"viz.highlight({base}, {mask})",
            "contour": f"viz.contour({base}, {mask})",
        }
        return self._name("picture", drawn[look.view])

    def _name(self, stem: str, expression: str) -> str:
        """The variable that holds what an expression makes; a new one is numbered from 2 on."""
        if expression not in self._names:
            count = sum(name.rstrip("0123456789") == stem for name in self._names.values())
            name = f"{stem}{count + 1}" if count else stem
            self._names[expression] = name
            self._lines.append(f"{name} = {expression}")
        return self._names[expression]

    def _photo(self, key: str) -> str:
        if not photos.is_upload(key):
            return self._name("photo", f'viz.open_sample("{key}")')
        title = photos.title(key)
        file = title if title != photos.name(key) else _FILE
        return self._name("photo", f"viz.open_image({file!r})")

    def _adapter(self, request: Request) -> str:
        return self._name("adapter", f"models.load({request.model!r})")

    def _x(self, request: Request) -> str:
        """What the model sees."""
        photo, adapter = self._photo(request.photo), self._adapter(request)
        sight = f"size={request.size}, fit={request.fit!r}"
        return self._name("x", f"{adapter}.prepare({photo}, {sight})")

    def _pass(self, request: Request) -> str:
        """The arguments of what runs a model: its adapter and what it sees."""
        return f"{self._adapter(request)}, {self._x(request)}"

    def _heat(self, shown: Drawable) -> str:
        """The values of a map."""
        if isinstance(shown, Scaled):
            own = self._heat(shown.own)
            return self._name("share", f"viz.per_area({_mass(own)})") if shown.shares else own
        if isinstance(shown, Difference):
            return self._difference(shown)
        if isinstance(shown, Reason):
            return self._reason(shown)
        if isinstance(shown, WordMap):
            return self._words(shown)
        if isinstance(shown, Channel):
            after = shown.source.activations.after
            call = f"viz.record_activations({self._pass(shown.request)}, [{shown.layer!r}]"
            record = self._name("activations", f"{call}, after={after!r})")
            return self._name("heat", f"{record}.maps[{shown.layer!r}][{shown.index}]")
        if isinstance(shown, Map):
            return self._attention(shown)
        raise TypeError(f"There is no code for a {type(shown).__name__}.")

    def _attention(self, shown: Map) -> str:
        heads = self._heads(shown)
        one = f"viz.head_mean({heads})" if shown.head == MEAN else f"{heads}[{shown.head}]"
        heat = self._name("heat", f"{one}  # layer {shown.layer}: (rows, cols)")
        if not shown.hide:
            return heat
        hidden = f", hidden={self._outliers(shown)}" if shown.source.outliers else ""
        return self._name("heat", f"viz.hide_outliers({heat}{hidden})[0]")

    def _heads(self, shown: Map) -> str:
        """All heads of a layer."""
        source, layer, run = shown.source, shown.layer, self._pass(shown.request)
        if source.patch is None:
            mean = ", token_mean=True" if source.kind == "tokens" else ""
            record = self._name("attention", f"viz.record_attention({run}{mean})")
            return f"{record}.of({source.kind!r})[{layer}]"
        if source.lead != "windows":
            queries = self._name("queries", f"viz.record_all_queries({run})")
            return f"{queries}[{layer}].from_patch{source.patch}"
        place = patches.within(source.patch, source.seen.grid, source.leading[layer].shape)
        return f"viz.record_rows({run}, {layer}, [{place}])[0]"

    def _outliers(self, shown: Map) -> str:
        """Which patches are outliers by their norm, after the block of the layer."""
        run = self._pass(shown.request)
        features = self._name("features", f"[*viz.record_features({run}).values()]")
        return self._name("outliers", f"viz.norm_outliers({features}[{shown.layer}].norms)")

    def _reason(self, shown: Reason) -> str:
        asked = shown.asked
        about = f"{asked.method!r}, target={asked.target!r}, layer={asked.layer!r}"
        adapter = self._adapter(asked.request)
        if asked.random:
            adapter = self._name("adapter", f"models.randomised({adapter})")
        call = f"viz.explain({adapter}, {self._x(asked.request)}, {about})"
        heat = self._name("heat", f"{call}.heat")
        if shown.ends is None:
            return heat
        means = f"{heat} / float(np.abs({heat}).mean(dtype=np.float64))"
        return self._name("heat", means)

    def _words(self, shown: WordMap) -> str:
        run, texts = self._pass(shown.request), list(shown.source.texts)
        if shown.kind in GRADIENTS:
            call = f"viz.explain({run}, {shown.kind!r}, {texts[shown.index]!r})"
            return self._name("heat", f"{call}.heat")
        record = self._name("words", f"viz.word_maps({run}, {texts!r})")
        return self._name("heat", f"{record}.{shown.kind.replace(' ', '_')}[{shown.index}]")

    def _difference(self, shown: Difference) -> str:
        pair = [shown.pair.first.shown, shown.pair.second.shown]
        one, other = (self._heat(each) for each in pair)
        boxes = ", ".join(f"{self._x(each.request)}.box" for each in pair)
        common = self._name("common", f"viz.common_grid({one}, {other}, ({boxes}))")
        sides = f"{_mass(f'{common}.first')}, {_mass(f'{common}.second')}"
        return self._name("less", f"viz.difference({sides})")

    def _base(self, shown: Drawable, over: str) -> str:
        """What a map is drawn over."""
        x = self._x(shown.request)
        cut_out = isinstance(shown, Difference)
        if over == "photo":
            box = _numbers(shown.seen.box) if cut_out else f"{x}.box"
            return self._name("base", f"viz.region({self._photo(shown.request.photo)}, {box})")
        view = f"{x}.view"
        if isinstance(shown, Difference):
            rows, columns = cut(shown.pair.first.shown.seen, shown.seen.box)
            view += f"[{rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"
        return self._name("base", f"viz.enlarged({view})")


def _overlay(shown: Drawable, look: Look) -> str:
    """The settings of a picture that are not the defaults of `viz.Overlay`."""
    made = render.overlay(shown, look)
    given: dict[str, Any] = {
        each.name: getattr(made, each.name)
        for each in fields(viz.Overlay)
        if getattr(made, each.name) != each.default
    }
    if look.scale == "map" or isinstance(shown, Difference):
        del given["limits"]  # those of the map itself
    else:
        given["limits"] = tuple(float(end) for end in given["limits"])
    return f"viz.Overlay({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _mass(name: str) -> str:
    return f"np.maximum({name}, 0)"


def _numbers(values: Sequence[float]) -> str:
    return repr(tuple(float(np.float64(value)) for value in values))
