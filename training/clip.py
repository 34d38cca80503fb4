"""Train `bundled-clip`, a small CLIP: `python -m training.clip`.

The vision tower starts as `bundled-vit` (run `python -m training.vit` first), the text tower from
nothing, and both learn together. Texts are captions, and labels put into templates. The CNN goes on
teaching the vision tower what it taught the ViT, on the same kinds of views. Nothing is taught of
where to look.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from timm.layers import set_fused_attn
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

from training import common, teacher, vit
from training.augment import MEAN, STD, centre_view
from training.common import Ema, Net, Phase, Run, Schedule
from training.data import Photos, held_out_captioned, label_of, training_photos, validation_photos
from training.loss import Loss, make_loss
from training.measures import recall_at
from training.recipe import ANEW, CLUTTER, PATCH, WHOLE, Recipe
from training.views import Batches
from training.vit import Optimisers, Student
from training.words import TEMPLATES, make_tokenizer, prompt, zero_shot_prompts

SIDE = vit.SIDE
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
VISION = {"hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 6}
TEXT = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 3}
PROJECTION = 192
SHARES = {"flickr8k": 0.25, "imagenette": 0.25, "imagenet-sample": 0.15}  # of the draws
RECIPE = Recipe(
    (Phase(3, 64), Phase(1.6, 96, 96), Phase(0.3, SIDE, 64)),
    (WHOLE, CLUTTER, WHOLE, ANEW),
    rate=0.6,
    shares=SHARES,
)
WORDS_ONLY = 256  # photos a step of which only the text is read, to be told from the others


class Towers(nn.Module):
    """Both towers while they learn; `clip.vision_model` stands by until the end."""

    def __init__(self, student: Student, clip: Net) -> None:
        super().__init__()
        self.student = student
        self.clip: Net = clip
        clip.vision_model.requires_grad_(False)

    def finished(self) -> Net:
        """The CLIP, with what the vision tower has learned copied into it."""
        start_from_vit(self.clip, self.student.vit.state_dict())
        return self.clip.eval()


@dataclass(frozen=True)
class Texts:
    """Gives each photo of a batch a text; photos of one label share one."""

    photos: Photos
    tokenizer: PreTrainedTokenizerFast
    weight: np.ndarray  # (n,) how often to draw each photo
    seed: int

    def __call__(self, index: np.ndarray, step: int) -> tuple[dict[str, Tensor], Tensor]:
        """The tokens of t different texts, and which of them each photo of `index` has, (b,).

        The t texts are those of `index` (b,) and of WORDS_ONLY more photos.
        """
        rng = np.random.default_rng((self.seed, step))
        more = rng.choice(len(self.photos), WORDS_ONLY, p=self.weight)
        spoken: dict[str | int, str] = {}  # label, or photo with captions -> this step's text
        texts: dict[str, int] = {}
        place = []
        for i in (*index.tolist(), *more.tolist()):
            name = label_of(self.photos.records[i]) or i
            if name not in spoken:
                spoken[name] = self._text(i, rng)
            place.append(texts.setdefault(spoken[name], len(texts)))
        own = torch.tensor(place[: len(index)], device=common.device())
        return tokenize(self.tokenizer, list(texts)), own

    def _text(self, i: int, rng: np.random.Generator) -> str:
        record = self.photos.records[i]
        label = label_of(record)
        return str(rng.choice(record["captions"])) if label is None else prompt(label, rng)


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

    From text to image, the probability is spread over all photos that the text belongs to; texts
    that belong to none take part only as what a photo does not show.
    """
    image, text = F.normalize(image.float(), dim=1), F.normalize(text.float(), dim=1)
    logits = scale.exp().clamp(max=50) * image @ text.T  # (b, t)
    belongs = F.one_hot(place, len(text)).float()
    owners = belongs.sum(0)  # (t,)
    to_text = F.cross_entropy(logits, place, label_smoothing=0.05)
    spread = -(belongs * logits.log_softmax(0)).sum(0) / owners.clamp_min(1)
    to_image = spread.sum() / (owners > 0).sum()
    return (to_text + to_image) / 2


def train(towers: Towers, ema: Ema, run: Run, batches: Batches, texts: Texts, taught: Loss) -> None:
    """One pass over the schedule: the contrast of photos and texts, and the CNN's teaching."""
    optimisers, clip = run.state["optimisers"], towers.clip
    see = torch.compile(towers.student, dynamic=False)
    for step, phase in run:
        batch = batches(step, phase)
        tokens, place = texts(batch.index, step)
        with common.autocast():
            out = see(batch.views, torch.tensor(batch.anew, device=common.device()))
            image = clip.visual_projection(out.cls)
            text = clip.text_projection(clip.text_model(**tokens).pooler_output)
        loss = contrast(image, text, place, clip.logit_scale) + taught(out, batch)
        optimisers.step(loss, batches.recipe.rate * run.schedule.rate(step))
        ema.update()
        run.report(loss.item())


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
    parser.add_argument("--teacher", type=Path, default=common.BUNDLED / "bundled-cnn")
    parser.add_argument("--start", type=Path, default=common.BUNDLED / "bundled-vit")
    options = parser.parse_args()
    set_fused_attn(False)  # as in `training.vit`
    torch.manual_seed(options.seed)
    photos = training_photos(options.data, options.cache)
    guide = teacher.load(options.teacher, photos, options.cache)
    tokenizer = make_tokenizer(photos)
    labels = json.loads((options.start / "config.json").read_text())["label_names"]
    tower = vit.build(len(labels))
    vit.start_from(tower, options.start)
    student = Student(tower, guide.features.shape[1]).to(common.device())
    towers = Towers(student, build(tokenizer, labels))
    ema = Ema(towers)
    phases = tuple(replace(phase, epochs=phase.epochs * options.epochs) for phase in RECIPE.phases)
    state = {"towers": towers, "average": ema.average, "optimisers": Optimisers(towers)}
    run = Run(Schedule(phases, len(photos)), state, options.checkpoint)
    ema.steps = run.start
    print(f"{len(photos)} photos, {len(tokenizer)} tokens, {run.schedule.total} steps", flush=True)
    weight = common.label_weights([label_of(r) or "" for r in photos.records])
    weight = common.source_weights(photos, weight, RECIPE.shares)
    target = vit.targets(photos, labels)
    batches = Batches(*common.photos_on_device(photos), target, weight, guide, RECIPE, options.seed)
    texts = Texts(photos, tokenizer, weight, options.seed)
    train(towers, ema, run, batches, texts, make_loss(guide, RECIPE))
    model = ema.average.finished()
    export(model, tokenizer, options.out)
    measure(model, tokenizer, options)


if __name__ == "__main__":
    main()
