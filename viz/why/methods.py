"""The one table of methods that ask why: what each needs, reads and assumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: for people.
        needs: what a model must be able to do; see `models.capabilities`.
        reads: "attention", "gradients", "both", or "features" of a map of words.
        source: where its formula comes from.
        assumes: in one sentence, what has to hold for its map to mean what it seems to.
        fails: in one sentence, how it is known to mislead.
    """

    name: str
    needs: frozenset[str]
    reads: str
    source: str
    assumes: str
    fails: str

    @property
    def wants_target(self) -> bool:
        """Whether its map is for a class, not for the photo alone."""
        return self.reads != "attention"


@dataclass(frozen=True)
class Explanation:
    """What one method says of one photo.

    Attributes:
        heat: (rows, cols) float32, in the method's own unit; never scaled to a maximum.
        method: an id of `METHODS`.
        target: what was asked about, in words; "" for a method that takes no target.
        signed: whether values below 0 count against the first target.
    """

    heat: np.ndarray
    method: str
    target: str
    signed: bool = False


_ATTENTION, _CONVOLUTIONS = frozenset({"attention"}), frozenset({"convolutions"})
_CAM_ASSUMES = "The channels of one layer, weighted and added, hold what speaks for the class."
_CAM_FAILS = (
    "Its map is as coarse as the layer; at late layers it does change with the weights (Adebayo et "
    "al. 2018), at early ones it follows edges of anything."
)
_RAW_FAILS = "It is the same for every class, and says nothing of what the values carry."

METHODS = {
    "raw": Method(
        "Attention of a layer", _ATTENTION, "attention", "Vaswani et al. 2017, eq. 1",
        "What the last tokens read is what they use.", _RAW_FAILS,
    ),
    "rollout": Method(
        "Attention rollout", _ATTENTION, "attention", "Abnar & Zuidema 2020, section 3",
        "Attention and the way around it count half each, and heads count alike.",
        "It is the same for every class, and blurs where heads disagree.",
    ),
    "relevance": Method(
        "Relevance", _ATTENTION, "both", "Chefer, Gur & Wolf 2021, eq. 5 and 6",
        "What raises the score where attention rises is relevant, layer by layer.",
        "It drops all that lowers the score, and saturated scores give it little.",
    ),
    "legrad": Method(
        "LeGrad", _ATTENTION, "gradients", "Bousselham et al. 2024, section 3",
        "The score of the mean token of each layer tells how that layer forms the feature.",
        "Tokens before the last layer are read by a head that was made for the last.",
    ),
    "gradcam": Method(
        "Grad-CAM", _CONVOLUTIONS, "gradients", "Selvaraju et al. 2017, eq. 1 and 2",
        _CAM_ASSUMES, _CAM_FAILS,
    ),
    "gradcam++": Method(
        "Grad-CAM++", _CONVOLUTIONS, "gradients", "Chattopadhay et al. 2018, eq. 10 and 19",
        _CAM_ASSUMES, _CAM_FAILS,
    ),
    "layercam": Method(
        "Layer-CAM", _CONVOLUTIONS, "gradients", "Jiang et al. 2021, eq. 6",
        "Each place of each channel has a weight of its own: its gradient above 0.", _CAM_FAILS,
    ),
    "xgradcam": Method(
        "XGrad-CAM", _CONVOLUTIONS, "gradients", "Fu et al. 2020, eq. 8",
        _CAM_ASSUMES, _CAM_FAILS,
    ),
    "scorecam": Method(
        "Score-CAM", _CONVOLUTIONS, "gradients", "Wang et al. 2020, eq. 5 to 7",
        "A channel matters as much as its map, laid over the photo as a mask, keeps the score.",
        "Masked photos are unlike all that the model was trained on; it runs once a channel.",
    ),
    "ig": Method(
        "Integrated gradients", frozenset(), "gradients", "Sundararajan et al. 2017, eq. 1 and 3",
        "What a patch adds on a straight way from an empty photo to this one is its part.",
        "It is noisy, hangs on the empty photo, and multiplies by the pixels, so it draws the "
        "photo's edges even with random weights (Adebayo et al. 2018).",
    ),
}  # fmt: skip
