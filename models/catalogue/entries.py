"""The models that Heedmap offers: one frozen entry each, data only.

Sizes and parameter counts are those of the files on the hub: of the whole checkpoint, so of both
towers of a CLIP, and of a Vision Transformer without the head that it does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedmap.languages import Phrase
from heedmap.models.capabilities import Can

VIT = frozenset({"attention"})
CLASSIFYING_VIT = frozenset({"attention", "logits"})
CLIP = frozenset({"attention", "contrastive", "text"})
CNN = frozenset({"convolutions", "logits"})
TEXT = frozenset({"text"})

BUNDLED = Path(__file__).parent.parent / "bundled"

GROUPS = (
    "Bundled",
    "Own folder",
    "DINO",
    "DINOv2",
    "DINOv3",
    "CLIP",
    "ConvNets",
    "Encoders",
    "Decoders",
    "Hub",
)

APACHE, MIT, BSD = "apache-2.0", "mit", "bsd-3-clause"


@dataclass(frozen=True)
class Model:
    """Everything that is known of a checkpoint before it is loaded.

    Attributes:
        id: the short name that links and `models.load` use.
        title: its name for people.
        can: what it can do, as far as that is known before it is loaded; see `capabilities`.
        library: what builds it: "timm", "transformers", or "own", a factory in model.toml.
        architecture: the name of the architecture in timm, or the class in Transformers; "" where
            the checkpoint's own config.json says it.
        repo: "owner/name" on the hub, "" for a folder on disk.
        revision: branch, commit or pull request that carries the safetensors file.
        licence: identifier of the licence of the weights.
        download_bytes: size of the weights file; 0 where it is not known yet.
        parameters: number of weights; 0 where it is not known yet.
        size: short side that the model is shown by default, px; 0 for the checkpoint's own, and for
            a language model.
        gated: whether the licence has to be accepted on the hub first.
        folder: where the files are, None for a model from the hub.
        weights: name of the weights file.
        bundled: whether it ships with the project.
        pasted: whether it is not a model of the catalogue but an id of the hub that somebody gave.
        note: what one should know before choosing it, one sentence or "".
        group: what it is, or whose: one of `GROUPS`, in whose order models are listed.
    """

    id: str
    title: str
    can: Can
    library: str
    architecture: str = ""
    repo: str = ""
    revision: str = "main"
    licence: str = ""
    download_bytes: int = 0
    parameters: int = 0
    size: int = 0
    gated: bool = False
    folder: Path | None = None
    weights: str = "model.safetensors"
    bundled: bool = False
    pasted: bool = False
    note: str = ""
    group: str = "Hub"


def contrastive(name: str) -> bool:
    """Whether an architecture of timm or a model type of Transformers is a CLIP's by its name."""
    return "clip" in name or "siglip" in name


def reads_text(said: dict[str, Any]) -> bool:
    """Whether a config.json of Transformers is a language model's by its names."""
    named = (said.get("architectures") or [""])[0]
    family = ("bert", "gpt", "llama", "qwen", "gemma", "electra", "mistral")
    plain = not contrastive(str(said.get("model_type", "")))
    return plain and (
        str(named).endswith(("ForMaskedLM", "ForCausalLM", "LMHeadModel"))
        or any(part in str(said.get("model_type", "")) for part in family)
    )


def _bundled(id: str, title: str, can: Can, library: str, size: int = 128) -> Model:
    return Model(
        id, title, can, library, licence=APACHE, size=size, folder=BUNDLED / id,
        bundled=True, group="Bundled",
        note=Phrase("Small, trained for this project: ready at once, no match for the large ones."),
    )  # fmt: skip


def _timm(
    id: str,
    title: str,
    can: Can,
    architecture: str,
    megabytes: float,
    parameters: int,
    group: str,
    size: int = 224,
    licence: str = APACHE,
    note: str = "",
) -> Model:
    return Model(
        id, title, can, "timm", architecture, f"timm/{architecture}", licence=licence,
        download_bytes=round(megabytes * 1e6), parameters=parameters, size=size, note=note,
        group=group,
    )  # fmt: skip


def _dino(id: str, name: str, architecture: str, megabytes: float, parameters: int) -> Model:
    architecture = f"vit_{architecture}_224.dino"
    return _timm(id, f"DINO ViT-{name}", VIT, architecture, megabytes, parameters, "DINO")


