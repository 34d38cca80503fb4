"""Make a module in memory a model that Heedmap can look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from heedmap.errors import ModelError, SettingError
from heedmap.models import families
from heedmap.models.adapter.adapter import Adapter
from heedmap.models.adapter.checks import (
    channels_of,
    check_channels,
    check_module,
    check_names,
)
from heedmap.models.adapter.inner import inner
from heedmap.models.adapter.language import TextAdapter, check_tokenizer
from heedmap.models.adapter.text import words_for
from heedmap.models.preprocessing import Preprocessing
from torch import nn


def wrap(
    module: nn.Module,
    *,
    id: str | None = None,
    title: str | None = None,
    classes: Sequence[str] | None = None,
    tokenizer: Any = None,
    **preprocessing: Any,
) -> Adapter:
    """Make any module in memory a model that Heedmap can look into; the module stays as it was.

    Args:
        module: a timm or torchvision ViT, a vision model (or CLIP) of Transformers, or any module
            with convolutions that takes (1, 3, H, W). What wraps such a module (`torch.compile`,
            DataParallel, an average of weights, a class of your own that passes it the pixels as
            they are) is looked through.
        id: what to call it in messages; the name of its class by default.
        title: its name for people; `id` by default.
        classes: names of its logits.
        tokenizer: of its text tower, a fast one of Transformers; by default the one that lies
            beside the weights which the module was loaded from. A language model of Transformers
            needs one, and becomes a `TextAdapter`.
        **preprocessing: fields of `Preprocessing` (size, mean, std, crop_pct, interpolation, dino)
            that differ from what the module says of itself.

    Raises:
        ModelError: no module, one with neither patches nor convolutions, one for photos of
            other than three channels (a ConvNet may take one), one that holds several models, or a
            language model without its tokenizer.
        SettingError: a field of `Preprocessing` that does not exist or is out of range, or names
            that are no text.
    """
    check_module(module)
    check_names(id=id, title=title, classes=classes)
    within = inner(module)
    name = id or type(within).__name__
    if families.Language.matches(within):
        check_tokenizer(tokenizer, name)
        return TextAdapter(within, name, title or name, tokenizer)
    for kind in families.FAMILIES:
        if kind.matches(within):
            # `viz.epoch_figure` shows gray samples to a ConvNet for these; `prepare` refuses photos
            channels = channels_of(within)
            check_channels(channels, name, gray=kind is families.ConvNet)
            family = kind(within)
            how, named = _told(family, preprocessing), classes or _labels(within)
            words = words_for(within, title or name, tokenizer)
            return Adapter(family, within, name, title or name, how, named, channels, words)
    raise ModelError(
        f"{name} has neither patch tokens nor convolutions that Heedmap knows: "
        "give a timm or Transformers vision model, or a module with nn.Conv2d layers."
    )


def _told(family: families.Family, said: dict[str, Any]) -> Preprocessing:
    """The preprocessing that the module states, with the fields that the caller set."""
    known = [field.name for field in fields(Preprocessing)]
    unknown = [name for name in said if name not in known]
    if unknown:
        raise SettingError(f"wrap knows no {unknown[0]!r}: give any of {', '.join(known)}.")
    if said.get("dino") and not (isinstance(family, families.DINO) and family.can_be_dino):
        raise SettingError(
            "dino=True is for a plain ViT of timm or Transformers with a CLS token, as DINO's: "
            "leave it out."
        )
    return replace(family.preprocessing, **said)


def _labels(module: nn.Module) -> Sequence[str] | None:
    """Names of its logits, None where it does not say them."""
    if type(module).__module__.startswith("torchvision.models."):
        return families.torchvision_classes(module)
    named = getattr(getattr(module, "config", None), "id2label", None)
    if not named or not hasattr(module, "classifier"):
        return None
    return [named[i] for i in range(len(named))]
