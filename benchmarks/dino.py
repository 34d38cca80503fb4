"""Write the table of docs/dino.md: `python -m benchmarks.dino`.

Compares maps of the fit "squash" with an oracle written out from the code that DINO published
(Caron et al. 2021): a table of positions read at `(i + 0.5) / ratio - 0.5` with
`ratio = (new + 0.1) / own`, put into a module made for that size, which forms its attention itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import timm
import torch
import transformers
from heedmap import models, viz

from benchmarks.figures import put

PAGE = Path(__file__).parent.parent / "docs" / "dino.md"
SIZES = (224, 240, 480)
HEAD = "| model | size | DINO’s formula | the library’s own |\n|---|---|---|---|"
Own: TypeAlias = Callable[[Any, torch.Tensor], torch.Tensor]


def weights_of(new: int, own: int) -> np.ndarray:
    """(new, own): how much each place of a new side reads of the table, bicubic with a = -0.75."""
    a, ratio = -0.75, (new + 0.1) / own
    read = np.zeros((new, own))
    for place in range(new):
        source = (place + 0.5) / ratio - 0.5
        for tap in range(int(np.floor(source)) - 1, int(np.floor(source)) + 3):
            d = abs(source - tap)
            near = (a + 2) * d**3 - (a + 3) * d**2 + 1
            far = a * (d**3 - 5 * d**2 + 8 * d - 4)
            read[place, min(max(tap, 0), own - 1)] += near if d <= 1 else far
    return read


def positions(table: torch.Tensor, rows: int, cols: int) -> torch.Tensor:
    """(1, 1 + patches, dim), CLS first and a square of patches -> the same for another grid."""
    own = math.isqrt(table.shape[1] - 1)
    if (rows, cols) == (own, own):
        return table
    patches = table[0, 1:].double().numpy().reshape(own, own, -1)
    there = np.einsum("ri,cj,ijd->rcd", weights_of(rows, own), weights_of(cols, own), patches)
    made = torch.from_numpy(there).to(table.dtype).flatten(0, 1)
    return torch.cat([table[:, :1], made.unsqueeze(0)], 1)


def of_timm(module: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(layers, heads, N, N) of timm's ViT, made anew for this photo and run unfused."""
    patch, blocks = module.patch_embed.patch_size[0], module.blocks
    rows, cols = (side // patch for side in pixels.shape[-2:])
    like = timm.models.VisionTransformer(
        img_size=tuple(pixels.shape[-2:]), patch_size=patch, embed_dim=module.embed_dim,
        depth=len(blocks), num_heads=blocks[0].attn.num_heads, num_classes=module.num_classes,
        pre_norm=not isinstance(module.norm_pre, torch.nn.Identity),
    ).eval()  # fmt: skip
    weights = dict(module.state_dict())
    like.load_state_dict(weights | {"pos_embed": positions(weights["pos_embed"], rows, cols)})
    kept: list[torch.Tensor] = []
    for block in like.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, inputs, out: kept.append(inputs[0][0]))
    with torch.no_grad():
        like(pixels)
    return torch.stack(kept)


def of_transformers(module: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(layers, heads, N, N) of Transformers' ViT, made anew for this photo and run eagerly."""
    name = "embeddings.position_embeddings"
    rows, cols = (side // module.config.patch_size for side in pixels.shape[-2:])
    said = module.config.to_dict() | {"image_size": list(pixels.shape[-2:])}
    like = transformers.ViTModel(transformers.ViTConfig.from_dict(said)).eval()
    like.set_attn_implementation("eager")
    weights = dict(module.state_dict())
    like.load_state_dict(weights | {name: positions(weights[name], rows, cols)})
    with torch.no_grad():
        return torch.stack([each[0] for each in like(pixels, output_attentions=True).attentions])


def small_dino(**how: Any) -> Any:
    """timm's DINO, made small, with large random weights."""
    small = {"depth": 2, "embed_dim": 48, "num_heads": 4, "num_classes": 0}
    return _drawn(timm.create_model("vit_small_patch16_224.dino", **small, **how))


def small_transformers_dino(name: str = "facebook/dino-vits16") -> Any:
    """Transformers' DINO, made small, with large random weights."""
    config = transformers.ViTConfig(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=192
    )
    config._name_or_path = name
    return _drawn(transformers.ViTModel(config))


def _drawn(module: Any) -> Any:
    """The module with weights so large that no attention is even and no mistake can hide."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.05 if weight.ndim == 4 else 0.3)
    return module.eval()


CASES: dict[str, tuple[Callable[[], Any], Own]] = {
    "bundled ViT/8, trained": (lambda: models.load("bundled-vit").module, of_timm),
    "small ViT/16 of timm, random": (small_dino, of_timm),
    "small ViT/16 of Transformers, random": (small_transformers_dino, of_transformers),
}


def farthest(module: Any, own: Own, size: int, dino: bool) -> float:
    """The largest difference of a map of CLS from the oracle's, over all layers and heads."""
    adapter = models.wrap(module, dino=dino)
    x = adapter.prepare(viz.open_sample("cat"), size=size, fit="squash")
    wanted = own(module, x.pixels)[:, :, 0, 1:].flatten(0, 1).numpy()
    found = viz.record_attention(adapter, x).of("cls")
    return float(np.abs(np.reshape(found, wanted.shape) - wanted).max())


def rows() -> Iterator[str]:
    """The lines of the table."""
    for name, (make, own) in CASES.items():
        for size in SIZES:
            both = (f"{farthest(make(), own, size, dino):.1e}" for dino in (True, False))
            yield f"| {name} | {size} px | {' | '.join(both)} |"


def main() -> None:
    """Measure, and write the page."""
    table = "\n".join([HEAD, *rows()])
    print(table)
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), "dino", table), encoding="utf-8")


if __name__ == "__main__":
    main()