def _dinov2(id: str, name: str, architecture: str, megabytes: float, parameters: int) -> Model:
    registers = " with registers" if "reg4" in architecture else ""
    without = Phrase("Without registers: a few patches of plain background outshine all.")
    return _timm(
        id, f"DINOv2 ViT-{name}/14{registers}", VIT, f"vit_{architecture}.lvd142m", megabytes,
        parameters, "DINOv2", size=518, note="" if registers else without,
    )  # fmt: skip


def _dinov3(id: str, name: str, architecture: str, megabytes: float, parameters: int) -> Model:
    return _timm(
        id,
        f"DINOv3 ViT-{name}/16",
        VIT,
        architecture,
        megabytes,
        parameters,
        "DINOv3",
        size=256,
        licence="dinov3-license",
        note=Phrase(
            "Under Meta's DINOv3 licence, which has conditions of its own: read it before use."
        ),
    )


def _clip(
    id: str, name: str, repo: str, megabytes: float, parameters: int, size: int, revision: str
) -> Model:
    # Some of these repositories keep only pickled weights on their main branch: the revision is
    # then a pull request with the safetensors, or `files.download` finds the hub's own conversion.
    return Model(
        id,
        f"CLIP ViT-{name}",
        CLIP,
        "transformers",
        "CLIPModel",
        repo,
        revision,
        MIT,
        round(megabytes * 1e6),
        parameters,
        size,
        note=Phrase(
            "The hub's card names no licence; OpenAI released the model with its code under MIT."
        ),
        group="CLIP",
    )


def _convnet(
    id: str, title: str, architecture: str, megabytes: float, parameters: int, licence: str = APACHE
) -> Model:
    return _timm(
        id, title, CNN, architecture, megabytes, parameters, "ConvNets", licence=licence
    )  # fmt: skip


def _text(
    id: str, title: str, repo: str, megabytes: float, parameters: int, group: str,
    licence: str = APACHE, gated: bool = False, note: str = "",
) -> Model:  # fmt: skip
    return Model(
        id, title, TEXT, "transformers", repo=repo, licence=licence, gated=gated, note=note,
        download_bytes=round(megabytes * 1e6), parameters=parameters, group=group,
    )  # fmt: skip


