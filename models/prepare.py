"""From a photo to what a model sees: size, crop, patch grid, normalised pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.languages import Phrase
from heedmap.models.preprocessing import Preprocessing
from PIL import Image, ImageOps

if TYPE_CHECKING:
    import torch

Fit = Literal["whole", "crop", "squash"]
Box = tuple[float, float, float, float]
Photo: TypeAlias = "np.ndarray | Image.Image | Path | str"

FITS: tuple[str, ...] = get_args(Fit)
MAX_SIZE = 1036  # px, short side: 74 patches of 14
MAX_AREA = 2 * MAX_SIZE**2  # px, of a model without attention over the whole photo
MAX_TOKENS = 2 * 74**2  # patches, of a model with it: each layer compares all pairs of them


@dataclass(frozen=True)
class Prepared:
    """A photo as one model sees it.

    Attributes:
        pixels: (1, 3, H', W') float32, normalised.
        view: (H', W', 3) uint8, the same pixels as a picture: maps are drawn on this.
        grid: (rows, cols) of patches; for a ConvNet the cells of its last feature map.
        prefix: tokens before the patches.
        patch: side of a patch, px; for a ConvNet its total stride.
        box: (left, top, right, bottom), the region of the photo that `view` shows, photo pixels.
        fit: "whole", "crop" or "squash".
    """

    pixels: torch.Tensor
    view: np.ndarray
    grid: tuple[int, int]
    prefix: int
    patch: int
    box: Box
    fit: str

    def bare(self) -> Prepared:
        """The same without its input tensor, which `Adapter.filled` makes again from the view."""
        return replace(self, pixels=self.pixels.new_empty(0))


@dataclass(frozen=True)
class Sides:
    """How long the sides of a model's photos may be.

    Attributes:
        patch: side of a patch, px: sides are whole patches.
        own: a side that the model takes though it is not a whole number of patches, px; 0 for none.
        attends: whether each layer compares all patches, so that their number is bounded.
    """

    patch: int
    own: int = 0
    attends: bool = True

    def of(self, length: float) -> int:
        """The side nearest to a length, px."""
        return self.own if self.own and round(length) == self.own else self.whole(length)

    def whole(self, length: float) -> int:
        """The whole patches nearest to a length, px."""
        return max(1, round(length / self.patch)) * self.patch

    def both(self, shape: tuple[int, ...], size: int, fit: str) -> tuple[int, int]:
        """(H', W') of a photo (H, W, ...) at this size."""
        if fit != "whole":
            return self.of(size), self.of(size)
        scale = size / min(shape[:2])
        height, width = (self.of(length * scale) for length in shape[:2])
        return height, width

    def tokens(self, height: int, width: int) -> int:
        """Patches of a photo of these sides."""
        return math.ceil(height / self.patch) * math.ceil(width / self.patch)

    def too_many(self, height: int, width: int) -> bool:
        """Whether these are too many patches (or pixels, without attention) for one pass."""
        if self.attends:
            return self.tokens(height, width) > MAX_TOKENS
        return height * width > MAX_AREA

    def largest(self, shape: tuple[int, ...], size: int, fit: str) -> int | None:
        """The largest size in whole patches, up to `size`, that one pass takes."""
        down = range(size // self.patch * self.patch, 0, -self.patch)
        return next((s for s in down if not self.too_many(*self.both(shape, s, fit))), None)


def prepare(
    photo: Photo, how: Preprocessing, sides: Sides, prefix: int, size: int | None, fit: str
) -> Prepared:
    """Fit a photo to a model; see `Adapter.prepare` for the settings.

    Raises:
        SettingError: what is not a photo, an unknown `fit`, a `size` out of range, or a photo so
            long that one pass could not take it at this size.
    """
    photo = _opened(photo)
    if not isinstance(fit, str) or fit not in FITS:
        raise SettingError(
            "fit={fit} is unknown: choose one of {fits}.", fit=short(fit), fits=", ".join(FITS)
        )
    size = how.size if size is None else _checked_size(size, sides.patch)
    height, width = sides.both(photo.shape, size, fit)
    if sides.too_many(height, width):
        raise _too_large(photo.shape, sides, size, fit)
    if fit == "crop":
        view, box = _centre_crop(photo, height, how)
    else:
        resample = Image.Resampling.BILINEAR if fit == "squash" and how.dino else how.resample
        view = _resize(photo, height, width, resample)
        box = (0.0, 0.0, photo.shape[1], photo.shape[0])
    return Prepared(
        pixels=normalised(view, how),
        view=view,
        grid=(math.ceil(height / sides.patch), math.ceil(width / sides.patch)),
        prefix=prefix,
        patch=sides.patch,
        box=box,
        fit=fit,
    )


def _opened(photo: Any) -> np.ndarray:
    """A photo as an array (H, W, 3) uint8: Pillow's images and files are turned upright."""
    if isinstance(photo, str | Path):
        photo = _read(Path(photo))
    if isinstance(photo, Image.Image):
        return _as_array(photo)
    if not isinstance(photo, np.ndarray):
        raise SettingError(
            "A photo is an (H, W, 3) uint8 array, an image of Pillow or a path, not {photo}: "
            "open it with viz.open_image.",
            photo=short(photo),
        )
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or not photo.size:
        raise SettingError(
            "A photo is an (H, W, 3) uint8 array, not {shape} {dtype}: open it with "
            "viz.open_image.",
            shape=photo.shape,
            dtype=photo.dtype,
        )
    return photo


