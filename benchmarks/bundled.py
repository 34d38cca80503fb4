"""Measure the bundled models and write the figures into their cards.

`python -m benchmarks.bundled` evaluates on held-out photos only, through the same loading,
preparation and recording as the app, prints one table, and writes `card.json` and the table of
`README.md` in each model's folder. Nothing in those tables is typed by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.viz.draw.interpolate import enlarge_mask
from PIL import Image
from torch import Tensor
from transformers import AutoTokenizer, CLIPModel

from training.data import DEFAULT_DATA, Sample, held_out_places, read_photos
from training.measures import nearest_neighbours, recall_at
from training.words import zero_shot_prompts

BUNDLED = Path("models/bundled")
KEEP = 0.6  # share of the attention's mass that makes the mask
# Link definitions without a link: invisible wherever Markdown is shown, also where HTML is escaped.
START, STOP = "[//]: # (measured by python -m benchmarks.bundled)", "[//]: # (end of measured)"


@dataclass(frozen=True)
class Figure:
    """One measured figure of one model."""

    name: str
    value: float
    unit: str
    photos: int = 0

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.unit == "" else f"{self.value:.1f} {self.unit}"


@dataclass(frozen=True)
class Data:
    """What the models are measured on."""

    photos: list[Sample]
    objects: Path

    def of(self, source: str, split: str) -> list[Sample]:
        """The photos of one source and split."""
        return [s for s in self.photos if (s[1]["source"], s[1]["split"]) == (source, split)]

    def captioned(self) -> list[Sample]:
        """The captioned photos that no training sees."""
        return [self.photos[i] for i in held_out_places([record for _, record in self.photos])]


def batches(
    adapter: models.Adapter, samples: list[Sample], size: int = 64
) -> Iterator[tuple[Tensor, list[Sample]]]:
    """Evaluation crops (b, 3, H', W') with their samples."""
    for start in range(0, len(samples), size):
        some = samples[start : start + size]
        crops = [adapter.prepare(viz.open_image(photo), fit="crop").pixels for photo, _ in some]
        yield torch.cat(crops), some


@torch.inference_mode()
def run_batches(
    adapter: models.Adapter, samples: list[Sample], forward: Callable[[Tensor], Tensor]
) -> Tensor:
    """`forward` of every evaluation crop, (n, ...)."""
    outputs = [forward(pixels.to(adapter.device)) for pixels, _ in batches(adapter, samples)]
    return torch.cat(outputs).float().cpu()


def labels_of(samples: list[Sample], names: Iterable[str]) -> Tensor:
    """(n,) index of each sample's label among `names`."""
    place = {name: i for i, name in enumerate(names)}
    return torch.tensor([place[record["label"]] for _, record in samples])


def percent(hits: Tensor) -> float:
    """Share of true among booleans, in percent."""
    return 100 * hits.float().mean().item()


def measure_cnn(data: Data) -> list[Figure]:
    """Top-1 over the whole label set on three val splits."""
    adapter = models.load("bundled-cnn")
    names = adapter.classes or ()
    figures = []
    for source in ("imagenette", "caltech101", "cats-dogs"):
        samples = data.of(source, "val")
        best = run_batches(adapter, samples, adapter.module).argmax(1)
        share = percent(best == labels_of(samples, names))
        name = f"top-1 on {source} val, over all {len(names)} labels"
        figures.append(Figure(name, share, "%", len(samples)))
    return figures


def measure_vit(data: Data, id: str = "bundled-vit") -> list[Figure]:
    """20-NN on imagenette, where the last layer's attention falls, and how even its tokens are."""
    adapter = models.load(id)
    bank, queries = data.of("imagenette", "train"), data.of("imagenette", "val")
    names = sorted({record["label"] for _, record in bank})
    seen, asked = (
        run_batches(adapter, samples, lambda x: adapter.module.forward_features(x)[:, 0])  # type: ignore[operator]
        for samples in (bank, queries)
    )
    voted = nearest_neighbours(seen, labels_of(bank, names), asked)
    share = percent(voted == labels_of(queries, names))
    nearest = Figure("20-NN top-1 on imagenette val, CLS token", share, "%", len(queries))
    return [nearest, *attention_on_objects(adapter, data.objects), token_norms(adapter, data)]


def attention_on_objects(adapter: models.Adapter, objects: Path) -> list[Figure]:
    """DINO's Jaccard of the best head, and how often the strongest patch lies on an object."""
    overlaps, hits = [], []
    for path in sorted(objects.glob("*.webp")):
        x = adapter.prepare(viz.open_image(path), fit="whole")
        attention = viz.record_attention(adapter, x).cls
        assert attention is not None
        last = attention[-1]  # (heads, rows, cols)
        mask = np.asarray(Image.open(path.with_suffix(".png")).convert("1"))
        kept = viz.threshold_mask(last, keep=KEEP)
        overlaps.append(max(jaccard(enlarge_mask(head, mask.shape), mask) for head in kept))
        hits.append(points_at(last.mean(0), mask))
    n = len(overlaps)
    return [
        Figure(
            "Jaccard of the last layer's best head, 60 % of the mass",
            float(np.mean(overlaps)),
            "",
            n,
        ),
        Figure(
            "strongest patch of the mean over heads on an object",
            100 * float(np.mean(hits)),
            "%",
            n,
        ),
    ]


