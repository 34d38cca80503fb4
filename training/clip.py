"""Train `bundled-clip`, a small CLIP: `python -m training.clip`.

The vision tower starts as `bundled-vit` (run `python -m training.vit` first) and stands still while
the text tower learns to name what it sees (as in LiT, Zhai et al. 2022, arXiv 2111.07991). Texts
are captions, and labels put into templates.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

from training import common
from training.augment import MEAN, STD, Crops, centre_view
from training.common import Net, Phase, Run, Schedule
from training.data import Photos, held_out_captioned, label_of, training_photos, validation_photos
from training.words import TEMPLATES, make_tokenizer, prompt, zero_shot_prompts

SIDE, PATCH = 128, 8
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
VISION = {"hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 6}
TEXT = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 3}
PROJECTION = 192
PHASES = (Phase(16, SIDE, 384),)  # the vision tower stands still: a step costs little
PER_LABEL = 200  # at most so many photos of a label
VIEWS = 1  # random crops of each photo whose features the text tower learns from
CAPTIONED_SHARE = 0.3  # of a batch
RATE, WEIGHT_DECAY = 1e-3, 0.1


@dataclass(frozen=True)
class Texts:
    """Draws batches of photos and one text for each; photos of one label share a text."""

    photos: Photos
    tokenizer: PreTrainedTokenizerFast
    captioned: np.ndarray  # indices of photos with captions
    labelled: np.ndarray  # indices of photos with a label
    weight: np.ndarray  # how often to draw each of those

    def draw(
        self, batch: int, step: int, seed: int
    ) -> tuple[np.ndarray, dict[str, Tensor], Tensor]:
        """Indices (b,), the tokens of t different texts, and each photo's text (b,)."""
        rng = np.random.default_rng((seed, step))
        few = round(batch * CAPTIONED_SHARE)
        some = common.draw(self.weight, batch - few, step, seed)
        captioned = rng.choice(self.captioned, few, replace=few > len(self.captioned))
        index = np.concatenate([captioned, self.labelled[some]])
        texts: dict[str, int] = {}
        drawn: dict[str, str] = {}  # label -> this step's text
        place = [texts.setdefault(self._text(i, drawn, rng), len(texts)) for i in index]
        tokens = tokenize(self.tokenizer, list(texts))
        return index, tokens, torch.tensor(place, device=common.device())

    def _text(self, i: int, drawn: dict[str, str], rng: np.random.Generator) -> str:
        record = self.photos.records[i]
        label = label_of(record)
        if label is None:
            return str(rng.choice(record["captions"]))
        return drawn.setdefault(label, prompt(label, rng))


def make_texts(photos: Photos, tokenizer: PreTrainedTokenizerFast) -> Texts:
    """Sort the photos into captioned and labelled ones."""
    has_label = np.array([label_of(r) is not None for r in photos.records])
    names = [label for r in photos.records if (label := label_of(r)) is not None]
    weight = common.label_weights(names)
    captioned, labelled = np.flatnonzero(~has_label), np.flatnonzero(has_label)
    return Texts(photos, tokenizer, captioned, labelled, weight)


