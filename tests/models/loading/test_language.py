"""Language models from files: a folder of one's own, and the hub."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import CheckpointError

from tests import checkpoints, texts
from tests.checkpoints import Files
from tests.hub import Hub


def files_of(name: str) -> Files:
    tokenizer = texts.wordpiece() if name in texts.ENCODERS else texts.byte_level()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return checkpoints.transformers(texts.build(name)) | checkpoints.read(Path(folder))


@pytest.fixture
def shelf(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("HEEDMAP_MODELS", str(folder))
    return folder


def put(shelf: Path, files: Files) -> None:
    (shelf / "own").mkdir()
    for file, content in files.items():
        (shelf / "own" / file).write_bytes(content)
    (shelf / "own" / "model.toml").write_text('title = "Our own"')


@pytest.mark.parametrize("name", ["BERT", "Gemma 2", "DeBERTa v2"])
def test_a_folder_shows_what_the_module_in_memory_shows(shelf: Path, name: str) -> None:
    put(shelf, files_of(name))
    assert models.record("local:own").can == {"text"}
    adapter = models.load("local:own")
    assert isinstance(adapter, models.TextAdapter)
    tokenizer = texts.wordpiece() if name in texts.ENCODERS else texts.byte_level()
    same = models.wrap(texts.build(name), tokenizer=tokenizer)
    found, wanted = (viz.record_text(each, texts.TEXT) for each in (adapter, same))
    assert found.tokens == wanted.tokens
    np.testing.assert_allclose(found.small, wanted.small, atol=1e-5)
    assert adapter.fills == ("masked" if name in texts.ENCODERS else "next")


def test_a_folder_without_a_tokenizer_is_told(shelf: Path) -> None:
    put(shelf, checkpoints.transformers(texts.build("BERT")))
    with pytest.raises(CheckpointError, match="The tokenizer of Our own cannot be loaded"):
        models.load("local:own")


@pytest.mark.slow
def test_a_pasted_id_is_looked_at_and_then_fetched(hub: Hub) -> None:
    hub.add("somebody/gpt", files_of("GPT-2"))
    assert models.record("somebody/gpt").can == {"text"}
    probe = models.probe("somebody/gpt")
    assert (probe.depth, probe.heads, probe.longest) == (2, 4, 96)
    adapter = models.load("somebody/gpt")
    found = viz.record_text(adapter, texts.TEXT)
    assert (found.depth, found.heads) == (2, 4)


def test_the_text_tower_of_a_clip_is_a_language_model() -> None:
    adapter = models.load("bundled-clip")
    found = viz.record_text(adapter, "a photo of a cat")
    assert found.attention is not None
    assert not np.triu(found.attention[0, 0], 1).any()  # it is causal
    assert found.tokens[1:3] == ("·a", "·photo")
