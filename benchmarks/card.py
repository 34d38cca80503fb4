"""What was measured of a bundled model, written into its card: `card.json` and `README.md`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.heads import Layer

# Link definitions without a link: invisible wherever Markdown is shown, also where HTML is escaped.
START, STOP = "[//]: # (measured by python -m benchmarks.bundled)", "[//]: # (end of measured)"
LAYERS = "layer | correlation of its heads | entropy, share of uniform's | AUROC of its best head"


@dataclass(frozen=True)
class Figure:
    """One measured figure of one model, of `count` photos or texts."""

    name: str
    value: float
    unit: str
    count: int = 0

    def __str__(self) -> str:
        return f"{self.value:.1f} {self.unit}" if self.unit else f"{self.value:.3f}"


@dataclass(frozen=True)
class Measured:
    """All that was measured of one model; `layers` is empty where it has no attention."""

    figures: list[Figure]
    layers: list[Layer]

    def rows(self) -> list[str]:
        """A line of Markdown for each figure."""
        return [f"| {figure.name} | {figure} |" for figure in self.figures]

    def layer_rows(self) -> list[str]:
        """A line of Markdown for each layer, under LAYERS."""
        return [
            f"| {one.layer} | {one.correlation:.2f} | {one.entropy:.2f} "
            f"| {one.auroc:.3f} (head {one.head}) |"
            for one in self.layers
        ]


def read(folder: Path) -> Measured:
    """What the card of a model says was measured."""
    said = json.loads((folder / "card.json").read_text())
    figures = [Figure(**figure) for figure in said["measured"]]
    return Measured(figures, [Layer(**layer) for layer in said.get("layers", ())])


def write(folder: Path, measured: Measured) -> None:
    """Put it into card.json, leaving what else that says, and between the markers of README.md."""
    path, readme = folder / "card.json", folder / "README.md"
    known = json.loads(path.read_text()) if path.exists() else {"id": folder.name}
    new = {"measured": [asdict(figure) for figure in measured.figures]}
    if measured.layers:
        new["layers"] = [asdict(layer) for layer in measured.layers]
    path.write_text(json.dumps(known | new, indent=2) + "\n")
    if readme.exists():
        readme.write_text(put(readme.read_text(), measured))


def put(text: str, measured: Measured) -> str:
    """The text of a README with other tables between the markers."""
    lines = ["| measured | |", "|---|---|", *measured.rows()]
    if measured.layers:
        lines += ["", f"| {LAYERS} |", "|---|---|---|---|", *measured.layer_rows()]
    block = "\n".join([START, "", *lines, "", STOP])
    return re.sub(f"{re.escape(START)}.*{re.escape(STOP)}", lambda _: block, text, flags=re.S)
