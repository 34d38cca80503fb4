"""What is said of a model before it is loaded: in the list, and under the picker."""

from __future__ import annotations

import streamlit as st
from heedmap import models
from heedmap.models import Model, Probe
from heedmap.models.catalogue.policy import size
from heedmap.models.files.download import cached
from heedmap.pages.parts.shell import plain

LICENCES = {
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD 3-clause",
    "dinov3-license": "DINOv3 licence",
}


def line(record: Model) -> str:
    """Name a model in the list, with what having it costs."""
    if record.folder or models.loaded(record.id):
        return record.title
    return f"{record.title} · {size(record.download_bytes)}"


def text(record: Model) -> str:
    """Say what a model is and what having it costs, as Markdown; of one not listed its shape too.

    Raises:
        ModelError: a model that cannot be built or has nothing to show, and why.
    """
    lines = [_costs(record)]
    if record.pasted or (record.folder and not record.bundled):
        lines.insert(0, shape(_probe(record.id)))
    return "  \n".join(map(plain, [*lines, *([record.note] if record.note else [])]))


def shape(probe: Probe) -> str:
    """Say in a line what a model is built of and the memory that it takes."""
    parts = [_layers(probe), _tokens(probe)] if probe.kinds else ["ConvNet"]
    if probe.patch > 1:  # where the grid grows coarser, it is that of the last layer
        whole = probe.kinds and "windows" not in probe.kinds
        parts.insert(1, f"{'patch' if whole else 'stride'} {probe.patch} px")
    return " · ".join([*parts, f"{size(probe.nbytes)} in memory"])


@st.cache_resource(max_entries=64, ttl=60, show_spinner=False)
def _probe(id: str) -> Probe:
    return models.probe(id)


def _layers(probe: Probe) -> str:
    """Say how many layers of how many heads."""
    heads = f"{probe.heads} {'head' if probe.heads == 1 else 'heads'}"
    if "windows" in probe.kinds:
        heads += " or more, within windows"
    return f"{probe.depth} {'layer' if probe.depth == 1 else 'layers'} of {heads}"


def _tokens(probe: Probe) -> str:
    """Say what stands before the patches, or in the place of CLS."""
    more = probe.prefix - probe.has_cls
    tokens = f"{more} {'token' if more == 1 else 'tokens'} before the patches"
    if probe.has_cls:
        return f"CLS and {tokens.replace(' ', ' more ', 1)}" if more > 0 else "CLS"
    words = ["pooling head"] if "pool" in probe.kinds else []
    return ", ".join([*words, "no CLS", *([tokens] if more > 0 else [])])


def _costs(record: Model) -> str:
    """Say the licence, the number of weights, and whether it has to be downloaded."""
    facts = [LICENCES.get(record.licence, record.licence)] if record.licence else []
    if record.parameters:
        facts.append(f"{record.parameters / 1e6:.1f} M weights")
    return " · ".join([*facts, _whereabouts(record)])


def _whereabouts(record: Model) -> str:
    if record.bundled:
        return "ships with Heedmap"
    if models.loaded(record.id):
        return "loaded"
    if record.folder or cached(record):
        return "on this server"
    return f"downloads {size(record.download_bytes)} once"