CATALOGUE: tuple[Model, ...] = (
    _bundled("bundled-vit", "Heedmap ViT/8 at 128 px", CLASSIFYING_VIT, "timm"),
    _bundled("bundled-vit-reg", "Heedmap ViT/8 with registers", CLASSIFYING_VIT, "timm"),
    _bundled("bundled-clip", "Heedmap CLIP at 128 px", CLIP, "transformers"),
    _bundled("bundled-cnn", "Heedmap ResNet at 128 px", CNN, "timm"),
    _bundled("bundled-bert", "Heedmap BERT", TEXT, "transformers", size=0),
    _dino("dino-vits16", "S/16", "small_patch16", 86.7, 21_665_664),
    _dino("dino-vits8", "S/8", "small_patch8", 86.7, 21_670_272),
    _dino("dino-vitb16", "B/16", "base_patch16", 343.2, 85_798_656),
    _dino("dino-vitb8", "B/8", "base_patch8", 343.2, 85_807_872),
    _dinov2("dinov2-vits14", "S", "small_patch14_dinov2", 88.2, 22_056_192),
    _dinov2("dinov2-vits14-reg", "S", "small_patch14_reg4_dinov2", 88.2, 22_057_344),
    _dinov2("dinov2-vitb14", "B", "base_patch14_dinov2", 346.3, 86_579_712),
    _dinov2("dinov2-vitb14-reg", "B", "base_patch14_reg4_dinov2", 346.3, 86_582_016),
    _dinov2("dinov2-vitl14", "L", "large_patch14_dinov2", 1217.5, 304_367_616),
    _dinov2("dinov2-vitl14-reg", "L", "large_patch14_reg4_dinov2", 1217.5, 304_370_688),
    _dinov3("dinov3-vits16", "S", "vit_small_patch16_dinov3.lvd1689m", 86.4, 21_586_944),
    _dinov3("dinov3-vitb16", "B", "vit_base_patch16_dinov3.lvd1689m", 342.6, 85_641_216),
    _clip(
        "clip-vit-b32",
        "B/32",
        "openai/clip-vit-base-patch32",
        605.2,
        151_277_313,
        224,
        "refs/pr/15",
    ),
    _clip("clip-vit-b16", "B/16", "openai/clip-vit-base-patch16", 598.6, 149_620_737, 224, "main"),
    _clip(
        "clip-vit-l14", "L/14", "openai/clip-vit-large-patch14", 1710.5, 427_616_513, 224, "main"
    ),
    _clip(
        "clip-vit-l14-336",
        "L/14 at 336 px",
        "openai/clip-vit-large-patch14-336",
        1711.9,
        427_944_193,
        336,
        "main",
    ),
    _convnet("resnet18", "ResNet-18", "resnet18.a1_in1k", 46.8, 11_689_512),
    _convnet("resnet50", "ResNet-50", "resnet50.a1_in1k", 102.5, 25_557_032),
    _convnet("convnext-tiny", "ConvNeXt-T", "convnext_tiny.fb_in1k", 114.4, 28_589_128),
    _convnet("efficientnet-b0", "EfficientNet-B0", "efficientnet_b0.ra_in1k", 21.4, 5_288_548),
    _convnet("vgg16", "VGG-16", "vgg16.tv_in1k", 553.4, 138_357_544, licence=BSD),
    _convnet(
        "mobilenetv3-large", "MobileNetV3-Large", "mobilenetv3_large_100.ra_in1k", 22.1, 5_483_032
    ),
    _text(
        "bert-base",
        "BERT base, uncased",
        "google-bert/bert-base-uncased",
        440.4,
        110_106_428,
        "Encoders",
    ),
    _text(
        "bert-multilingual",
        "BERT base, 104 languages",
        "google-bert/bert-base-multilingual-cased",
        714.3,
        178_566_653,
        "Encoders",
    ),
    _text(
        "distilbert",
        "DistilBERT base, uncased",
        "distilbert/distilbert-base-uncased",
        268.0,
        66_985_530,
        "Encoders",
    ),
    _text(
        "roberta-base",
        "RoBERTa base",
        "FacebookAI/roberta-base",
        498.8,
        124_697_947,
        "Encoders",
        MIT,
    ),
    _text(
        "modernbert-base",
        "ModernBERT base",
        "answerdotai/ModernBERT-base",
        598.6,
        149_655_232,
        "Encoders",
        note=Phrase("Two of three layers attend to 64 tokens on each side alone."),
    ),
    _text(
        "minilm",
        "MiniLM-L6, for sentences",
        "sentence-transformers/all-MiniLM-L6-v2",
        90.9,
        22_713_728,
        "Encoders",
    ),
    _text("gpt2", "GPT-2", "openai-community/gpt2", 548.1, 137_022_720, "Decoders", MIT),
    _text("distilgpt2", "DistilGPT-2", "distilbert/distilgpt2", 352.8, 88_204_032, "Decoders"),
    _text(
        "smollm2-135m", "SmolLM2 135M", "HuggingFaceTB/SmolLM2-135M", 269.1, 134_515_008, "Decoders"
    ),
    _text(
        "smollm2-360m", "SmolLM2 360M", "HuggingFaceTB/SmolLM2-360M", 723.7, 361_821_120, "Decoders"
    ),
    _text("qwen25-500m", "Qwen2.5 0.5B", "Qwen/Qwen2.5-0.5B", 988.1, 494_032_768, "Decoders"),
    _text("qwen3-600m", "Qwen3 0.6B", "Qwen/Qwen3-0.6B-Base", 1192.1, 596_049_920, "Decoders"),
    _text(
        "llama32-1b",
        "Llama 3.2 1B",
        "meta-llama/Llama-3.2-1B",
        2471.6,
        1_235_814_400,
        "Decoders",
        "llama3.2",
        gated=True,
        note=Phrase(
            "Under Meta's Llama 3.2 licence, which has conditions of its own: read it first."
        ),
    ),
    _text(
        "gemma-3-270m",
        "Gemma 3 270M",
        "google/gemma-3-270m",
        536.2,
        268_098_176,
        "Decoders",
        "gemma",
        gated=True,
        note=Phrase(
            "Under Google's Gemma terms, which have conditions of their own: read them first."
        ),
    ),
)
