"""The same architecture with random weights: what a map shows without anything learned."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from heedmap.models.adapter.adapter import Adapter
from heedmap.models.adapter.evaluation import lock_of
from heedmap.models.loading.build import transformers_builds
from torch import nn

State = dict[str, torch.Tensor]


def randomised(adapter: Adapter, seed: int = 0) -> Adapter:
    """A model as it is before training, for the sanity check of Adebayo et al. 2018 (1810.03292).

    Its weights are drawn as its library draws them for a new model, and running statistics are as
    before the first photo; the same seed gives the same weights on any device. Nothing is shared
    with `adapter`, which stays as it was. What the library does not draw anew, as parts of your
    own, is drawn from a normal distribution with the mean and deviation of what was learned. A text
    tower that is loaded apart stays as it was learned: texts are asked of a photo that is not seen.
    """
    with adapter.lock:  # nobody's hooks are copied
        family, module = copy.deepcopy((adapter._family, adapter.module))
    with _seeded(seed):
        _draw(module.cpu().float())
    for own, learned in zip(_tensors(module), _tensors(adapter.module), strict=True):
        own.data = own.data.to(learned.device, learned.dtype)
    other = copy.copy(adapter)
    other.module, other._family = module.eval().requires_grad_(False), family
    other.lock = lock_of(module)
    other.id, other.title = f"{adapter.id}#random-{seed}", f"{adapter.title} with random weights"
    return other


def _draw(module: nn.Module) -> None:
    """Fill a module anew: with what its library makes of the same architecture, else by parts."""
    fresh = _of_library(module)
    own = module.state_dict()
    if fresh and {k: v.shape for k, v in fresh.items()} == {k: v.shape for k, v in own.items()}:
        module.load_state_dict(fresh)
        return
    learned = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            reset()
    if callable(getattr(module, "init_weights", None)):
        module.init_weights()  # type: ignore[operator]
    for name, weight in module.named_parameters():
        if torch.equal(weight, learned[name]) and weight.min() < weight.max():
            nn.init.normal_(weight, weight.mean().item(), weight.std().item())


def _of_library(module: Any) -> State | None:
    """The weights of a new module of the same architecture, None where the library makes none."""
    try:
        if hasattr(getattr(module, "config", None), "model_type"):
            with transformers_builds:
                made: nn.Module = type(module)(copy.deepcopy(module.config))
            return made.state_dict()
        name = (getattr(module, "pretrained_cfg", None) or {}).get("architecture")
        if name:
            import timm

            new: nn.Module = timm.create_model(name, num_classes=module.num_classes)
            return new.state_dict()
    except Exception:  # any error of a library: drawn by parts then
        return None
    return None


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The CPU's random numbers from this seed on within the block, then as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # and no other device's
        yield
