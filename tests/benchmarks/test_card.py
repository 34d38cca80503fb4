"""What was measured goes into the cards, and nothing else of them changes."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import card
from benchmarks.heads import Layer

NEW = card.Measured(
    [card.Figure("20-NN", 81.25, "%", 40), card.Figure("norm", 1.5, "", 3)],
    [Layer(layer=0, correlation=0.125, entropy=0.5, auroc=0.75, head=4)],
)


def test_what_else_a_card_says_stays(tmp_path: Path) -> None:
    said = {"id": "m", "taught": "Labels.", "measured": [], "calibration": {"temperature": 0.7}}
    (tmp_path / "card.json").write_text(json.dumps(said))
    (tmp_path / "README.md").write_text(f"# m\n\n{card.START}\nold\n{card.STOP}\n\nWords.\n")
    card.write(tmp_path, NEW)
    card.write(tmp_path, NEW)
    kept = json.loads((tmp_path / "card.json").read_text())
    assert {name: kept[name] for name in ("id", "taught", "calibration")} == {
        name: said[name] for name in ("id", "taught", "calibration")
    }
    assert card.read(tmp_path) == NEW
    text = (tmp_path / "README.md").read_text()
    assert text.startswith(f"# m\n\n{card.START}\n")
    assert text.endswith(f"{card.STOP}\n\nWords.\n")
    assert "old" not in text
    assert "| 20-NN | 81.2 % |\n| norm | 1.500 |\n" in text
    assert f"| {card.LAYERS} |\n|---|---|---|---|\n| 0 | 0.12 | 0.50 | 0.750 (head 4) |" in text


def test_a_model_without_a_card_gets_one(tmp_path: Path) -> None:
    card.write(tmp_path, card.Measured(NEW.figures, []))
    assert card.read(tmp_path).figures == NEW.figures
