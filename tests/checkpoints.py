"""Checkpoints with random weights, as the files that a repository of the hub holds."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from heedmap import models

Files = dict[str, bytes]


def read(folder: Path) -> Files:
    """All files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def timm(architecture: str, **args: Any) -> Files:
    """A timm model: config.json and model.safetensors."""
    import timm as library
    import torch
    from safetensors.torch import save

    torch.manual_seed(0)
    module = library.create_model(architecture, pretrained=False, **args)
    config = {
        "architecture": architecture,
        "num_classes": module.num_classes,
        "model_args": args,
        "pretrained_cfg": {
            "input_size": module.pretrained_cfg["input_size"],
            "fixed_input_size": module.pretrained_cfg["fixed_input_size"],
            "num_classes": module.num_classes,
        },
    }
    tensors = {key: value.contiguous() for key, value in module.state_dict().items()}
    return {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": save(tensors, {"format": "pt"}),
    }


def clip(**vision: Any) -> Files:
    """A tiny CLIP of Transformers, with the file of its image processor."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    tower = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }  # fmt: skip
    torch.manual_seed(0)
    config = CLIPConfig(
        vision_config={**tower, "image_size": 64, "patch_size": 16, **vision},
        text_config={**tower, "vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2},
        projection_dim=16,
    )
    files = transformers(CLIPModel(config))
    processor = CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=64)
    return {**files, "preprocessor_config.json": processor.to_json_string().encode()}


def transformers(module: Any, **how: Any) -> Files:
    """What `save_pretrained` writes."""
    with tempfile.TemporaryDirectory() as folder:
        module.save_pretrained(folder, **how)
        return read(Path(folder))


def pickled(files: Files, name: str = "pytorch_model.bin") -> Files:
    """The same checkpoint with its weights in a pickled file."""
    import torch
    from safetensors.torch import load

    buffer = io.BytesIO()
    torch.save(load(files["model.safetensors"]), buffer)
    rest = {key: value for key, value in files.items() if key != "model.safetensors"}
    return {**rest, name: buffer.getvalue()}


def of_catalogue(id: str) -> tuple[str, str, Files]:
    """Repository, revision and files of a model of the catalogue, with random weights."""
    record = models.record(id)
    if record.library == "timm":
        return record.repo, record.revision, timm(record.architecture)
    side = {"B/32": 32, "B/16": 16}.get(record.title.removeprefix("CLIP ViT-"), 14)
    return record.repo, record.revision, clip(patch_size=side, image_size=record.size)
