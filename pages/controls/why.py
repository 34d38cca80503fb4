"""The controls of methods that ask why: which of them, from which layer, about which class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, told, tr
from heedmap.views.asked import Layer, Target
from heedmap.views.classes import Classes, rounded
from heedmap.views.costs import span
from heedmap.views.why import FIRST, Layers, Source

NONE = ""  # no second class
ROLES = {
    "layer": Phrase("Layer of the attention"),
    "span": Phrase("Layers of rollout"),
    "start": Phrase("First layer"),
    "cam": Phrase("Layer of Grad-CAM"),
}
_HELP = {
    "layer": Phrase("The attention of one layer, mean over its heads. Counted from 0."),
    "span": Phrase("Rollout goes through all layers from the first to the last of these."),
    "start": Phrase("Relevance and LeGrad go through all layers from this one to the last."),
    "cam": Phrase("The layer whose channels are weighted and added."),
}
_LESS = Phrase(
    "What speaks for the one and not for the other: the difference of both maps, in two colours "
    "that part at zero."
)
_LONGEST = 26  # letters of a class on a button


def pick_methods(source: Source) -> list[str]:
    """Let the visitor choose methods; what the model cannot do is shown, and why."""
    able = source.methods
    key = link.setting(
        "methods", able[:FIRST], lambda text: text.split("~"), write="~".join,
        fits=lambda chosen: bool(chosen) and set(chosen) <= set(able),
    )  # fmt: skip
    chosen = st.pills(
        tr("Methods"), able, key=key, selection_mode="multi", format_func=named(_name),
        label_visibility="collapsed",
    )  # fmt: skip
    if source.refusals:
        st.pills(
            tr("Not for this model"),
            list(source.refusals),
            format_func=named(_name),
            disabled=True,
            selection_mode="multi",
            key="refused",
        )
        st.caption("  \n".join(map(plain, source.cannot)))
    if not chosen:
        link.notice(Phrase("No method is chosen: the first that this model can do is shown."))
        return able[:1]
    return sorted(chosen, key=able.index)


def pick_layers(source: Source, methods: Sequence[str]) -> dict[str, Layer]:
    """Let the visitor choose the layer of each method that takes one; methods alike share it."""
    found: dict[str, Layers] = {}
    for method in methods:
        found.setdefault(source.layers[method].role, source.layers[method])
    chosen = {role: pick_layer(layers) for role, layers in found.items()}
    return {method: chosen[source.layers[method].role] for method in methods}


def pick_layer(layers: Layers) -> Layer:
    """Let the visitor choose a layer, or a first and a last one, where there are several."""
    role, options = layers.role, layers.options
    if len(options) == 1:
        return options[0]
    if isinstance(layers.default, tuple):
        return _pick_span(role, layers.default)
    if isinstance(layers.default, int):
        key = link.whole(role, 0, len(options) - 1, layers.default)
        return int(
            st.slider(told(ROLES[role]), 0, len(options) - 1, key=key, help=told(_HELP[role]))
        )
    key = link.choice(role, [str(each) for each in options], str(layers.default))
    return str(st.selectbox(told(ROLES[role]), options, key=key, help=told(_HELP[role])))


def _pick_span(role: str, every: tuple[int, int]) -> tuple[int, int]:
    """A slider with two handles, for a first and a last layer."""

    def read(text: str) -> tuple[int, int]:
        first, last = map(int, text.split("~"))
        return first, last

    key = link.setting(
        role, every, read, write=lambda span: "~".join(map(str, span)),
        fits=lambda span: every[0] <= span[0] <= span[1] <= every[1],
    )  # fmt: skip
    span: Any = st.slider(
        told(ROLES[role]), *every, key=key, help=told(_HELP[role])
    )  # a pair, as its value
    return int(span[0]), int(span[1])


def pick_random() -> bool:
    """Let the visitor see the maps of the same model with random weights."""
    return st.toggle(
        tr("Randomised weights"),
        key=link.switch("random"),
        help=tr(
            "The same model with weights as they are before training: it has learned nothing. "
            "A method whose map stays much the same shows its own habits and the photo, not "
            "the model (Adebayo et al. 2018)."
        ),
    )


def pick_target(source: Source) -> Target:
    """Let the visitor choose what is asked about, and what it is told apart from."""
    if source.classes:
        return _pick_classes(source.classes)
    if source.reads:
        return _pick_texts()
    for name in ("text", "target", "less"):
        link.only(name, NONE)
    st.caption(tr("It knows no classes: asked is what makes its features strong, by their norm."))
    return None


def _pick_classes(classes: Classes) -> Target:
    link.only("text", NONE)
    target = pick_class(classes)
    others = [NONE, *(name for name in classes.names if name != target)]
    less = st.selectbox(
        tr("Less"), others, key=link.choice("less", others, NONE), width=200, help=told(_LESS),
        format_func=named(lambda name: name or Phrase("no other class")),
    )  # fmt: skip
    one = classes.index(target)
    return (one, classes.index(less)) if less else one


def asks_text(target: Target) -> bool:
    """Whether a text is asked about, and no class."""
    return any(
        isinstance(each, str) for each in (target if isinstance(target, tuple) else [target])
    )


def _pick_texts() -> Target:
    """A text, and another; without one the norm of the features is asked about."""
    link.only("target", NONE)
    text, less = (
        st.text_input(
            label, key=link.setting(name, NONE, str.strip), width=240, max_chars=200, help=help,
            placeholder=example,
        ).strip()
        for name, label, example, help in [
            ("text", tr("A text"), "a photo of a cat", tr(
                "Asked is what makes the photo like this text. Without a text: what makes its "
                "features strong, by their norm.")),
            ("less", tr("Less"), tr("no other text"), told(_LESS)),
        ]
    )  # fmt: skip
    return (text, less) if text and less else text or None


def pick_class(classes: Classes) -> str:
    """Let the visitor choose a class: the five best as buttons, a field that finds any."""
    best = dict(classes.best())
    key = link.choice("target", classes.names, next(iter(best)))
    _best_buttons(key, best)
    return str(
        st.selectbox(tr("Any class"), classes.names, key=key, width=200, help=tr("Type to search."))
    )


def pick_trust(count: int, seconds: float | None) -> bool:
    """Let the visitor have so many maps tested; the button tells how long that takes."""
    key = link.switch("trust")
    on = bool(st.session_state[key])
    ask = tr("How far to trust it") if count == 1 else tr("How far to trust them")
    if seconds is not None:
        ask = tr("{ask} · about {time}", ask=ask, time=span(max(1.0, seconds)))
    st.button(
        tr("Hide the test") if on else ask,
        key="test",
        on_click=_set,
        args=(key, not on),
        icon=":material/balance:",
        help=tr(
            "The photo is taken away in the order of each map, and put back, and the model asked "
            "again each time: a map that names what counts makes its score fall and rise soon."
        ),
    )
    return on


def _set(key: str, value: bool) -> None:
    st.session_state[key] = value


def _best_buttons(key: str, best: dict[str, float]) -> None:
    """The most probable classes as buttons, which set what the field beside them holds."""
    button = f"{key}.best"
    chosen = st.session_state[key]
    st.session_state[button] = chosen if chosen in best else None

    def choose() -> None:
        st.session_state[key] = st.session_state[button] or chosen

    st.segmented_control(
        tr("Why this class?"), list(best), key=button, on_change=choose,
        format_func=lambda name: f"{_short(name)} {rounded(best[name])}",
    )  # fmt: skip


def _short(name: str) -> str:
    first = name.split(",")[0]
    return plain(first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…")


def _name(method: str) -> str:
    return viz.METHODS[method].name