def _read(path: Path) -> Image.Image:
    try:
        image = Image.open(path)
        image.load()
    except FileNotFoundError as error:
        raise SettingError(
            "There is no file {path!r}: give the path of a photo.", path=str(path)[-80:]
        ) from error
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise SettingError(
            "{name!r} cannot be read as a photo: open it with viz.open_image, which says what "
            "is wrong with it.",
            name=path.name[-80:],
        ) from error
    return image


def _as_array(image: Image.Image) -> np.ndarray:
    """Upright, transparency on white, its colours as they are."""
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        clear = upright.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        upright = Image.alpha_composite(white, clear)
    return np.asarray(upright.convert("RGB"))


def _checked_size(size: Any, patch: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise SettingError(
            "size={size} is not a whole number of pixels: choose {patch} (one patch) to "
            "{max_size}.",
            size=short(size),
            patch=patch,
            max_size=MAX_SIZE,
        )
    if not patch <= size <= MAX_SIZE:
        raise SettingError(
            "A size of {size} px is out of range: choose {patch} (one patch) to {max_size} px.",
            size=size,
            patch=patch,
            max_size=MAX_SIZE,
        )
    return int(size)


def _too_large(shape: tuple[int, ...], sides: Sides, size: int, fit: str) -> SettingError:
    """How much it would be, and the size that would do."""
    height, width = sides.both(shape, size, fit)
    tokens, fits = sides.tokens(height, width), sides.largest(shape, size, fit)
    cost = (
        Phrase(
            ", {tokens:,} patches and {pairs:,.0f} million pairs of them in each layer, where one "
            "pass takes {most:,} patches",
            tokens=tokens,
            pairs=tokens**2 / 1e6,
            most=MAX_TOKENS,
        )
        if sides.attends
        else Phrase(", where one pass takes {most:.1f} million pixels", most=MAX_AREA / 1e6)
    )
    crops = fit == "whole" and not sides.too_many(*sides.both(shape, size, "crop"))
    smaller, cropped = Phrase("a size up to {fits}", fits=fits), Phrase("the fit 'crop'")
    ways = [smaller] * bool(fits) + [cropped] * crops
    choose = Phrase("{one} or {other}", one=smaller, other=cropped) if len(ways) > 1 else ways[0]
    return SettingError(
        "At size {size} this photo of {wide} x {high} px becomes {width} x {height} "
        "px{cost}: choose {ways}.",
        size=size,
        wide=shape[1],
        high=shape[0],
        width=width,
        height=height,
        cost=cost,
        ways=choose,
    )


def _resize(photo: np.ndarray, height: int, width: int, resample: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(photo).resize((width, height), resample))


def _centre_crop(photo: np.ndarray, side: int, how: Preprocessing) -> tuple[np.ndarray, Box]:
    """Short side to side / crop_pct, then the middle square, as evaluation scripts do."""
    height, width = photo.shape[:2]
    scale = max(side, int(side / how.crop_pct)) / min(height, width)
    tall, wide = (max(side, round(length * scale)) for length in (height, width))
    top, left = round((tall - side) / 2), round((wide - side) / 2)
    across, down = width / wide, height / tall
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    if tall * wide > 4 * MAX_AREA:  # all of a thin photo would be gigabytes: resize its middle only
        return np.asarray(Image.fromarray(photo).resize((side, side), how.resample, box)), box
    view = _resize(photo, tall, wide, how.resample)[top : top + side, left : left + side].copy()
    return view, box


def normalised(view: np.ndarray, how: Preprocessing) -> torch.Tensor:
    """What a model sees, (H', W', 3) uint8, as its input (1, 3, H', W') float32."""
    import torch

    pixels = torch.from_numpy(view.copy()).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (how.mean, how.std))
    return ((pixels - mean) / std).unsqueeze(0)
