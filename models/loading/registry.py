"""Which models there are, and what is known of each before it is loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cachetools import LRUCache, cached
from heedmap.errors import CheckpointError, HeedmapError, SettingError, short
from heedmap.models.capabilities import CAPABILITIES, Can, surplus
from heedmap.models.catalogue import card as cards
from heedmap.models.catalogue import names, policy
from heedmap.models.catalogue.card import Card
from heedmap.models.catalogue.entries import GROUPS, Model
from heedmap.models.files import download
from heedmap.models.loading import open_clip, skeleton
from heedmap.models.loading.skeleton import Probe

# The latest models of the hub that were asked for by id; who asks at once waits for one answer.
_resolved: LRUCache[str, Model] = LRUCache(256)


def ids() -> list[str]:
    """The ids of all models that the host offers: the catalogue's, then the host's own."""
    return [model.id for model in records()]


def records(needs: Iterable[str] = ()) -> list[Model]:
    """The models that the host offers and that can do all of `needs`; see `capabilities`.

    In the order of their groups, in each first those that can do little else: a page lists its own
    kind of model first.

    Raises:
        SettingError: no such capability.
    """
    asked = _capabilities(needs)
    shown = [m for m in names.listed() if policy.allowed(m) and asked <= m.can]
    if not asked:
        return shown
    return sorted(shown, key=lambda each: (GROUPS.index(each.group), surplus(each.can, asked)))


def _capabilities(needs: Any) -> Can:
    """What is asked for, one word alone or several, once each is known."""
    several = isinstance(needs, Iterable) and not isinstance(needs, str)
    asked = list(needs) if several else [needs]
    for each in asked:
        if not isinstance(each, str) or each not in CAPABILITIES:
            known = ", ".join(sorted(CAPABILITIES))
            raise SettingError(
                "No model can do {each}: choose from {known}.", each=short(each), known=known
            )
    return frozenset(asked)


def record(id: str) -> Model:
    """The catalogue entry of a model.

    A model of the hub ("owner/name", its URL, or a name from timm) that is not in the catalogue is
    asked for once and built without weights to see what it is.

    Raises:
        UnknownModelError: no model has this id.
        DownloadError: an id of the hub that cannot be asked for, or that the host does not permit.
        CheckpointError: an id of the hub that is not a model for Heedmap.
    """
    id = names.canonical(id)
    for model in names.listed():
        if model.id == id:
            return model
    if not names.is_id(id):
        raise names.unknown(id)
    return _resolve(id)


def card(id: str) -> Card:
    """What the card of a model says of how it was made; an empty one where it ships none.

    Raises:
        HeedmapError: as `record`.
    """
    return cards.card(record(id))


def probe(id: str) -> Probe:
    """What is known of a model before its weights are loaded; see `Probe`.

    Raises:
        UnknownModelError, DownloadError, CheckpointError: as `record`.
        ModelError: a model that has nothing to show, and why.
    """
    return skeleton.probe(record(id))


@cached(_resolved, condition=threading.Condition())
def _resolve(id: str) -> Model:
    """The record of a model of the hub, from its config.json and a build without weights."""
    repo, _, revision = id.partition("@")
    model = Model(id, repo, frozenset(), "", repo=repo, revision=revision or "main", pasted=True)
    policy.check(model)
    model = _known(model)
    found = skeleton.probe(model)
    model = replace(model, can=found.can, parameters=found.parameters, size=found.size)
    there = download.listing(model)
    if there is None:
        return model
    return replace(model, licence=there.licence, gated=there.gated, download_bytes=there.nbytes)


def _known(model: Model) -> Model:
    """With what builds it: as its config.json says, or open_clip's config where that is alone."""
    try:
        return replace(model, library=_library(model))
    except HeedmapError:
        alone = open_clip.alone(model)
        if alone is None:
            raise
        return alone


def _library(model: Model) -> str:
    said = skeleton.config(model)
    if "architecture" in said:
        return "timm"
    if "model_type" in said:
        return "transformers"
    raise CheckpointError(
        "{repo} is not a model that timm or Transformers can build (its config.json names "
        "none): choose one with the tag timm or transformers.",
        repo=model.repo,
    )
