"""How far a map can be trusted: what its places do to the score, taken away or put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from heedmap.errors import SettingError
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from heedmap.viz.draw.interpolate import interpolate
from heedmap.viz.why.target import Asked, Pair, Target, target_of
from numpy.typing import ArrayLike
from torchvision.transforms.functional import gaussian_blur

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

BASELINES = ("blurred", "mean colour")  # what stands where a photo is taken away
STEPS = 32
BATCH_PIXELS = 2**19  # that one pass takes at most: 32 photos of 128 px, 10 of 224
BLUR = 1 / 16  # standard deviation of the blur, of the short side


@dataclass(frozen=True)
class Curves:
    """What the score does while a photo is changed in the order of one map.

    Attributes:
        deletion: (baselines, steps + 1) float32: the greatest values are taken away first. A map
            that names what counts makes it fall soon.
        insertion: (baselines, steps + 1) float32: the greatest values are put back first. A map
            that names what counts makes it rise soon.
    """

    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def deletion_areas(self) -> np.ndarray:
        """The area under each baseline's deletion, (baselines,) float32, in the score's unit."""
        return _areas(self.deletion)

    @property
    def insertion_areas(self) -> np.ndarray:
        """The area under each baseline's insertion, (baselines,) float32, in the score's unit."""
        return _areas(self.insertion)

    @property
    def gain(self) -> float:
        """Area of insertion less area of deletion, the mean over baselines: greater is better."""
        return float((self.insertion_areas - self.deletion_areas).mean())


@dataclass(frozen=True)
class Faithfulness:
    """How a map fares on one photo, beside two maps that know nothing of it.

    Attributes:
        target: what was asked about, in words.
        unit: of the score: "probability", "cosine" or "norm".
        shares: (steps + 1,) float32, how much of the photo is changed, 0 to 1.
        heat: of the map.
        random: of a map of random numbers, one a patch.
        centre: of a blob in the middle of the photo.
    """

    target: str
    unit: str
    shares: np.ndarray
    heat: Curves
    random: Curves
    centre: Curves


def faithfulness(
    adapter: Adapter,
    x: Prepared,
    heat: ArrayLike,
    target: Asked | Pair = None,
    steps: int = STEPS,
    beside: Faithfulness | None = None,
) -> Faithfulness:
    """Deletion and insertion: Petsiuk, Das & Saenko 2018, arXiv 1806.07421, section 3.2.

    The map is interpolated bilinearly to the photo; pixels are taken away, or put back, in the
    order of its values, the greatest first, those of equal values in the order of the random map.
    In their place stands the photo blurred (Gaussian, its standard deviation a sixteenth of the
    short side), or the photo's mean colour. `faithfulness_passes` tells how many photos the model
    is run on, in batches; `viz.GivingUp` ends it between two calls into PyTorch.

    Photos that are partly taken away are unlike all that a model was trained on, so the curves
    also measure how it takes that: compare with `random` and `centre` of the same photo.

    Args:
        adapter: a model.
        x: the photo that `adapter.prepare` made.
        heat: (rows, cols), finite; more is greater.
        target: as for `explain`. The score is the probability of a class, else the cosine or the
            norm of the features; of two targets the difference of their scores.
        steps: into how many parts the photo is cut, 2 to 1024.
        beside: of another map for the same photo, target and steps: its random map, its blob and
            the scores of the photo whole and gone are taken over and not run again.

    Raises:
        SettingError: a map, target or number of steps that does not exist, or another's curves.
        CaptureError: a model without an output to explain.
        OvertakenError: given up.
    """
    check_call(adapter, x)
    faithfulness_passes(steps)
    values = checks.one_map(heat)
    told = target_of(adapter, target, adapter.run(x.pixels, x.fit))
    if beside and (beside.target, len(beside.shares)) != (told.name, steps + 1):
        raise SettingError(
            "The curves beside are for {target} in {shares} steps, these for {name} in "
            "{steps}: leave them out.",
            target=beside.target,
            shares=len(beside.shares) - 1,
            name=told.name,
            steps=steps,
        )
    photo = _Photo(adapter, x, told, steps, beside)
    return Faithfulness(
        told.name,
        told.unit,
        np.linspace(0, 1, steps + 1, dtype=np.float32),
        photo.curves(values),
        beside.random if beside else photo.curves(_noise(x.grid)),
        beside.centre if beside else photo.curves(centred(x.grid)),
    )


def faithfulness_passes(steps: int = STEPS, beside: bool = False) -> int:
    """On how many photos `faithfulness` runs the model, counting each of a batch.

    Args:
        steps: as for `faithfulness`.
        beside: whether another map's curves are there already.

    Raises:
        SettingError: a number of steps that does not exist.
    """
    steps = checks.whole(steps, "A photo cannot be changed in {} steps: choose 2 to 1024.", 2, 1024)
    maps, ends = (1, 0) if beside else (3, 1 + len(BASELINES))
    return 1 + ends + maps * 2 * len(BASELINES) * (steps - 1)


def centred(grid: tuple[int, int]) -> np.ndarray:
    """A blob in the middle of (rows, cols): minus the distance from the centre, in patches."""
    rows, cols = (np.arange(n) - (n - 1) / 2 for n in grid)
    return np.asarray(-np.hypot(rows[:, None], cols))


def _noise(grid: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).random(grid)


def _areas(curves: np.ndarray) -> np.ndarray:
    return np.asarray(np.trapezoid(curves, dx=1 / (curves.shape[1] - 1)), np.float32)


class _Photo:
    """One photo, its baselines, and the scores of what lies between them."""

    def __init__(
        self, adapter: Adapter, x: Prepared, target: Target, steps: int, beside: Faithfulness | None
    ) -> None:
        self._adapter, self._x, self._target, self._steps = adapter, x, target, steps
        self._size = (x.pixels.shape[-2], x.pixels.shape[-1])
        self._baselines = (_blurred(x.pixels), x.pixels.mean((2, 3), keepdim=True) + 0 * x.pixels)
        if beside:
            self._full, self._empty = beside.heat.deletion[0, 0], beside.heat.deletion[:, -1]
        else:
            self._full, *gone = self._scores([x.pixels, *self._baselines])
            self._empty = np.array(gone)
        self._ties = interpolate(_noise(x.grid), self._size, "bilinear").ravel()

    def curves(self, heat: np.ndarray) -> Curves:
        """Both curves over both baselines in the order of a map."""
        scores = self._scores(self._between(heat)).reshape(2, len(BASELINES), self._steps - 1)
        full, empty = np.full_like(self._empty, self._full), self._empty
        deletion = np.concatenate([full[:, None], scores[0], empty[:, None]], axis=1)
        insertion = np.concatenate([empty[:, None], scores[1], full[:, None]], axis=1)
        return Curves(deletion, insertion)

    def _between(self, heat: np.ndarray) -> Iterator[torch.Tensor]:
        """Photos between whole and gone: deletion, then insertion, of each baseline."""
        rank, count = self._rank(heat), self._size[0] * self._size[1]
        for deleting in (True, False):
            for baseline in self._baselines:
                for step in range(1, self._steps):
                    first = rank < round(step * count / self._steps)
                    yield torch.where(first != deleting, self._x.pixels, baseline)

    def _rank(self, heat: np.ndarray) -> torch.Tensor:
        """When each pixel's turn comes, (H, W): 0 for the greatest value."""
        values = interpolate(heat, self._size, "bilinear").ravel()
        rank = np.empty(len(values), np.int64)
        rank[np.lexsort((-self._ties, -values))] = np.arange(len(values))
        return torch.from_numpy(rank.reshape(self._size)).to(self._x.pixels.device)

    def _scores(self, photos: Iterable[torch.Tensor]) -> np.ndarray:
        """The score of each photo (1, 3, H, W): (photos,) float32."""
        size = max(1, BATCH_PIXELS // (self._size[0] * self._size[1]))
        found, left = [], iter(photos)
        while some := list(islice(left, size)):
            output = self._adapter.run(torch.cat(some), self._x.fit)
            assert output is not None  # else there would be no target
            found.append(self._target.measure(output).float().cpu().numpy())
        return np.concatenate(found)


def _blurred(pixels: torch.Tensor) -> torch.Tensor:
    """The photo blurred: as far as three standard deviations reach, the edges reflected."""
    sigma = BLUR * min(pixels.shape[-2:])
    radius = max(1, min(round(3 * sigma), min(pixels.shape[-2:]) - 1))
    blurred: torch.Tensor = gaussian_blur(pixels, [2 * radius + 1] * 2, [sigma] * 2)
    return blurred