def tokenize(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> dict[str, Tensor]:
    """input_ids and attention_mask, each (t, longest)."""
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    return {name: tokens[name].to(common.device()) for name in ("input_ids", "attention_mask")}


def build(tokenizer: PreTrainedTokenizerFast, labels: list[str]) -> Net:
    """The untrained model; labels and templates for zero-shot use travel in its config."""
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    shared = {"hidden_act": "gelu", "layer_norm_eps": 1e-6, "projection_dim": PROJECTION}
    config = CLIPConfig(
        text_config={
            **TEXT, **shared, **ids,
            "num_attention_heads": 4,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": tokenizer.model_max_length,
        },
        vision_config={
            **VISION, **shared,
            "num_attention_heads": 6,
            "image_size": SIDE,
            "patch_size": PATCH,
        },
        projection_dim=PROJECTION,
        label_names=labels,
        templates=list(TEMPLATES),
    )  # fmt: skip
    return CLIPModel(config).to(common.device())


@torch.no_grad()
def start_from_vit(model: Net, vit: dict[str, Tensor]) -> None:
    """Copy a timm ViT (pre_norm, no patch bias) into the vision tower; the function is the same.

    CLIP's pixels are normalised otherwise than the ViT's; the patch projection takes up the
    scale, the position embeddings of the patches take up the shift.
    """
    tower = model.vision_model
    scale = torch.tensor(CLIP_STD) / torch.tensor(STD)
    shift = (torch.tensor(CLIP_MEAN) - torch.tensor(MEAN)) / torch.tensor(STD)
    kernel = vit["patch_embed.proj.weight"]  # (dim, 3, 8, 8)
    place = vit["pos_embed"][0].clone()  # (1 + patches, dim)
    place[1:] += torch.einsum("dchw,c->d", kernel, shift)
    tower.embeddings.patch_embedding.weight.copy_(kernel * scale.view(1, 3, 1, 1))
    tower.embeddings.class_embedding.copy_(vit["cls_token"][0, 0])
    tower.embeddings.position_embedding.weight.copy_(place)
    for mine, theirs in (("pre_layrnorm", "norm_pre"), ("post_layernorm", "norm")):
        copy_layer(getattr(tower, mine), vit, theirs)
    for i, layer in enumerate(tower.encoder.layers):
        copy_block(layer, vit, f"blocks.{i}")


def copy_block(layer: Net, vit: dict[str, Tensor], name: str) -> None:
    """One transformer block, its joined query, key and value taken apart."""
    attention = layer.self_attn
    weights = vit[f"{name}.attn.qkv.weight"].chunk(3)
    biases = vit[f"{name}.attn.qkv.bias"].chunk(3)
    for part, weight, bias in zip("qkv", weights, biases, strict=True):
        getattr(attention, f"{part}_proj").weight.copy_(weight)
        getattr(attention, f"{part}_proj").bias.copy_(bias)
    copy_layer(attention.out_proj, vit, f"{name}.attn.proj")
    copy_layer(layer.layer_norm1, vit, f"{name}.norm1")
    copy_layer(layer.layer_norm2, vit, f"{name}.norm2")
    copy_layer(layer.mlp.fc1, vit, f"{name}.mlp.fc1")
    copy_layer(layer.mlp.fc2, vit, f"{name}.mlp.fc2")


def copy_layer(layer: Net, vit: dict[str, Tensor], name: str) -> None:
    layer.weight.copy_(vit[f"{name}.weight"])
    layer.bias.copy_(vit[f"{name}.bias"])


def as_clip(views: Tensor) -> Tensor:
    """From the ViT's normalisation to CLIP's."""
    mean, std = (torch.tensor(v, device=views.device).view(1, 3, 1, 1) for v in (MEAN, STD))
    theirs, scale = (
        torch.tensor(v, device=views.device).view(1, 3, 1, 1) for v in (CLIP_MEAN, CLIP_STD)
    )
    return (views * std + mean - theirs) / scale


def contrast(image: Tensor, text: Tensor, place: Tensor, scale: Tensor) -> Tensor:
    """CLIP's loss with shared texts: image (b, d), text (t, d), each image's text `place` (b,).

    From text to image, the probability is spread over all photos that the text belongs to.
    """
    image, text = F.normalize(image.float(), dim=1), F.normalize(text.float(), dim=1)
    logits = scale.exp().clamp(max=50) * image @ text.T  # (b, t)
    belongs = F.one_hot(place, len(text)).float()
    wanted = belongs / belongs.sum(0, keepdim=True)
    to_text = F.cross_entropy(logits, place, label_smoothing=0.05)
    to_image = -(wanted * logits.log_softmax(0)).sum(0).mean()
    return (to_text + to_image) / 2


@torch.inference_mode()
def features(model: Net, photos: Photos, views: int, seed: int) -> Tensor:
    """Pooled features (views, n, dim) of random crops, before the projection."""
    model.eval()
    crops = Crops(SIDE, area=(0.5, 1.0), colour=0.2, grey=0.0)
    out = torch.empty(views, len(photos), model.config.vision_config.hidden_size)
    torch.manual_seed(seed)
    for start in range(0, len(photos), 128):
        some = photos.subset(range(start, min(start + 128, len(photos))))
        pixels, aspect = common.photos_on_device(some)
        for view in range(views):
            with common.autocast():
                pooled = model.vision_model(as_clip(crops(pixels, aspect))).pooler_output
            out[view, start : start + len(some)] = pooled.float()
    return out.to(common.device())


def train(model: Net, texts: Texts, seen: Tensor, run: Run, seed: int) -> None:
    """The text tower and both projections learn; `seen` (views, n, dim) stands still."""
    adam = run.state["optimiser"]
    for step, phase in run:
        torch.manual_seed(seed * 1_000_003 + step)
        index, tokens, place = texts.draw(phase.batch, step, seed)
        view = torch.randint(len(seen), (len(index),))
        pooled = seen[view, torch.from_numpy(index)]
        pooled = pooled + 0.1 * pooled.std(0) * torch.randn_like(pooled)
        with common.autocast():
            image = model.visual_projection(pooled)
            text = model.text_projection(model.text_model(**tokens).pooler_output)
        loss = contrast(image, text, place, model.logit_scale)
        descend(adam, loss, RATE * run.schedule.rate(step))
        run.report(loss.item())


def descend(adam: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """One update at a learning rate."""
    adam.param_groups[0]["lr"] = rate
    adam.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    adam.step()


@torch.inference_mode()
def embed_photos(model: Net, photos: Photos) -> Tensor:
    """Unit vectors (n, PROJECTION) of evaluation views."""
    model.eval()
    parts = []
    for start in range(0, len(photos), 128):
        some = photos.subset(range(start, min(start + 128, len(photos))))
        views = as_clip(centre_view(*common.photos_on_device(some), SIDE))
        parts.append(model.visual_projection(model.vision_model(views).pooler_output))
    return F.normalize(torch.cat(parts), dim=1)


@torch.inference_mode()
def embed_texts(model: Net, tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """Unit vectors (t, PROJECTION)."""
    model.eval()
    pooled = model.text_model(**tokenize(tokenizer, texts)).pooler_output
    return F.normalize(model.text_projection(pooled), dim=1)


def measure(model: Net, tokenizer: PreTrainedTokenizerFast, options: common.Options) -> None:
    """Print zero-shot accuracy on imagenette's val split and retrieval on held-out captions."""
    photos = validation_photos(options.data, options.cache).of_source("imagenette")
    labels = sorted({r["label"] for r in photos.records})
    names = torch.stack(
        [embed_texts(model, tokenizer, zero_shot_prompts(n)).mean(0) for n in labels]
    )
    known = torch.tensor([labels.index(r["label"]) for r in photos.records])
    right = ((embed_photos(model, photos) @ names.T).argmax(1).cpu() == known).float().mean()
    pairs = held_out_captioned(options.data, options.cache)
    captions = embed_texts(model, tokenizer, [r["captions"][0] for r in pairs.records])
    alike = embed_photos(model, pairs) @ captions.T
    recall = [recall_at(m, 10) for m in (alike, alike.T)]
    print(f"imagenette val zero-shot top-1 {right.item():.3f}", flush=True)
    print(f"recall@10 to caption {recall[0]:.3f}, to photo {recall[1]:.3f}", flush=True)


def recall_at(alike: Tensor, k: int) -> float:
    """Share of rows whose own column is among the k best."""
    best = alike.topk(k, dim=1).indices
    own = torch.arange(len(alike), device=alike.device)[:, None]
    return (best == own).any(1).float().mean().item()


def export(model: Net, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write the Transformers folder."""
    out.mkdir(parents=True, exist_ok=True)
    model.config.architectures, model.config.dtype = ["CLIPModel"], "float16"
    model.config.save_pretrained(out)
    common.save_half(model, out / "model.safetensors")
    tokenizer.save_pretrained(out)
    preprocessor = {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True, "size": {"shortest_edge": SIDE}, "resample": 3,
        "do_center_crop": True, "crop_size": {"height": SIDE, "width": SIDE},
        "do_rescale": True, "rescale_factor": 1 / 255, "do_convert_rgb": True,
        "do_normalize": True, "image_mean": list(CLIP_MEAN), "image_std": list(CLIP_STD),
    }  # fmt: skip
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def main() -> None:
    parser = common.arguments(__doc__, "bundled-clip")
    parser.add_argument("--vit", type=Path, default=common.BUNDLED / "bundled-vit")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    photos = capped(training_photos(options.data, options.cache))
    tokenizer = make_tokenizer(photos)
    labels = json.loads((options.vit / "config.json").read_text())["label_names"]
    model = build(tokenizer, labels)
    vit = load_file(options.vit / "model.safetensors")
    start_from_vit(model, {name: value.float() for name, value in vit.items()})
    texts = make_texts(photos, tokenizer)
    seen = features(model, photos, VIEWS, options.seed)
    model.train()
    model.vision_model.requires_grad_(False)
    adam = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], weight_decay=WEIGHT_DECAY
    )
    phases = tuple(Phase(p.epochs * options.epochs, p.side, p.batch) for p in PHASES)
    state = {"model": model, "optimiser": adam}
    run = Run(Schedule(phases, len(photos)), state, options.checkpoint)
    print(f"{len(photos)} photos, {len(tokenizer)} tokens, {run.schedule.total} steps", flush=True)
    train(model, texts, seen, run, options.seed)
    export(model, tokenizer, options.out)
    measure(model, tokenizer, options)


def capped(photos: Photos) -> Photos:
    """The first PER_LABEL photos of every label, and all with captions."""
    seen: Counter[str | None] = Counter()
    keep = []
    for i, record in enumerate(photos.records):
        label = label_of(record)
        seen[label] += 1
        if label is None or seen[label] <= PER_LABEL:
            keep.append(i)
    return photos.subset(keep)


if __name__ == "__main__":
    main()
