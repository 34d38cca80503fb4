"""Facts about a model before it is loaded: for the list, and for the text under it."""

from __future__ import annotations

from heedmap import models
from heedmap.languages import Phrase, join
from heedmap.models import Model, Probe
from heedmap.models.catalogue.policy import size
from heedmap.models.files.download import cached
from heedmap.views.cache import kept_briefly

_GROUPS = {
    "Bundled": Phrase("Bundled"),
    "Own folder": Phrase("Own folder"),
    "Encoders": Phrase("Encoders"),
    "Decoders": Phrase("Decoders"),
}
LICENCES = {
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD 3-clause",
    "dinov3-license": Phrase("DINOv3 licence"),
}


def line(entry: Model) -> str:
    """A model in the list: what it is, its name, and whether it is on disk or a download."""
    name = entry.title.removeprefix(f"{entry.group} ")
    group = _GROUPS.get(entry.group, entry.group)
    if entry.folder:
        return Phrase("{group} · {name}", group=group, name=name)
    there = models.loaded(entry.id) or _on_disk(entry)
    where = Phrase("on disk") if there else f"↓ {size(entry.download_bytes)}"
    return Phrase("{group} · {name} · {where}", group=group, name=name, where=where)


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
        *([Phrase("Taught by: {taught}", taught=taught)] if taught else []),
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
    memory = Phrase("{size} in memory", size=size(probe.nbytes))
    if probe.longest:
        most = Phrase("up to {count:,} tokens", count=probe.longest)
        return join([_layers(probe), most, memory], "{one} · {other}")
    parts: list[str] = [_layers(probe), _tokens(probe)] if probe.kinds else ["CNN"]
    if probe.patch > 1:  # where the grid grows coarser, it is that of the last layer
        whole = probe.kinds and "windows" not in probe.kinds
        step = Phrase("patch {px} px" if whole else "stride {px} px", px=probe.patch)
        parts.insert(1, step)
    return join([*parts, memory], "{one} · {other}")


@kept_briefly(entries=64, seconds=60)
def _probe(id: str) -> Probe:
    return models.probe(id)


@kept_briefly(entries=256, seconds=60)
def _on_disk(entry: Model) -> bool:
    return cached(entry) is not None


@kept_briefly(entries=64, seconds=60)
def text_download(id: str) -> int:
    """Bytes to be downloaded before a model whose text tower is apart reads texts.

    Raises:
        HeedmapError: as `models.text_download`.
    """
    return models.text_download(id)


def _layers(probe: Probe) -> Phrase:
    """How many layers of how many heads."""
    heads = Phrase("1 head") if probe.heads == 1 else Phrase("{count} heads", count=probe.heads)
    if "windows" in probe.kinds:
        heads = Phrase("{heads} or more, within windows", heads=heads)
    if probe.kinds == ("cls",):  # class attention, as in CaiT, XCiT and VOLO
        heads = Phrase(
            "{heads} in which CLS reads the patches (those before have no CLS and are not shown)",
            heads=heads,
        )
    if probe.depth == 1:
        return Phrase("1 layer of {heads}", heads=heads)
    return Phrase("{count} layers of {heads}", count=probe.depth, heads=heads)


def _tokens(probe: Probe) -> str:
    """The tokens before the patches, or what replaces CLS."""
    order = probe.order
    if order.cls:
        cls: str = Phrase("{count} CLS tokens", count=order.cls) if order.cls > 1 else "CLS"
        if order.last:
            cls = Phrase("{cls} behind the patches", cls=cls)
        if not order.more:
            return cls
        if order.more == 1:
            return Phrase("{cls} and 1 more token before the patches", cls=cls)
        return Phrase("{cls} and {more} more tokens before the patches", cls=cls, more=order.more)
    words: list[str] = [Phrase("pooling head")] if "pool" in probe.kinds else []
    words.append(Phrase("no CLS"))
    if order.more == 1:
        words.append(Phrase("1 token before the patches"))
    elif order.more:
        words.append(Phrase("{count} tokens before the patches", count=order.more))
    return join(words)


def _costs(entry: Model) -> str:
    """The licence, the number of weights, and whether it has to be downloaded."""
    facts: list[str] = [LICENCES.get(entry.licence, entry.licence)] if entry.licence else []
    if entry.parameters:
        facts.append(Phrase("{count:.1f} M weights", count=entry.parameters / 1e6))
    return join([*facts, _where(entry)], "{one} · {other}")


def _where(entry: Model) -> Phrase:
    """Where its weights are."""
    if entry.bundled:
        return Phrase("ships with Heedmap")
    if models.loaded(entry.id):
        return Phrase("loaded")
    if entry.folder or cached(entry):
        return Phrase("on this server")
    return Phrase("downloads {size} once", size=size(entry.download_bytes))
