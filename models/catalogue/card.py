"""What the card of a model in a folder says of it to programs: `card.json` beside its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from heedmap.languages import Phrase
from heedmap.models.catalogue.entries import Model


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of a classifier can be believed.

    Attributes:
        temperature: what its logits are divided by before the softmax; 1 where none was fitted
            (Guo et al. 2017, arXiv 1706.04599).
        threshold: the least probability of the first class at which the photo is taken to show any
            of the classes, 0 to 1; 0 where none was chosen.
    """

    temperature: float = 1.0
    threshold: float = 0.0


@dataclass(frozen=True)
class Card:
    """What is known of how a model was made.

    Attributes:
        taught: what it was taught by, one sentence; "" where the card does not say.
        calibration: of its probabilities.
    """

    taught: str = ""
    calibration: Calibration = Calibration()


def card(entry: Model) -> Card:
    """The card of a model; an empty one where it ships none. Only bundled models are asked."""
    return _read(entry.folder / "card.json") if entry.bundled and entry.folder else Card()


@cache
def _read(path: Path) -> Card:
    if not path.is_file():
        return Card()
    said = json.loads(path.read_text(encoding="utf-8"))
    return Card(Phrase(said.get("taught", "")), Calibration(**said.get("calibration", {})))
