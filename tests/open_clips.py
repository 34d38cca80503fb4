"""Small models of open_clip with random weights, as the repositories on the hub that hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import open_clip
import timm
import torch
from safetensors.torch import save
from timm.models import build_model_with_cfg, generate_default_cfgs
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from tests.checkpoints import Files

LONGEST, SIZE, PATCH, DIM = 12, 64, 16, 64
KNOWN = ["<pad>", "<unk>", "a", "cat", "two", "dogs", ",", "and", "photo", "<start>", "<end>"]
TEXT = {"context_length": LONGEST, "vocab_size": len(KNOWN), "width": 32, "heads": 4, "layers": 2}
LAST = {
    "no_causal_mask": True, "proj_bias": True, "pool_type": "last", "norm_kwargs": {"eps": 1e-6},
    "tokenizer_kwargs": {"clean": "canonicalize"},
}  # fmt: skip
VISION = {"image_size": SIZE, "layers": 2, "width": DIM, "patch_size": PATCH}
CONFIGS: dict[str, dict[str, Any]] = {
    "OpenAI's CLIP": {"quick_gelu": True, "text_cfg": TEXT},
    "CLIP": {"text_cfg": {**TEXT, "mlp_ratio": 3.7362}},
    "SigLIP": {"init_logit_bias": -10, "text_cfg": TEXT | LAST},
    "SigLIP 2": {
        "init_logit_bias": -10,
        "text_cfg": {**TEXT, **LAST, "act_kwargs": {"approximate": "tanh"}},
    },
}


TOWER = "vit_tiny_patch16_siglip_test"  # of timm, as small as a test needs
default_cfgs = generate_default_cfgs(
    {f"{TOWER}.untrained": {"input_size": (3, SIZE, SIZE), "num_classes": 0}}
)


@timm.models.register_model
def vit_tiny_patch16_siglip_test(pretrained: bool = False, **kwargs: Any) -> Any:
    """SigLIP's image tower, of two layers."""
    args = {
        "img_size": SIZE, "patch_size": PATCH, "embed_dim": DIM, "depth": 2, "num_heads": 2,
        "class_token": False, "global_pool": "map",
    }  # fmt: skip
    return build_model_with_cfg(
        VisionTransformer, TOWER, pretrained, pretrained_filter_fn=checkpoint_filter_fn,
        feature_cfg={"out_indices": 3, "feature_cls": "getter"}, **{**args, **kwargs},
    )  # fmt: skip


@dataclass(frozen=True)
class OpenClip:
    """A model, and the files of timm's image tower and of open_clip's both towers."""

    module: Any
    files: Files


def made(kind: str, **text: Any) -> OpenClip:
    """A model of `CONFIGS`; `text` are other fields of its text tower, which the config alone has.

    The image tower of a CLIP is open_clip's own, in timm's form as timm itself reads it; that of a
    SigLIP is one of timm's, which open_clip would run as it is.
    """
    torch.manual_seed(0)
    said = {"embed_dim": DIM, "vision_cfg": VISION, **CONFIGS[kind]}
    siglip = "SigLIP" in kind
    module = (open_clip.CustomTextCLIP if siglip else open_clip.CLIP)(**said).eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    args = {"img_size": SIZE, "embed_dim": DIM, "depth": 2, "num_heads": 1}
    name = "vit_base_patch16_siglip_224" if siglip else "vit_base_patch16_clip_224"
    image = timm.create_model(name, num_classes=0 if siglip else DIM, **args).eval()
    if not siglip:
        image.load_state_dict(checkpoint_filter_fn(dict(module.state_dict()), image))
    told = {"model_cfg": {**said, "text_cfg": {**said["text_cfg"], **text}}}
    config = {"architecture": name, "num_classes": image.num_classes, "model_args": args}
    config["pretrained_cfg"] = {
        "input_size": [3, SIZE, SIZE],
        "fixed_input_size": True,
        "num_classes": image.num_classes,
    }
    return OpenClip(module, {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": _saved(image),
        "open_clip_config.json": json.dumps(told).encode(),
        "open_clip_model.safetensors": _saved(module),
        **tokenizer_files(),
    })  # fmt: skip


def alone() -> OpenClip:
    """A SigLIP as its own repository holds it: open_clip's files, and none of timm's."""
    torch.manual_seed(0)
    vision = {
        "image_size": SIZE, "timm_model_name": TOWER, "timm_pool": "map", "timm_proj": "none",
    }  # fmt: skip
    said = {"embed_dim": DIM, "vision_cfg": vision, **CONFIGS["SigLIP"]}
    module = open_clip.CustomTextCLIP(**said).eval()
    return OpenClip(module, {
        "open_clip_config.json": json.dumps({"model_cfg": said}).encode(),
        "open_clip_model.safetensors": _saved(module),
        **tokenizer_files(),
    })  # fmt: skip


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, in small letters; every word that it does not know is the same."""
    model = WordLevel({word: i for i, word in enumerate(KNOWN)}, unk_token="<unk>")
    found = Tokenizer(model)
    found.normalizer = normalizers.Lowercase()
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    start, end = ((word, KNOWN.index(word)) for word in ("<start>", "<end>"))
    found.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[start, end]
    )
    return PreTrainedTokenizerFast(tokenizer_object=found, unk_token="<unk>", pad_token="<pad>")


def tokenizer_files() -> Files:
    """The tokenizer as its repository holds it."""
    how = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "unk_token": "<unk>"}
    return {
        "tokenizer.json": tokenizer().backend_tokenizer.to_str().encode(),
        "tokenizer_config.json": json.dumps(how).encode(),
    }


def _saved(module: torch.nn.Module) -> bytes:
    return save({key: value.contiguous() for key, value in module.state_dict().items()})
