"""Checkpoints from the hub into the hub's own cache folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from errors import DownloadError

from .catalogue import Model

Report = Callable[[str, int, int], None]  # phase, bytes done, bytes in all

CLIP_FILES = ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")


def fetch(model: Model, report: Report) -> Path:
    """The folder that holds the files of a model, fetched where they are not there yet."""
    from huggingface_hub import hf_hub_download

    names = CLIP_FILES if model.library == "transformers" else ()
    try:
        for name in names:
            hf_hub_download(model.repo, name, revision=model.revision)
        report("Downloading", 0, model.download_bytes)
        weights = hf_hub_download(model.repo, "model.safetensors", revision=model.revision)
    except Exception as error:
        where = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        raise DownloadError(
            f"{model.title} could not be fetched from {where}: check the connection and try again."
        ) from error
    return Path(weights).parent
