"""One small interface over every model: what it is, how to prepare a photo, how to run it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from heedmap.errors import CaptureError, HeedmapError, ModelError, SettingError
from heedmap.models import families
from heedmap.models.adapter.checks import check_channels, check_pixels
from heedmap.models.adapter.evaluation import evaluating, lock_of
from heedmap.models.adapter.text import Reading, TextTower, Words, no_text
from heedmap.models.prepare import Photo, Prepared, Sides, normalised, prepare
from heedmap.models.preprocessing import Preprocessing
from torch import nn

# What modules raise for pixels that they cannot take.
FAILURES = (RuntimeError, ValueError, IndexError, AssertionError, TypeError)


class Adapter:
    """A model that Heedmap can look into; make one with `wrap` or `models.load`.

    Attributes:
        module: the module that runs.
        id: its id in the catalogue, or the name of its class.
        title: its name for people.
        can: what it can do; see `capabilities`.
        patch: side of a patch, px; for a ConvNet its total stride.
        order: where the patches and the CLS tokens are among its tokens.
        kinds: the attention that can be recorded of it, some of "cls", "pool", "tokens" and
            "windows", first the one that is shown at first; none for a ConvNet.
        depth: layers of attention; 0 for a ConvNet.
        heads: attention heads a layer, of its first layer where they differ; 0 for a ConvNet.
        preprocessing: size, mean, std, crop and interpolation of its input.
        classes: names of its logits, or None.
        channels: of the photos that it takes: 3, or 1 for a ConvNet that takes gray ones.
        reading: what it needs to read texts besides its module; see `text`.
        lock: the module's, held while it carries hooks.
    """

    def __init__(
        self,
        family: families.Family,
        module: nn.Module,
        id: str,
        title: str,
        preprocessing: Preprocessing,
        classes: Sequence[str] | None,
        channels: int = 3,
        words: Words | None = None,
    ) -> None:
        self.module = module
        self.id, self.title = id, title
        self.can = family.can
        if families.classifies(module) and "contrastive" not in self.can:  # else an embedding
            self.can |= {"logits"}
        self.patch, self.order = family.patch, family.order
        self.kinds = family.kinds
        self.depth, self.heads = family.depth, family.heads
        self._built_for = family.preprocessing.size
        self.preprocessing = preprocessing
        self.classes = tuple(classes) if classes is not None else None
        self.channels = channels
        self.lock = lock_of(module)
        self._family, self.reading = family, Reading(words)

    def __repr__(self) -> str:
        return f"Adapter({self.id!r}, patch={self.patch}, prefix={self.prefix})"

    @property
    def prefix(self) -> int:
        """Tokens before the patches (CLS, distillation, registers)."""
        return self.order.prefix

    @property
    def has_cls(self) -> bool:
        """Whether there is a CLS token."""
        return bool(self.order.cls)

    @property
    def size(self) -> int:
        """The short side that photos have by default, px: the one that the module was built for."""
        return self.preprocessing.size

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return next(self.module.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type of the weights."""
        return next(self.module.parameters()).dtype

    @cached_property
    def nbytes(self) -> int:
        """Bytes of all weights and buffers; none of those that were dropped."""
        every = [*self.module.parameters(), *self.module.buffers()]
        return sum(tensor.nbytes for tensor in every if not tensor.is_meta)

    @cached_property
    def conv_layers(self) -> tuple[str, ...]:
        """Names of the convolutions, and of other parts that make maps, in the module's order."""
        return tuple(self._layers)

    @cached_property
    def default_conv_layers(self) -> tuple[str, ...]:
        """A shallow, a middle and a deep convolution that looks at more than one cell.

        Of all parts that make maps where there are fewer than three of these.
        """
        wide = [name for name in self.conv_layers if self._looks_around(name)]
        names = wide if len(wide) > 2 else list(self.conv_layers)
        picks = (0, len(names) // 2, len(names) - 1)
        return tuple(dict.fromkeys(names[i] for i in picks)) if names else ()

    @cached_property
    def _layers(self) -> dict[str, families.Layout]:
        return families.layers_of(self._family, self.module)

    def _looks_around(self, name: str) -> bool:
        part = self.module.get_submodule(name)
        return isinstance(part, nn.Conv2d) and max(part.kernel_size) > 1

    def map_of(self, name: str, output: Any) -> torch.Tensor:
        """The map (channels, rows, cols) in the output of a layer.

        Raises:
            CaptureError: it gives no map.
        """
        if not isinstance(output, torch.Tensor) or output.ndim != 4:
            some = ", ".join(self.default_conv_layers)
            raise CaptureError(
                "{name} of {title} makes no map: choose from {some}.",
                name=name,
                title=self.title,
                some=some,
            )
        return output[0].movedim(self.channel_axis(name) - 1, 0)

    def channel_axis(self, name: str) -> int:
        """The axis of the channels in the output (1, ..., ..., ...) of a layer: 1 or 3."""
        layout = self._layers.get(name)
        return 3 if layout and layout.channels_last else 1

    def prepare(self, photo: Photo, size: int | None = None, fit: str = "whole") -> Prepared:
        """Fit a photo to this model.

        Args:
            photo: (H, W, 3) uint8 RGB, an image of Pillow, or the path of one. These are turned
                upright; `viz.open_image` also heeds colour profiles and reads more formats.
            size: short side in pixels, one patch to 1036; rounded to whole patches. The model's
                own by default.
            fit: "whole" keeps the aspect ratio and cuts nothing, both sides rounded to the patch;
                "crop" is the model's own evaluation crop; "squash" makes it square, for DINO's
                checkpoints with the resize of DINO's own script.

        Raises:
            SettingError: a setting out of range, or more patches than one pass takes.
            ModelError: a ConvNet for gray photos.
        """
        check_channels(self.channels, self.title)
        attends = bool(self.kinds) and "windows" not in self.kinds
        own = 0 if attends else self._built_for  # a ViT takes whole patches alone
        sides = Sides(self.patch, own, attends)
        return prepare(photo, self.preprocessing, sides, self.prefix, size, fit)

    def filled(self, x: Prepared) -> Prepared:
        """A photo that it prepared, with the input tensor that `Prepared.bare` left out."""
        return replace(x, pixels=normalised(x.view, self.preprocessing))

    @property
    def text(self) -> TextTower:
        """Its text tower; one that is apart is loaded when it first reads.

        Raises:
            ModelError: it has none.
        """
        found = self.reading
        if found.words is None:
            raise ModelError(no_text(self.title, self.can, found.why))
        return TextTower(self.module, found.words, found.apart)

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """Texts in the space that the model shares between photos and texts.

        Args:
            texts: a list of one or more.

        Returns:
            (n, dim) float32 of length 1, on the CPU.

        Raises:
            SettingError: no list of texts, or a text that is longer than the tower reads.
            ModelError: a model without a text tower, or without its tokenizer.
        """
        return self.text.encode(texts)

    def windows(self, x: Prepared) -> tuple[families.Window, ...]:
        """Where each layer attends in a photo; none for a model that attends over all of it."""
        family = self._family
        return family.windows(*x.pixels.shape[-2:]) if isinstance(family, families.Windowed) else ()

    @property
    def stream(self) -> families.Stream | None:
        """Where its tokens can be read between its blocks; None for what is no plain ViT."""
        family = self._family
        return family.stream if isinstance(family, families.Streaming) else None

    def forward(self, pixels: torch.Tensor, fit: str = "whole") -> torch.Tensor:
        """Run the model once, as in evaluation and without gradients.

        Args:
            pixels: (photos, 3, H', W') float32.
            fit: how they were fitted; for "squash" the positions of DINO's checkpoints are
                interpolated by DINO's formula.

        Returns:
            Float logits (photos, classes), or features (photos, dim) of a model without classes.

        Raises:
            SettingError: not pixels, or a shape that this model cannot take.
            CaptureError: a model that returns neither, or fails on any shape.
        """
        output = self.run(pixels, fit)
        if output is None:
            raise CaptureError(
                "{title} returns neither logits nor features as one tensor: use `run`, or "
                "record its attention or convolutions.",
                title=self.title,
            )
        return output

    def run(self, pixels: torch.Tensor, fit: str = "whole") -> torch.Tensor | None:
        """Run the model once; None where its output is not a single tensor."""
        check_pixels(pixels)
        try:
            return self._run(pixels, fit)
        except torch.OutOfMemoryError:
            raise
        except FAILURES as error:
            raise self._failed(pixels, error) from error

    def _failed(self, pixels: torch.Tensor, error: Exception) -> HeedmapError:
        """What to do about a pass that failed: a size is tried before it is advised."""
        height, width = pixels.shape[-2:]
        size = self._size_that_runs()
        if size is None or height == width == size:
            first = str(error).strip().split("\n", 1)[0][:200]
            return CaptureError(
                "{title} failed on a photo of {width} x {height} px ({first}): it has to take "
                "pixels of shape (1, 3, height, width).",
                title=self.title,
                width=width,
                height=height,
                first=first,
            )
        return SettingError(
            "{title} cannot take a photo of {width} x {height} px: choose the size {size} and "
            "the fit 'squash', which it was made for.",
            title=self.title,
            width=width,
            height=height,
            size=size,
        )

    def _run(self, pixels: torch.Tensor, fit: str = "whole") -> torch.Tensor | None:
        with evaluating(self.module), torch.inference_mode():
            return families.vector(self._forward(fit)(pixels.to(self.device, self.dtype)))

    def _forward(self, fit: str) -> Callable[[torch.Tensor], Any]:
        """How the family runs a photo that was fitted in this way."""
        family = self._family
        if fit == "squash" and self.preprocessing.dino and isinstance(family, families.DINO):
            return family.forward_as_dino
        return family.forward

    def _size_that_runs(self) -> int | None:
        """The side of a square photo that the module takes, tried before it is advised."""
        for size in (self._built_for, self.size):
            try:
                self._run(torch.zeros(1, 3, size, size))
            except FAILURES:
                continue
            return size
        return None
