"""Train `bundled-vit`, a small vision transformer with patch 8: `python -m training.vit`.

With `--registers 4` it trains `bundled-vit-reg`, which starts from `bundled-vit` and learns on with
four register tokens (Darcet et al. 2023, arXiv 2309.16588).

A transformer learns slowly from few photos; a CNN does not. So `bundled-cnn` teaches it (run
`python -m training.cnn` first) what each crop of a photo shows (its class probabilities, beside the
label) and what every patch shows (its dense features). Where to look is taught by nothing: it is
what a ViT finds that has to tell a crop from the clutter around it (`training.views`). No masks or
boxes are used anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from timm.layers import set_fused_attn
from torch import Tensor, nn

from training import cnn, common, teacher
from training.augment import centre_view
from training.common import Ema, Net, Phase, Run, Schedule
from training.data import Photos, label_of, training_photos, validation_photos
from training.loss import UNKNOWN, Loss, Output, make_loss
from training.measures import nearest_neighbours
from training.recipe import ANEW, CLUTTER, MOSAIC, PATCH, WHOLE, Recipe
from training.views import Batches

ARCHITECTURE = "vit_tiny_patch16_224"
MODEL_ARGS = {
    "img_size": 128,
    "patch_size": 8,
    "embed_dim": 192,
    "depth": 6,
    "num_heads": 6,
    "pre_norm": True,  # as in CLIP, so that `training.clip` can start from these weights
    "dynamic_img_size": True,
}
SIDE = 128
MATRIX_RATE, OTHER_RATE, WEIGHT_DECAY = 2e-3, 1e-3, 0.05
RESTART = 2  # layers from the end, before which CLS starts anew

VIEWS = (WHOLE, CLUTTER, MOSAIC, ANEW, WHOLE, ANEW)
SHARES = {"flickr8k": 0.08, "imagenet-sample": 0.08}  # scenes
# Steps times batch over 24,716 photos: 1,500, 800 and 120 steps.
FROM_SCRATCH = Recipe(
    (Phase(7.77, 64), Phase(3.11, 96, 96), Phase(0.31, 128, 64)), VIEWS, shares=SHARES
)
WITH_REGISTERS = Recipe(  # after that
    (Phase(0.93, 96, 96), Phase(0.21, 128, 64)), VIEWS, rate=0.5, shares=SHARES
)


class Student(nn.Module):
    """The ViT with a linear layer that speaks the teacher's language; only the ViT is kept."""

    def __init__(self, vit: Net, channels: int) -> None:
        super().__init__()
        self.vit: Net = vit
        self.to_teacher = nn.Linear(vit.embed_dim, channels)

    def forward(self, views: Tensor, anew: Tensor) -> Output:
        """(b, 3, H, W) normalised -> Output.

        Where `anew` () is true, CLS starts anew before the last layers. A tensor, so that one
        compiled graph serves both.
        """
        vit, prefix = self.vit, self.vit.num_prefix_tokens
        begun = vit._pos_embed(vit.patch_embed(views))
        tokens = vit.norm_pre(begun)
        for index, block in enumerate(vit.blocks):
            if index == len(vit.blocks) - RESTART:
                cls = torch.where(anew, begun[:, :1], tokens[:, :1])
                tokens = torch.cat([cls, tokens[:, 1:]], dim=1)
            tokens = block(tokens)
        tokens = vit.norm(tokens)
        cls, patches = tokens[:, 0], tokens[:, prefix:]
        return Output(cls, vit.head(cls), self.to_teacher(patches))


def build(classes: int, registers: int = 0) -> Net:
    """The untrained ViT, its positions starting from sines so that they interpolate well."""
    vit = timm.create_model(ARCHITECTURE, num_classes=classes, reg_tokens=registers, **MODEL_ARGS)
    grid = SIDE // PATCH
    with torch.no_grad():
        vit.pos_embed.zero_()
        vit.pos_embed[0, 1 + registers :] = 0.2 * sine_positions(grid, vit.embed_dim)
        if registers:
            vit.reg_token.normal_(std=0.1)  # timm starts them all but equal
    return vit.to(common.device())


@torch.no_grad()
def start_from(vit: Net, folder: Path) -> None:
    """Take over the weights of a ViT; where it has no registers, those stay as they are."""
    known = load_file(folder / "model.safetensors")
    own = vit.state_dict()
    place = own["pos_embed"]  # (1, prefix + patches, dim), CLS first, then the registers
    theirs = known.pop("pos_embed").to(place)
    prefix = theirs.shape[1] - vit.patch_embed.num_patches
    place[:, :prefix], place[:, vit.num_prefix_tokens :] = theirs[:, :prefix], theirs[:, prefix:]
    for name, value in known.items():
        own[name].copy_(value)


