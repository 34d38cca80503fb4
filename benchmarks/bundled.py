"""Measure the bundled models and write the figures into their cards.

`python -m benchmarks.bundled` evaluates on held-out photos and texts only, through the same
loading, preparation and recording as the app, prints the tables, and writes `card.json` and the
tables of `README.md` in each model's folder. Nothing in those tables is typed by hand.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.viz.why.faithful import centred
from PIL import Image
from torch import Tensor
from transformers import AutoTokenizer, CLIPModel

from benchmarks import card, heads, masked
from benchmarks.card import Figure, Measured
from benchmarks.heads import Layer
from training import common
from training.data import DEFAULT_DATA, Sample, held_out_places, read_photos
from training.measures import nearest_neighbours, recall_at
from training.words import zero_shot_prompts

BUNDLED = Path("models/bundled")


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
    """`forward` of every evaluation crop in bf16, as trainings measure: (n, ...) float32."""
    with common.autocast():
        outputs = [forward(pixels.to(adapter.device)) for pixels, _ in batches(adapter, samples)]
    return torch.cat([output.float() for output in outputs]).cpu()


def labels_of(samples: list[Sample], names: Iterable[str]) -> Tensor:
    """(n,) index of each sample's label among `names`."""
    place = {name: i for i, name in enumerate(names)}
    return torch.tensor([place[record["label"]] for _, record in samples])


def percent(hits: Tensor) -> float:
    """Share of true among booleans, in percent."""
    return 100 * hits.float().mean().item()


def measure_cnn(data: Data) -> Measured:
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
    return Measured(figures, [])


def measure_vit(data: Data, id: str = "bundled-vit") -> Measured:
    """20-NN on imagenette, what its heads show, and how even its tokens are."""
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
    layers, blob = on_objects(adapter, data.objects)
    return Measured([nearest, token_norms(adapter, data), blob], layers)


def on_objects(adapter: models.Adapter, objects: Path) -> tuple[list[Layer], Figure]:
    """What the heads show of photos with masks, by layer, and what a blob in the middle would."""
    maps, inside = [], []
    for path in sorted(objects.glob("*.webp")):
        x = adapter.prepare(viz.open_image(path), fit="whole")
        attention = viz.record_attention(adapter, x).cls  # (layers, heads, rows, cols)
        assert attention is not None
        mask = np.asarray(Image.open(path.with_suffix(".png")).convert("1"))
        maps.append(attention)
        inside.append(heads.patches_inside(mask, x.grid))
    blob = float(np.mean([heads.auroc(centred(each.shape), each) for each in inside]))
    name = "AUROC of a blob in the middle, to compare heads with"
    return heads.by_layer(maps, inside), Figure(name, blob, "", len(maps))


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


@torch.inference_mode()
def measure_clip(data: Data) -> Measured:
    """Zero-shot top-1 with templates alone, retrieval of held-out captions, and its heads."""
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
    layers, blob = on_objects(adapter, data.objects)
    figures = [
        Figure("zero-shot top-1 on imagenette val, templates only",
               percent(best == labels_of(samples, names)), "%", len(samples)),
        Figure(f"photo to caption, recall@10 among {n}", 100 * recall_at(alike, 10), "%", n),
        Figure(f"caption to photo, recall@10 among {n}", 100 * recall_at(alike.T, 10), "%", n),
        blob,
    ]  # fmt: skip
    return Measured(figures, layers)


def measure_folder(folder: Path) -> list[Figure]:
    """Size on disk, and loading time in a fresh process that has loaded the other models."""
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    others = [name for name in MEASURES if name != folder.name and name in models.ids()]
    script = (
        "import time; from heedmap import models;"
        "from transformers import BertForMaskedLM, CLIPModel;"
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


MEASURES: dict[str, Callable[[Data], Measured]] = {
    "bundled-vit": measure_vit,
    "bundled-vit-reg": partial(measure_vit, id="bundled-vit-reg"),
    "bundled-clip": measure_clip,
    "bundled-cnn": measure_cnn,
    "bundled-bert": lambda _: masked.measure(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--objects", type=Path, default=DEFAULT_DATA.parent / "objects")
    parser.add_argument("--only", choices=MEASURES, help="one model")
    parser.add_argument("--dry", action="store_true", help="write no cards")
    options = parser.parse_args()
    texts_alone = options.only == "bundled-bert"
    data = Data([] if texts_alone else read_photos(options.data), options.objects)
    for name, measure in MEASURES.items():
        if options.only in (None, name):
            begun = time.monotonic()
            found = measure(data)
            found = replace(found, figures=[*found.figures, *measure_folder(BUNDLED / name)])
            print("\n".join([f"# {name}", *found.rows(), *found.layer_rows()]), flush=True)
            print(f"measured in {time.monotonic() - begun:.0f} s", flush=True)
            if not options.dry:
                card.write(BUNDLED / name, found)


if __name__ == "__main__":
    main()
