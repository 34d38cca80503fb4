"""The one table of methods that ask why: what each needs, reads and assumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from heedmap.languages import Phrase


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
_CAM_ASSUMES = Phrase(
    "The channels of one layer, weighted and added, hold what speaks for the class."
)

METHODS = {
    "raw": Method(
        Phrase("Attention of a layer"),
        _ATTENTION,
        "attention",
        "Vaswani et al. 2017, eq. 1",
        Phrase("What the last tokens read is what they use."),
        Phrase(
            "It is the same for every class and says nothing of what the values carry; in "
            "models of text, quite other weights gave the same answer (Jain & Wallace 2019), "
            "and in ViTs patches of plain background may draw most of it (Darcet et al. 2024)."
        ),
    ),
    "rollout": Method(
        Phrase("Attention rollout"),
        _ATTENTION,
        "attention",
        "Abnar & Zuidema 2020, section 3",
        Phrase("Attention and the way around it count half each, and heads count alike."),
        Phrase(
            "It is the same for every class, and often highlights tokens of no relevance, since it "
            "takes layers for linear and heads for equal (Chefer, Gur & Wolf, CVPR 2021)."
        ),
    ),
    "relevance": Method(
        Phrase("Relevance"),
        _ATTENTION,
        "both",
        "Chefer, Gur & Wolf 2021, eq. 5 and 6",
        Phrase("What raises the score where attention rises is relevant, layer by layer."),
        Phrase(
            "It drops all that lowers the score, and rests on gradients, which attention and "
            "LayerNorm make an unsure measure of what an input adds (Ali et al. 2022)."
        ),
    ),
    "legrad": Method(
        Phrase("LeGrad"),
        _ATTENTION,
        "gradients",
        "Bousselham et al. 2024, section 3",
        Phrase("The score of the mean token of each layer tells how that layer forms the feature."),
        Phrase(
            "Early layers are read by a head that was made for the last, which is often "
            "brittle (in language models: Belrose et al. 2023)."
        ),
    ),
    "gradcam": Method(
        Phrase("Grad-CAM"),
        _CONVOLUTIONS,
        "gradients",
        "Selvaraju et al. 2017, eq. 1 and 2",
        _CAM_ASSUMES,
        Phrase(
            "It does change with the weights (Adebayo et al. 2018), but is as coarse as the "
            "layer, and since it averages gradients it can show places that the model did not "
            "use (Draelos & Carin 2020)."
        ),
    ),
    "gradcam++": Method(
        Phrase("Grad-CAM++"),
        _CONVOLUTIONS,
        "gradients",
        "Chattopadhay et al. 2018, eq. 10 and 19",
        _CAM_ASSUMES,
        Phrase(
            "In practice it is Grad-CAM of the gradients above 0 (Lerma & Lucas 2022): what speaks "
            "against the class is left out."
        ),
    ),
    "layercam": Method(
        Phrase("Layer-CAM"),
        _CONVOLUTIONS,
        "gradients",
        "Jiang et al. 2021, eq. 6",
        Phrase("Each place of each channel has a weight of its own: its gradient above 0."),
        Phrase(
            "It multiplies by the activation, and products with what is fed in may follow that "
            "more than the weights (of pixels: Adebayo et al. 2018): doubt it at early layers."
        ),
    ),
    "xgradcam": Method(
        Phrase("XGrad-CAM"),
        _CONVOLUTIONS,
        "gradients",
        "Fu et al. 2020, eq. 8",
        _CAM_ASSUMES,
        Phrase(
            "Each channel has one weight for all places, so it can show places that the model "
            "did not use, as Grad-CAM can (Draelos & Carin 2020)."
        ),
    ),
    "scorecam": Method(
        Phrase("Score-CAM"),
        _CONVOLUTIONS,
        "gradients",
        "Wang et al. 2020, eq. 5 to 7",
        Phrase(
            "A channel matters as much as its map, laid over the photo as a mask, keeps the score."
        ),
        Phrase(
            "Masked photos are unlike all that the model was trained on, so their scores may "
            "be the mask's doing (Hooker et al. 2019); it runs once a channel."
        ),
    ),
    "ig": Method(
        Phrase("Integrated gradients"),
        frozenset(),
        "gradients",
        "Sundararajan et al. 2017, eq. 1 and 3",
        Phrase("What a patch adds on a straight way from an empty photo to this one is its part."),
        Phrase(
            "It hangs on the empty photo (Sturmfels et al. 2020), and multiplies by the "
            "pixels, so it draws the photo's edges even with random weights (Adebayo et al. "
            "2018)."
        ),
    ),
}
