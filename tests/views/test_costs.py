"""How long a pass will take: by its own past, then by what is nearest to it."""

from __future__ import annotations

import pytest
import torch
from heedmap import models
from heedmap.models import Adapter
from heedmap.views.costs import Cost, Costs, cost, left, span, work
from torch.utils.flop_counter import FlopCounterMode

from tests.views.test_turns import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def costs(clock: Clock) -> Costs:
    return Costs(clock)


def ran(costs: Costs, clock: Clock, cost: Cost, seconds: float) -> None:
    with costs.timed(cost):
        clock.now += seconds


def test_nothing_is_known_before_the_first_pass(costs: Costs) -> None:
    assert costs.seconds(Cost("a", "cls", 1e9)) is None


def test_a_pass_is_scaled_from_those_of_its_own_model(costs: Costs, clock: Clock) -> None:
    ran(costs, clock, Cost("a", "cls", 1e9), 2.0)
    ran(costs, clock, Cost("a", "cls", 3e9), 4.0)
    ran(costs, clock, Cost("b", "cls", 1e9), 100.0)
    assert costs.seconds(Cost("a", "cls", 10e9)) == pytest.approx(15.0)


def test_what_is_nearest_counts(costs: Costs, clock: Clock) -> None:
    ran(costs, clock, Cost("a", "cls", 1.0), 1.0)
    assert costs.seconds(Cost("new", "convolutions", 2.0)) == pytest.approx(2.0)
    ran(costs, clock, Cost("b", "convolutions", 1.0), 3.0)
    assert costs.seconds(Cost("new", "convolutions", 2.0)) == pytest.approx(6.0)
    assert costs.seconds(Cost("a", "tokens", 2.0)) == pytest.approx(2.0)


def test_a_pass_that_failed_or_was_given_up_tells_nothing(costs: Costs, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), costs.timed(Cost("a", "cls", 1.0)):
        _ = 1 / 0
    assert costs.seconds(Cost("a", "cls", 1.0)) is None


def test_old_passes_are_forgotten(costs: Costs, clock: Clock) -> None:
    for seconds in (*[50.0] * 20, *[1.0] * 20):
        ran(costs, clock, Cost("a", "cls", 1.0), seconds)
    assert costs.seconds(Cost("a", "cls", 1.0)) == pytest.approx(1.0)


def test_the_words_count_down(costs: Costs, clock: Clock) -> None:
    ran(costs, clock, Cost("a", "cls", 1.0), 12.0)
    with costs.timed(Cost("a", "cls", 1.0)) as words:
        assert words() == "About 12 s left for this pass."
        clock.now += 7.0
        assert words() == "About 5 s left for this pass."
        clock.now += 4.5
        assert words() == "This pass is nearly done."
        clock.now += 8.0
        assert words() == "This pass takes longer than it was thought to."
    with costs.timed(Cost("a", "cls", 0.05)) as words:
        assert words() == "", "no word on a pass that is short"
    assert left(None, 5.0) == ""
    assert (span(89), span(150)) == ("89 s", "2 min")


@pytest.mark.parametrize("size", [64, 256])
def test_the_work_of_a_vit_is_near_what_pytorch_counts(vit: Adapter, size: int) -> None:
    x = vit.prepare(torch.zeros(90, 120, 3, dtype=torch.uint8).numpy(), size)
    with FlopCounterMode(display=False) as counted:
        vit.run(x.pixels, x.fit)
    assert cost(vit, x, "cls").work == pytest.approx(counted.get_total_flops(), rel=0.15)


def test_the_work_of_a_convnet_grows_with_its_photo() -> None:
    cnn = models.load("bundled-cnn")
    photo = torch.zeros(64, 64, 3, dtype=torch.uint8).numpy()
    small, large = (cost(cnn, cnn.prepare(photo, size), "convolutions") for size in (128, 256))
    assert large.work == 4 * small.work
    assert work(100, 0, 7) == 1400
