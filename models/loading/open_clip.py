"""What open_clip's config says of a model of both towers, and what of it can be built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from heedmap.errors import short
from heedmap.languages import Phrase
from heedmap.models.catalogue import local
from heedmap.models.catalogue.entries import Model, contrastive
from heedmap.models.files import download

Said = dict[str, Any]

# What the config of a text tower may name; any other field that is set makes it another tower.
READ = {
    "context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "act_kwargs",
    "norm_kwargs", "no_causal_mask", "pool_type", "proj_bias", "proj_type", "pad_id", "eos_id",
    "hf_tokenizer_name", "tokenizer_kwargs",
}  # fmt: skip
KINDS = {(False, "argmax", False): "clip", (True, "last", True): "siglip"}  # see `_how`
CLEANED = ("whitespace", "lower", "canonicalize")


def config(model: Model, folder: Path | None = None) -> Said:
    """What open_clip's config says of both towers, {} where there is none.

    The hub is asked for it where the model itself is not on this machine yet.

    Raises:
        CheckpointError: a file that cannot be read.
    """
    folder = folder or model.folder or download.cached(model)
    if folder is None:
        found = download.optional(model, download.OPEN_CLIP)
        folder = found.parent if found else None
    said = local.json_object(folder, download.OPEN_CLIP).get("model_cfg") if folder else None
    return said if isinstance(said, dict) and isinstance(said.get("text_cfg"), dict) else {}


def alone(model: Model) -> Model | None:
    """The record of a repository that holds open_clip's files and no others, None where it cannot
    be built: its image tower has to be one of timm's, which timm takes out of weights of both."""
    name = (config(model).get("vision_cfg") or {}).get("timm_model_name")
    if not name:
        return None
    return replace(model, library="timm", architecture=str(name), weights=download.BOTH_TOWERS)


def image_arguments(model: Model, folder: Path) -> dict[str, Any]:
    """What timm has to be told of an image tower of OpenAI's: its config on the hub leaves out
    that it was trained with a quick GELU.

    Raises:
        CheckpointError: a config that cannot be read.
    """
    name = model.architecture or str(local.config(folder).get("architecture", ""))
    said = config(model, folder) if contrastive(name) else {}
    of_open_clip = "layers" in (said.get("vision_cfg") or {})  # else it names one of timm's
    return {"act_layer": "quick_gelu"} if of_open_clip and said.get("quick_gelu") else {}


def kind(said: Said) -> str:
    """Which class of Transformers its text tower is: "clip" or "siglip"."""
    return KINDS[_how(said["text_cfg"])]


def lacking(said: Said) -> Phrase | None:
    """What of a text tower cannot be built, None where all can."""
    text = said["text_cfg"]
    other = next((key for key, value in text.items() if value and key not in READ), None)
    how = text.get("tokenizer_kwargs") or {}
    if other:
        return _cannot(other, text[other])
    if _how(text) not in KINDS:
        return _cannot("no_causal_mask, pool_type, proj_bias", _how(text))
    if text.get("proj_type", "linear") != "linear":
        return _cannot("proj_type", text["proj_type"])
    if set(how) - {"clean"} or how.get("clean", CLEANED[0]) not in CLEANED:
        return _cannot("tokenizer_kwargs", how)
    return None


def text_config(said: Said) -> dict[str, Any]:
    """The same for Transformers, with open_clip's own defaults."""
    text = said["text_cfg"]
    width = int(text.get("width", 512))
    tanh = (text.get("act_kwargs") or {}).get("approximate") == "tanh"
    act = "gelu_pytorch_tanh" if tanh else "gelu"
    return {
        "hidden_size": width,
        "intermediate_size": int(width * text.get("mlp_ratio", 4.0)),
        "num_hidden_layers": int(text.get("layers", 12)),
        "num_attention_heads": int(text.get("heads", 8)),
        "vocab_size": int(text.get("vocab_size", 49408)),
        "max_position_embeddings": int(text.get("context_length", 77)),
        "hidden_act": "quick_gelu" if said.get("quick_gelu") else act,
        "layer_norm_eps": (text.get("norm_kwargs") or {}).get("eps", 1e-5),
        "bos_token_id": 0,
        "eos_token_id": 2,  # with this one CLIP reads the largest token, as open_clip does
        "pad_token_id": 1,
    }


def _how(text: Said) -> tuple[bool, str, bool]:
    """Whether tokens attend to later ones, which of them is read, and a bias in the projection."""
    pool = str(text.get("pool_type", "argmax"))
    return bool(text.get("no_causal_mask")), pool, bool(text.get("proj_bias"))


def _cannot(key: str, value: Any) -> Phrase:
    return Phrase(
        "open_clip's config asks for {key}={value} in it, which Heedmap cannot build",
        key=key,
        value=short(value),
    )
