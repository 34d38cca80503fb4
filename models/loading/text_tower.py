"""From open_clip's files to a text tower of Transformers: beside timm's image tower on the hub.

Such a repository holds the whole model once more, for open_clip: a config that names the text
tower, and weights of both towers, of which those of the text tower are read here. It is built as a
CLIP or SigLIP of Transformers without an image tower, so that all that reads texts can read it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedmap.errors import short
from heedmap.languages import Phrase
from heedmap.models.catalogue.entries import Model
from heedmap.models.loading import checkpoint, open_clip
from heedmap.models.loading.open_clip import Said

if TYPE_CHECKING:
    import torch
    from heedmap.models.adapter.adapter import Adapter
    from torch import nn

PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^`{|}~]"""  # what canonical texts lack

IMAGE = "visual."  # names of the weights of the image tower begin so
LAYER = r"(?:text\.)?transformer\.resblocks\.(\d+)\."
OURS = r"text_model.encoder.layers.\1."
RENAMED = (
    (LAYER + r"ln_(\d)\.", OURS + r"layer_norm\2."),
    (LAYER + r"attn\.(in_proj|out_proj)", OURS + r"self_attn.\2"),
    (LAYER + r"mlp\.c_fc\.", OURS + "mlp.fc1."),
    (LAYER + r"mlp\.c_proj\.", OURS + "mlp.fc2."),
    (r"(?:text\.)?token_embedding\.", "text_model.embeddings.token_embedding."),
    (r"(?:text\.)?positional_embedding$", "text_model.embeddings.position_embedding.weight"),
    (r"(?:text\.)?ln_final\.", "text_model.final_layer_norm."),
    (r"text\.text_projection\.", "text_projection."),
    (r"text\.text_projection$", "text_projection"),
)


@dataclass(frozen=True)
class TextModule:
    """A text tower that is loaded apart: a model of Transformers with `get_text_features`."""

    module: nn.Module

    @property
    def nbytes(self) -> int:
        """Bytes of its weights."""
        return sum(weight.nbytes for weight in self.module.parameters() if not weight.is_meta)


def give(
    adapter: Adapter, model: Model, folder: Path | None, apart: Callable[[], Any] | None = None
) -> None:
    """Let an image tower of timm read texts, or say why it cannot, as the files beside it tell.

    Args:
        adapter: of the image tower.
        model: its record.
        folder: where its files are, None where its weights are not there.
        apart: loads the text tower when a text is first asked for.

    Raises:
        CheckpointError: a config that cannot be read.
    """
    from heedmap.models.adapter.text import Reading, Words

    said = open_clip.config(model, folder) if _of_timm(model, adapter) else {}
    if not said:
        return
    why = open_clip.lacking(said) or _unfit(said, adapter)
    if why:
        adapter.reading = Reading(why=why)
    else:
        words = Words(adapter.title, lambda: tokenizer(folder, said))
        adapter.reading = Reading(words, apart or (lambda: None))
        adapter.can |= {"text"}


def parameters(model: Model, path: Path) -> int:
    """Numbers of the text tower in a file of both towers.

    Raises:
        CheckpointError: as `checkpoint.shapes`.
    """
    shapes = checkpoint.shapes(replace(model, weights=path.name), path.parent)
    return sum(math.prod(shape) for key, shape in shapes.items() if not key.startswith(IMAGE))


def build(model: Model, said: Said, path: Path) -> nn.Module:
    """The text tower in a file of open_clip's weights, on the CPU.

    Returns:
        A CLIPModel or SiglipModel of Transformers without what reads photos.

    Raises:
        CheckpointError: files that do not fit.
    """
    import transformers

    kind = open_clip.kind(said)
    classes: dict[str, Any] = {
        "clip": (transformers.CLIPConfig, transformers.CLIPModel),
        "siglip": (transformers.SiglipConfig, transformers.SiglipModel),
    }
    settings, made = classes[kind]
    dim = int(said["embed_dim"])
    tensors = dict(_of_transformers(_tensors(model, path), kind))
    module, report = made.from_pretrained(
        None,
        config=settings(
            text_config={**open_clip.text_config(said), "projection_size": dim},
            vision_config=_NO_PHOTOS,
            projection_dim=dim,
        ),
        state_dict=tensors,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    del module.vision_model
    if hasattr(module, "visual_projection"):
        del module.visual_projection  # timm's image tower holds it
    unfilled = [key for key in report["missing_keys"] if key in module.state_dict()]
    if unfilled or report["mismatched_keys"] or report["unexpected_keys"]:
        shapes = {key: tuple(value.shape) for key, value in tensors.items()}
        raise checkpoint.mismatch(model, module, shapes)
    checkpoint.check_finite(model, module)
    return module  # type: ignore[no-any-return]


def tokenizer(folder: Path | None, said: Said) -> Any:
    """The tokenizer beside the weights, which reads as open_clip's does: no mask of the padding,
    and for SigLIP small letters without punctuation."""
    from heedmap.models.adapter.text import beside
    from tokenizers import Regex, normalizers

    found = beside(str(folder or ""))
    found.model_input_names = ["input_ids"]
    how = said["text_cfg"].get("tokenizer_kwargs") or {}
    if how.get("clean") == "canonicalize":
        steps = [
            normalizers.Replace("_", " "),
            normalizers.Replace(Regex(PUNCTUATION), ""),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
        own = found.backend_tokenizer.normalizer
        found.backend_tokenizer.normalizer = normalizers.Sequence([*steps, *([own] if own else [])])
    return found


_NO_PHOTOS = {
    "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8,
    "image_size": 8, "patch_size": 8,
}  # fmt: skip


def _of_timm(model: Model, adapter: Adapter) -> bool:
    return model.library == "timm" and "contrastive" in adapter.can


def _unfit(said: Said, adapter: Adapter) -> Phrase | None:
    """Why features of photos are no match for those of texts, None where they are."""
    image: Any = adapter.module
    has, needs = image.num_classes or image.head_hidden_size, said.get("embed_dim")
    if has == needs:
        return None
    return Phrase(
        "its image tower puts out {has} numbers and open_clip's text tower {needs}",
        has=has,
        needs=short(needs),
    )


def _tensors(model: Model, path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights of the text tower and of the logits, read one by one from a file of both towers.

    Raises:
        CheckpointError: a file that is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118
                if not key.startswith(IMAGE):
                    yield key, file.get_tensor(key)
    except (SafetensorError, OSError) as error:
        raise checkpoint.damaged(model, path) from error


def _of_transformers(
    tensors: Iterator[tuple[str, torch.Tensor]], kind: str
) -> Iterator[tuple[str, torch.Tensor]]:
    """The names of Transformers; what open_clip keeps as one matrix is parted or turned."""
    for key, value in tensors:
        for pattern, name in RENAMED:
            key = re.sub(f"^{pattern}", name, key)
        if "in_proj" in key:
            for part, own in zip("qkv", value.chunk(3), strict=True):
                yield key.replace("in_proj_", f"{part}_proj."), own.contiguous()
        elif key.startswith("text_projection"):
            name = "text_model.head" if kind == "siglip" else "text_projection"
            turned = key == "text_projection"  # (width, dim), to be multiplied from the right
            yield name + (".weight" if turned else key[15:]), value.T if turned else value
        elif kind == "siglip" and key in ("logit_scale", "logit_bias"):
            yield key, value.reshape(1)
        else:
            yield key, value