@torch.inference_mode()
def token_norms(adapter: models.Adapter, data: Data) -> Figure:
    """The largest norm of a patch token behind the last layer over the median, mean over photos.

    Tokens of plain background that outshine all others are what registers are for (Darcet et al.
    2023, arXiv 2309.16588).
    """
    module: Any = adapter.module
    ratios = []
    for path in sorted(data.objects.glob("*.webp")):
        pixels = adapter.prepare(viz.open_image(path), fit="whole").pixels.to(adapter.device)
        (tokens,) = module.forward_intermediates(
            pixels, indices=1, output_fmt="NLC", intermediates_only=True
        )
        norms = tokens[0].float().norm(dim=1)  # (patches,)
        ratios.append((norms.max() / norms.median()).item())
    return Figure(
        "largest norm of a patch token over the median", float(np.mean(ratios)), "", len(ratios)
    )


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def points_at(cells: np.ndarray, mask: np.ndarray) -> bool:
    """Whether the middle of the strongest cell of (rows, cols) lies on the mask (H, W)."""
    row, col = np.unravel_index(cells.argmax(), cells.shape)
    y = int((row + 0.5) / cells.shape[0] * mask.shape[0])
    x = int((col + 0.5) / cells.shape[1] * mask.shape[1])
    return bool(mask[y, x])


@torch.inference_mode()
def measure_clip(data: Data) -> list[Figure]:
    """Zero-shot top-1 with templates alone, and retrieval among held-out captions."""
    adapter = models.load("bundled-clip")
    clip = CLIPModel.from_pretrained(BUNDLED / "bundled-clip", dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED / "bundled-clip")

    def see(pixels: Tensor) -> Tensor:
        return F.normalize(clip.get_image_features(pixels.cpu()).pooler_output, dim=1)

    def read(texts: list[str]) -> Tensor:
        tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        return F.normalize(clip.get_text_features(**tokens).pooler_output, dim=1)

    samples, pairs = data.of("imagenette", "val"), data.captioned()
    names = sorted({record["label"] for _, record in samples})
    concepts = torch.stack([read(zero_shot_prompts(name)).mean(0) for name in names])
    best = (run_batches(adapter, samples, see) @ concepts.T).argmax(1)
    alike = run_batches(adapter, pairs, see) @ read([r["captions"][0] for _, r in pairs]).T
    n = len(pairs)
    return [
        Figure("zero-shot top-1 on imagenette val, templates only",
               percent(best == labels_of(samples, names)), "%", len(samples)),
        Figure(f"photo to caption, recall@10 among {n}", 100 * recall_at(alike, 10), "%", n),
        Figure(f"caption to photo, recall@10 among {n}", 100 * recall_at(alike.T, 10), "%", n),
    ]  # fmt: skip


def measure_folder(folder: Path) -> list[Figure]:
    """Size on disk, and loading time in a fresh process that has loaded the other models."""
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    others = [name for name in MEASURES if name != folder.name and name in models.ids()]
    script = (
        "import time; from heedmap import models; from transformers import CLIPModel;"
        f"[models.load(name) for name in {others}];"
        f"start = time.perf_counter(); models.load({folder.name!r});"
        "print(time.perf_counter() - start)"
    )
    return [Figure("files", size, "MB"), Figure("loading, imports done", load_ms(script), "ms")]


def load_ms(script: str) -> float:
    """The last printed number of a script, from seconds to milliseconds."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return 1000 * float(done.stdout.split()[-1])


def write_card(folder: Path, figures: list[Figure]) -> None:
    """card.json, and the table between the markers of README.md."""
    card = {"id": folder.name, "measured": [asdict(figure) for figure in figures]}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    readme = folder / "README.md"
    rows = [f"| {figure.name} | {figure} |" for figure in figures]
    table = "\n".join([START, "", "| measured | |", "|---|---|", *rows, "", STOP])
    if readme.exists():
        text = re.sub(
            f"{re.escape(START)}.*{re.escape(STOP)}", table, readme.read_text(), flags=re.S
        )
        readme.write_text(text)


MEASURES: dict[str, Callable[[Data], list[Figure]]] = {
    "bundled-vit": measure_vit,
    "bundled-vit-reg": partial(measure_vit, id="bundled-vit-reg"),
    "bundled-clip": measure_clip,
    "bundled-cnn": measure_cnn,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--objects", type=Path, default=DEFAULT_DATA.parent / "objects")
    parser.add_argument("--only", choices=MEASURES, help="one model")
    parser.add_argument("--dry", action="store_true", help="write no cards")
    options = parser.parse_args()
    data = Data(read_photos(options.data), options.objects)
    for name, measure in MEASURES.items():
        if options.only in (None, name):
            begun = time.monotonic()
            figures = [*measure(data), *measure_folder(BUNDLED / name)]
            for figure in figures:
                print(f"{name:15} {figure.name:52} {figure!s:>9}", flush=True)
            print(f"{name:15} measured in {time.monotonic() - begun:.0f} s", flush=True)
            if not options.dry:
                write_card(BUNDLED / name, figures)


if __name__ == "__main__":
    main()
