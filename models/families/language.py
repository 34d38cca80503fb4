"""Language models of Transformers: encoders, decoders, and the text towers of CLIP and SigLIP."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from heedmap.errors import ModelError
from heedmap.models.capabilities import Can
from heedmap.models.families.order import Order
from heedmap.models.preprocessing import Preprocessing
from torch import nn

LONGEST = 4096  # tokens of a text, at most, whatever a model could take
ENDLESS = 10**9  # what tokenizers say that know no end


class Language:
    """A model that reads tokens; in `Family` it stands for a model that takes no photos.

    Attributes:
        depth: layers of attention.
        heads: attention heads a layer.
        longest: tokens that it takes at most.
        fills: "masked" where it guesses masked words, "next" where it guesses the next one, else
            "".
    """

    can: Can = frozenset({"text"})
    patch = 0
    order = Order()
    kinds: tuple[str, ...] = ()
    preprocessing = Preprocessing()

    def __init__(self, module: Any) -> None:
        config = module.config.get_text_config()
        self.module = module
        self.depth, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)
        self.longest = min(_positions(module, config), LONGEST)
        head = getattr(module, "get_output_embeddings", lambda: None)()
        self.fills = "" if head is None else ("next" if is_causal(module) else "masked")

    @staticmethod
    def matches(module: nn.Module) -> bool:
        """Whether a module reads tokens alone, in one stack of layers."""
        config: Any = getattr(module, "config", None)
        if not hasattr(config, "model_type") or getattr(config, "is_encoder_decoder", False):
            return False
        taken = inspect.signature(module.forward).parameters
        return "input_ids" in taken and "pixel_values" not in taken

    def forward(self, pixels: torch.Tensor) -> Any:
        raise no_photos(type(self.module).__name__)


def is_causal(module: Any) -> bool:
    """Whether each token attends to those before it alone, as far as the class tells."""
    return "CausalLM" in type(module).__name__ or "LMHead" in type(module).__name__


def no_photos(name: str) -> ModelError:
    """The sentence for a model that is given a photo."""
    return ModelError("{name} reads text and no photos: record it with viz.record_text.", name=name)


def _positions(module: Any, config: Any) -> int:
    """How many tokens its positions are for; RoBERTa and its kin begin to count behind padding."""
    most = int(getattr(config, "max_position_embeddings", None) or ENDLESS)
    for part in module.modules():
        table = getattr(part, "position_embeddings", None)
        if isinstance(table, nn.Embedding) and table.padding_idx is not None:
            return most - table.padding_idx - 1
    return most