def sine_positions(grid: int, dim: int) -> Tensor:
    """Sines and cosines of row and column, (grid * grid, dim), slow waves only."""
    place = (torch.arange(grid).float() + 0.5) / grid  # 0 to 1
    waves = 0.5 * torch.pi * 2 ** torch.linspace(0, 4, dim // 4)
    angle = place[:, None] * waves  # (grid, dim / 4)
    line = torch.cat([angle.sin(), angle.cos()], dim=1)  # (grid, dim / 2)
    rows = line[:, None].expand(grid, grid, -1)
    cols = line[None].expand(grid, grid, -1)
    return torch.cat([rows, cols], dim=2).flatten(0, 1)


class Optimisers:
    """Muon for the matrices of the blocks, AdamW for the rest, driven as one."""

    def __init__(self, model: nn.Module, blocks: str = "blocks") -> None:
        matrices = [p for n, p in model.named_parameters() if blocks in n and p.ndim == 2]
        known = {id(p) for p in matrices}
        others = [p for p in model.parameters() if id(p) not in known]
        self.both = (
            torch.optim.Muon(
                matrices,
                lr=MATRIX_RATE,
                weight_decay=WEIGHT_DECAY,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(others, lr=OTHER_RATE, weight_decay=0.01, betas=(0.9, 0.98)),
        )

    def step(self, loss: Tensor, factor: float) -> None:
        """Backward and one update at `factor` of the full learning rates."""
        for optimiser, rate in zip(self.both, (MATRIX_RATE, OTHER_RATE), strict=True):
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.both:
            optimiser.step()  # type: ignore[no-untyped-call]

    def state_dict(self) -> dict[str, object]:
        return {str(i): optimiser.state_dict() for i, optimiser in enumerate(self.both)}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        for i, optimiser in enumerate(self.both):
            optimiser.load_state_dict(state[str(i)])


def targets(photos: Photos, labels: list[str]) -> Tensor:
    """(n,) int64 index of each photo's label, UNKNOWN where it is not in the set."""
    place = {label: i for i, label in enumerate(labels)}
    known = [place.get(label_of(r) or "", UNKNOWN) for r in photos.records]
    return torch.tensor(known, device=common.device())


def train(run: Run, student: Student, ema: Ema, batches: Batches, loss_of: Loss) -> None:
    """One pass over the schedule."""
    optimisers = run.state["optimisers"]
    forward = torch.compile(student, dynamic=False)
    for step, phase in run:
        batch = batches(step, phase)
        with common.autocast():
            out = forward(batch.views, torch.tensor(batch.anew, device=common.device()))
        loss = loss_of(out, batch)
        optimisers.step(loss, batches.recipe.rate * run.schedule.rate(step))
        ema.update()
        run.report(loss.item())


@torch.inference_mode()
def embed(vit: Net, photos: Photos, side: int = SIDE) -> Tensor:
    """The CLS token after the last norm, (n, dim), of evaluation views."""
    vit.eval()
    parts = []
    for start in range(0, len(photos), 128):
        some = photos.subset(range(start, min(start + 128, len(photos))))
        views = centre_view(*common.photos_on_device(some), side)
        with common.autocast():
            parts.append(vit.forward_features(views)[:, 0].float())
    return torch.cat(parts)


def export(vit: Net, labels: list[str], out: Path) -> None:
    """Write the timm folder."""
    registers = vit.num_prefix_tokens - 1
    args = {**MODEL_ARGS, "reg_tokens": registers} if registers else MODEL_ARGS
    config = common.timm_config(
        ARCHITECTURE, args, labels, SIDE, first_conv="patch_embed.proj", classifier="head"
    )
    common.export_timm(vit, out, config)


def measure(vit: Net, photos: Photos, held_out: Photos, labels: list[str]) -> None:
    """Print the 20-NN accuracy on imagenette's val split."""
    bank, queries = photos.of_source("imagenette"), held_out.of_source("imagenette")
    voted = nearest_neighbours(embed(vit, bank), targets(bank, labels), embed(vit, queries))
    share = (voted == targets(queries, labels)).float().mean().item()
    print(f"imagenette val 20-NN top-1 {share:.3f}", flush=True)


def arguments() -> common.Options:
    """The options of this training; `--registers` decides what the model is called."""
    parser = common.arguments(__doc__, "bundled-vit")
    parser.add_argument("--teacher", type=Path, default=common.BUNDLED / "bundled-cnn")
    parser.add_argument("--registers", type=int, default=0)
    parser.add_argument("--start", type=Path, default=common.BUNDLED / "bundled-vit",
                        help="with registers: the ViT to start from")  # fmt: skip
    options = parser.parse_args()
    if options.registers:
        for name in ("out", "checkpoint"):
            path = getattr(options, name)
            if path == parser.get_default(name):
                setattr(options, name, path.with_stem(f"{path.stem}-reg"))
    return options


def main() -> None:
    options = arguments()
    set_fused_attn(False)  # the compiler's own fusion has the faster backward pass on a CPU
    torch.manual_seed(options.seed)
    photos = training_photos(options.data, options.cache)
    labels = cnn.label_set(photos)
    guide = teacher.load(options.teacher, photos, options.cache)
    vit = build(len(labels), options.registers)
    if options.registers:
        start_from(vit, options.start)
    student = Student(vit, guide.features.shape[1]).to(common.device())
    ema = Ema(student, decay=0.995)
    recipe = WITH_REGISTERS if options.registers else FROM_SCRATCH
    phases = tuple(replace(phase, epochs=phase.epochs * options.epochs) for phase in recipe.phases)
    state = {"student": student, "average": ema.average, "optimisers": Optimisers(student)}
    run = Run(Schedule(phases, len(photos)), state, options.checkpoint)
    ema.steps = run.start
    print(f"{len(photos)} photos, {run.schedule.total} steps", flush=True)
    target = targets(photos, labels)
    weight = common.label_weights(target.tolist(), power=0.8)
    weight = common.source_weights(photos, weight, recipe.shares)
    batches = Batches(*common.photos_on_device(photos), target, weight, guide, recipe, options.seed)
    train(run, student, ema, batches, make_loss(guide, recipe))
    export(ema.average.vit, labels, options.out)
    held_out = validation_photos(options.data, options.cache)
    measure(ema.average.vit, photos, held_out, labels)


if __name__ == "__main__":
    main()
