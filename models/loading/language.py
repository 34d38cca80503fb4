"""What language models of Transformers need besides their weights: a class, and a tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedmap.errors import CheckpointError

if TYPE_CHECKING:
    from heedmap.models.catalogue.entries import Model

HEADS = ("ForMaskedLM", "ForCausalLM", "LMHeadModel")  # of classes that guess words


def attention(kind: Any, folder: Path) -> str:
    """How a class of Transformers computes its attention: fused, where it can do so rightly.

    DeBERTa cannot; Gemma 2 caps its scores, which the fused call leaves out.
    """
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_MAPPING

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not hasattr(kind, "_supports_sdpa"):  # AutoModel, which stands for another
        found = MODEL_MAPPING.get(type(config), kind)
        kind = found[0] if isinstance(found, tuple) else found
    capped = getattr(config.get_text_config(), "attn_logit_softcapping", None)
    return "sdpa" if getattr(kind, "_supports_sdpa", True) and not capped else "eager"


def tokenizer(model: Model, folder: Path) -> Any:
    """The tokenizer in the folder of a checkpoint; the hub is not asked.

    Raises:
        CheckpointError: there is none that can be loaded.
    """
    from heedmap.models.adapter.text import beside
    from heedmap.models.loading.build import reason

    try:
        return beside(str(folder))
    except Exception as error:  # any error of a library
        raise CheckpointError(
            "The tokenizer of {title} cannot be loaded ({error}): copy its tokenizer.json "
            "beside the weights, or choose another checkpoint.",
            title=model.title,
            error=reason(error),
        ) from error
