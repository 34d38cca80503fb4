"""The kinds of attention, in one table. A new kind is a line here and the code that records it."""

from __future__ import annotations

from dataclasses import dataclass

from heedmap.languages import Phrase


@dataclass(frozen=True)
class Kind:
    """A kind of attention.

    Attributes:
        id: what `Attention.maps`, adapters and links call it; "patch" is of single rows and never
            in a record of whole maps.
        name: its name on a control.
        values: what the values of its maps are, for legends and figures.
        reading: how to read its maps, one sentence.
    """

    id: str
    name: str
    values: str
    reading: str


_TABLE = (
    Kind(
        "cls",
        Phrase("From CLS"),
        Phrase("attention from CLS"),
        Phrase("Where each head reads from as the model sums up the photo in its CLS token."),
    ),
    Kind(
        "pool",
        Phrase("Pooling head"),
        Phrase("the pooling head’s attention"),
        Phrase(
            "Where the pooling head, which stands in for a CLS token, reads from to sum up the "
            "photo."
        ),
    ),
    Kind(
        "patch",
        Phrase("From a patch"),
        Phrase("attention from a patch"),
        Phrase("Where one patch reads from: click the map to choose it."),
    ),
    Kind(
        "tokens",
        Phrase("Received (mean token-to-token)"),
        Phrase("mean attention token to token"),
        Phrase("How much each patch is read by all patches, on average."),
    ),
    Kind(
        "windows",
        Phrase("Within windows"),
        Phrase("mean attention token to token, within windows"),
        Phrase(
            "How much each patch is read, on average, by the patches of its window, which may "
            "be the layer’s whole grid."
        ),
    ),
)
KINDS: dict[str, Kind] = {kind.id: kind for kind in _TABLE}
