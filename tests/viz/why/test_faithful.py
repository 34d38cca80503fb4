"""Deletion and insertion on a planted model, whose answer depends on known places alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import OvertakenError, SettingError
from scipy.ndimage import gaussian_filter
from torch import nn

from tests.viz.capture.oracles import case

STEPS = 8
PLACE = (slice(8, 16), slice(24, 40))  # what the planted model looks at, px


class Planted(nn.Module):
    """Two classes: how red a known rectangle is, and nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 8, stride=8)
        self.fc = nn.Linear(1, 2)
        self.photos = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.photos += len(pixels)
        self.conv(pixels)
        red = pixels[:, 0, *PLACE].mean((1, 2))
        return torch.stack([16 * (red - 0.75), 0 * red], 1)


@pytest.fixture
def adapter() -> models.Adapter:
    black = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    return models.wrap(Planted(), size=32, classes=["red", "nothing"], **black)


@pytest.fixture
def x(adapter: models.Adapter) -> models.Prepared:
    photo = np.random.default_rng(0).integers(0, 60, (32, 64, 3), dtype=np.uint8)
    photo[PLACE] += np.array([190, 0, 0], np.uint8)
    return adapter.prepare(photo)


def planted(grid: tuple[int, int]) -> np.ndarray:
    heat = np.zeros(grid, np.float32)
    heat[1, 3:5] = 1
    return heat


def probability(photo: np.ndarray) -> float:
    red = photo[0, *PLACE].astype(np.float64).mean()
    return float(1 / (1 + np.exp(-16 * (red - 0.75))))


def test_curves_are_those_written_out_pixel_by_pixel(
    adapter: models.Adapter, x: models.Prepared
) -> None:
    photo = x.pixels[0].numpy()
    heat = np.random.default_rng(1).random(photo.shape[1:])  # a value of its own for each pixel
    order = np.argsort(-heat.astype(np.float32).ravel())
    blurred = np.stack([gaussian_filter(each, 2, mode="mirror", truncate=3) for each in photo])
    flat = np.broadcast_to(photo.mean((1, 2), keepdims=True), photo.shape)
    found = viz.faithfulness(adapter, x, heat, "red", steps=STEPS)
    for index, baseline in enumerate((blurred, flat)):
        for curve, begin, end in (
            (found.heat.deletion, photo, baseline),
            (found.heat.insertion, baseline, photo),
        ):
            wanted = []
            for step in range(STEPS + 1):
                changed = begin.copy().reshape(3, -1)
                some = order[: step * len(order) // STEPS]
                changed[:, some] = end.reshape(3, -1)[:, some]
                wanted.append(probability(changed.reshape(photo.shape)))
            np.testing.assert_allclose(curve[index], wanted, atol=1e-5)
    area = (found.heat.deletion[:, 1:] + found.heat.deletion[:, :-1]).sum(1) / 2 / STEPS
    np.testing.assert_allclose(found.heat.deletion_areas, area, rtol=1e-5)


def test_the_planted_place_beats_random_and_centre_and_its_opposite_loses(
    adapter: models.Adapter, x: models.Prepared
) -> None:
    heat = planted(x.grid)
    found = viz.faithfulness(adapter, x, heat, "red", steps=STEPS)
    for other in (found.random, found.centre):
        assert (found.heat.deletion_areas < other.deletion_areas).all()
        assert (found.heat.insertion_areas > other.insertion_areas).all()
    worst = viz.faithfulness(adapter, x, -heat, "red", steps=STEPS, beside=found)
    assert worst.heat.gain < found.random.gain < found.heat.gain
    assert worst.random is found.random
    assert worst.centre is found.centre


def test_a_flat_map_fares_as_the_random_one(adapter: models.Adapter, x: models.Prepared) -> None:
    found = viz.faithfulness(adapter, x, np.full(x.grid, 0.3), "red", steps=STEPS)
    np.testing.assert_array_equal(found.heat.deletion, found.random.deletion)


def test_the_number_of_photos_is_told_before(adapter: models.Adapter, x: models.Prepared) -> None:
    module = adapter.module
    found = viz.faithfulness(adapter, x, planted(x.grid), steps=STEPS)
    assert module.photos == viz.faithfulness_passes(STEPS)
    module.photos = 0
    viz.faithfulness(adapter, x, planted(x.grid), steps=STEPS, beside=found)
    assert module.photos == viz.faithfulness_passes(STEPS, beside=True)
    assert (found.target, found.unit) == ("red", "probability")
    np.testing.assert_allclose(found.shares, np.arange(STEPS + 1) / STEPS)


def test_two_targets_are_measured_by_the_difference(
    adapter: models.Adapter, x: models.Prepared
) -> None:
    heat = planted(x.grid)
    one, other, both = (
        viz.faithfulness(adapter, x, heat, target, steps=2)
        for target in ("red", "nothing", ("red", "nothing"))
    )
    np.testing.assert_allclose(
        both.heat.deletion, one.heat.deletion - other.heat.deletion, atol=1e-6
    )
    assert both.target == "red less nothing"


def test_it_can_be_given_up(adapter: models.Adapter, x: models.Prepared) -> None:
    with pytest.raises(OvertakenError), viz.GivingUp(lambda: adapter.module.photos > 40):
        viz.faithfulness(adapter, x, planted(x.grid), steps=STEPS)
    assert adapter.module.photos < viz.faithfulness_passes(STEPS)


def test_wrong_calls_are_told_in_a_sentence(adapter: models.Adapter, x: models.Prepared) -> None:
    heat = planted(x.grid)
    with pytest.raises(SettingError, match="in 1 steps: choose 2 to 1024"):
        viz.faithfulness(adapter, x, heat, steps=1)
    with pytest.raises(SettingError, match="values that are not finite"):
        viz.faithfulness(adapter, x, heat * np.nan)
    with pytest.raises(SettingError, match="no class 'zebra'"):
        viz.faithfulness(adapter, x, heat, "zebra")
    red = viz.faithfulness(adapter, x, heat, "red", steps=2)
    with pytest.raises(SettingError, match="beside are for red in 2 steps"):
        viz.faithfulness(adapter, x, heat, "nothing", steps=2, beside=red)


@pytest.mark.parametrize("name", ["Transformers MAE", "Transformers SigLIP 2 NaFlex", "timm BEiT"])
def test_families_that_run_in_their_own_way_take_a_batch(name: str) -> None:
    adapter = models.wrap(case(name).module)
    photos = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), dtype=np.uint8)
    seen = [adapter.prepare(photo).pixels for photo in photos]
    alone = torch.cat([adapter.forward(pixels) for pixels in seen])
    torch.testing.assert_close(adapter.forward(torch.cat(seen)), alone, rtol=1e-4, atol=1e-4)
