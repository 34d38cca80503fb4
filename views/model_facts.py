"""Facts about a model before it is loaded: for the list, and for the text under it."""

from __future__ import annotations

from heedmap import models
from heedmap.models import Model, Probe
from heedmap.models.catalogue.policy import size
from heedmap.models.files.download import cached
from heedmap.views.cache import kept_briefly

LICENCES = {
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD 3-clause",
    "dinov3-license": "DINOv3 licence",
}


def line(entry: Model) -> str:
    """A model in the list: what it is, its name, and whether it is on disk or a download."""
    name = entry.title.removeprefix(f"{entry.group} ")
    if entry.folder:
        return f"{entry.group} · {name}"
    there = models.loaded(entry.id) or _on_disk(entry)
    return f"{entry.group} · {name} · {'on disk' if there else f'↓ {size(entry.download_bytes)}'}"


def lines(entry: Model) -> list[str]:
    """What a model was taught by, what it is and what loading it costs, as far as that is known.

    A model that is not in the catalogue is told with its shape.

    Raises:
        ModelError: a model that cannot be built or has nothing to show, and why.
    """
    told = [_costs(entry)]
    if entry.pasted or (entry.folder and not entry.bundled):
        told.insert(0, shape(_probe(entry.id)))
    taught = models.card(entry.id).taught
    return [
        *([f"Taught by: {taught[0].lower()}{taught[1:]}"] if taught else []),
        *told,
        *([entry.note] if entry.note else []),
    ]


def native_size(entry: Model) -> int:
    """The short side that a model was made for, px."""
    return entry.size or 224


def card(entry: Model) -> str:
    """The card of a model in a folder, as Markdown; "" if it has none."""
    path = entry.folder / "README.md" if entry.folder else None
    text = path.read_text(encoding="utf-8") if path and path.is_file() else ""
    if text.startswith("---\n") and "\n---\n" in text[4:]:  # YAML, as the hub's cards have
        return text[4:].split("\n---\n", 1)[1]
    return text


def shape(probe: Probe) -> str:
    """What a model is built of and the memory that it takes, in one line."""
    if probe.longest:
        most = f"up to {probe.longest:,} tokens"
        return " · ".join([_layers(probe), most, f"{size(probe.nbytes)} in memory"])
    parts = [_layers(probe), _tokens(probe)] if probe.kinds else ["CNN"]
    if probe.patch > 1:  # where the grid grows coarser, it is that of the last layer
        whole = probe.kinds and "windows" not in probe.kinds
        parts.insert(1, f"{'patch' if whole else 'stride'} {probe.patch} px")
    return " · ".join([*parts, f"{size(probe.nbytes)} in memory"])


@kept_briefly(entries=64, seconds=60)
def _probe(id: str) -> Probe:
    return models.probe(id)


@kept_briefly(entries=256, seconds=60)
def _on_disk(entry: Model) -> bool:
    return cached(entry) is not None


def _layers(probe: Probe) -> str:
    """How many layers of how many heads."""
    heads = f"{probe.heads} {'head' if probe.heads == 1 else 'heads'}"
    if "windows" in probe.kinds:
        heads += " or more, within windows"
    if probe.kinds == ("cls",):  # class attention, as in CaiT, XCiT and VOLO
        heads += " in which CLS reads the patches (those before have no CLS and are not shown)"
    return f"{probe.depth} {'layer' if probe.depth == 1 else 'layers'} of {heads}"


def _tokens(probe: Probe) -> str:
    """The tokens before the patches, or what replaces CLS."""
    order = probe.order
    more = f"{order.more} {'token' if order.more == 1 else 'tokens'} before the patches"
    if order.cls:
        cls = f"{order.cls} CLS tokens" if order.cls > 1 else "CLS"
        cls += " behind the patches" * order.last
        return f"{cls} and {more.replace(' ', ' more ', 1)}" if order.more else cls
    words = ["pooling head"] if "pool" in probe.kinds else []
    return ", ".join([*words, "no CLS", *([more] if order.more else [])])


def _costs(entry: Model) -> str:
    """The licence, the number of weights, and whether it has to be downloaded."""
    facts = [LICENCES.get(entry.licence, entry.licence)] if entry.licence else []
    if entry.parameters:
        facts.append(f"{entry.parameters / 1e6:.1f} M weights")
    return " · ".join([*facts, _where(entry)])


def _where(entry: Model) -> str:
    """Where its weights are."""
    if entry.bundled:
        return "ships with Heedmap"
    if models.loaded(entry.id):
        return "loaded"
    if entry.folder or cached(entry):
        return "on this server"
    return f"downloads {size(entry.download_bytes)} once"
