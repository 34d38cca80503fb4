"""Sample photos: free ones that come with scikit-image.

They are read from the installed package, offline: scikit-image's own loaders, which may download,
are not called.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from heedmap.errors import ImageError
from heedmap.languages import Phrase
from heedmap.viz import checks
from heedmap.viz.photo.image import open_image
from heedmap.viz.photo.picture import Picture


@dataclass(frozen=True)
class Sample:
    """A sample photo: what it is called, whose it is, and what it shows."""

    id: str
    title: str
    file: str
    credit: str  # who took it, and the terms, as scikit-image's documentation gives them
    alt: str  # alternative text for screen readers


SAMPLES = (
    Sample(
        "cat",
        Phrase("Cat"),
        "chelsea.png",
        Phrase("Stefan van der Walt, CC0"),
        Phrase("Close view of the face of a ginger tabby cat with green eyes."),
    ),
    Sample(
        "astronaut",
        Phrase("Astronaut"),
        "astronaut.png",
        Phrase("NASA, public domain"),
        Phrase(
            "The astronaut Eileen Collins in an orange suit, a flag and a model shuttle behind her."
        ),
    ),
    Sample(
        "coffee",
        Phrase("Coffee"),
        "coffee.png",
        Phrase("Rachel Michetti, Pikolo Espresso Bar, CC0"),
        Phrase("A red cup of espresso with a spoon on a red saucer on a wooden table."),
    ),
    Sample(
        "rocket",
        Phrase("Rocket"),
        "rocket.jpg",
        Phrase("SpaceX, public domain"),
        Phrase("A rocket on its launch pad at dusk, between lattice towers and bright lamps."),
    ),
    Sample(
        "cameraman",
        Phrase("Cameraman"),
        "camera.png",
        Phrase("Lav Varshney, CC0"),
        Phrase(
            "Black and white photo of a man in a dark coat looking through a camera on a tripod."
        ),
    ),
    Sample(
        "coins",
        Phrase("Coins"),
        "coins.png",
        Phrase("Brooklyn Museum, no known copyright restrictions"),
        Phrase("Black and white photo of four rows of ancient Greek coins on a dark ground."),
    ),
    Sample(
        "galaxies",
        Phrase("Galaxies"),
        "hubble_deep_field.jpg",
        Phrase("NASA, Hubble eXtreme Deep Field, public domain"),
        Phrase("Hundreds of small bright galaxies on a black sky."),
    ),
    Sample(
        "retina",
        Phrase("Retina"),
        "retina.jpg",
        Phrase("Mikael Häggström, CC0"),
        Phrase("The back of a human eye: an orange disc with branching vessels and a bright spot."),
    ),
)
_BY_ID = {sample.id: sample for sample in SAMPLES}


def sample_ids() -> list[str]:
    """The ids of the sample photos, in the order to show them in."""
    return list(_BY_ID)


def sample(id: str) -> Sample:
    """A sample photo by its id.

    Raises:
        SettingError: no sample has this id.
    """
    return _BY_ID[checks.choice(id, _BY_ID, "sample photo")]


def open_sample(id: str) -> Picture:
    """A sample photo as (H, W, 3) uint8 RGB; a new array.

    Raises:
        SettingError, ImageError: as `sample_file`.
    """
    return open_image(sample_file(id))


def sample_file(id: str) -> Path:
    """The file of a sample photo.

    Raises:
        SettingError: no sample has this id.
        ImageError: scikit-image, which has the photos, is not installed or incomplete.
    """
    record = sample(id)
    spec = find_spec("skimage")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / record.file
        if path.is_file():
            return path
    raise ImageError(
        "The sample photo {id!r} comes with scikit-image, which is not installed completely: "
        "run `pip install scikit-image` or choose a photo of your own.",
        id=id,
    )
