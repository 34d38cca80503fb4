"""A photo's own colour space -> sRGB, which screens show and models were trained on."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageCms

Recolour = Callable[[Image.Image], Image.Image]

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # a profile's colour space -> Pillow's mode
# Colour primaries of cICP and of HEIC's and AVIF's `nclx` (ITU-T H.273) -> XYZ of red, green and
# blue, adapted to D50 as ICC profiles want them (Bradford).
_PRIMARIES = {
    9: ((0.67348, 0.27904, -0.00193), (0.16567, 0.67534, 0.02998), (0.12505, 0.04562, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
_PQ = 16  # transfer function of SMPTE ST 2084: absolute light up to 10,000 cd/m2
_WHITE = 203.0  # cd/m2 of diffuse white (ITU-R BT.2408); what is brighter becomes white


def to_srgb(image: Image.Image) -> Recolour:
    """Return a function that converts the image, or parts of it, to sRGB.

    It uses the image's ICC profile, or else the primaries and the transfer function that AVIF, HEIC
    and PNG state (cICP, `nclx`), with perceptual intent. HDR photos become what they are on a usual
    screen: of PQ what is brighter than diffuse white is white, HLG is made to be shown as it is. A
    profile that is broken or made for another kind of pixels is ignored, and so is one
    that changes no colour by more than one step.

    Returns:
        A function from a Pillow image in the mode of `image`, or in RGBA, to one in RGB or RGBA.
    """
    try:
        profile = _profile(image)
        return _transform(profile, image.mode) if profile else _plain
    except Exception:  # however broken the profile is, the pixels are usable
        return _plain


def _plain(part: Image.Image) -> Image.Image:
    return part if part.mode in ("RGB", "RGBA") else part.convert("RGB")


def _transform(profile: ImageCms.ImageCmsProfile, pixels: str) -> Recolour:
    mode = "LAB" if pixels == "LAB" else _MODES[profile.profile.xcolor_space.strip()]
    if not _fits(mode, pixels):
        return _plain
    transform = ImageCms.buildTransform(
        profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.PERCEPTUAL
    )
    if mode == "RGB" and _changes_nothing(transform):
        return _plain

    def recolour(part: Image.Image) -> Image.Image:
        result = transform.apply(part if part.mode == mode else part.convert(mode))
        if part.mode == "RGBA":
            result.putalpha(part.getchannel("A"))
        return result

    return recolour


def _fits(mode: str, pixels: str) -> bool:
    """Whether a profile for `mode` can be meant for an image whose mode is `pixels`."""
    if mode in ("CMYK", "LAB") or pixels in ("CMYK", "LAB"):
        return mode == pixels
    return mode == "RGB" or pixels[0] in "1LIF"


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(9, 81, 3)
    changed = np.asarray(transform.apply(Image.fromarray(cube)))
    return bool(np.abs(changed.astype(int) - cube).max() <= 1)


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    if icc := image.info.get("icc_profile"):
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if image.mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    primaries, transfer = _stated(image)
    if primaries in _PRIMARIES:
        curve = _pq_curve() if transfer == _PQ else _srgb_curve()
        made = _matrix_profile(_PRIMARIES[primaries], curve)
        return ImageCms.ImageCmsProfile(io.BytesIO(made))
    return None


def _stated(image: Image.Image) -> tuple[int, int]:
    """Colour primaries and transfer function as the file states them, 2 for unspecified."""
    nclx = image.info.get("nclx_profile") or {}
    return nclx.get("color_primaries", 2), nclx.get("transfer_characteristics", 2)


def _srgb_curve() -> bytes:
    """The curve of sRGB as ICC writes it."""
    numbers = _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + numbers


def _pq_curve() -> bytes:
    """The curve of PQ as ICC writes it, a table from 0 to diffuse white (SMPTE ST 2084)."""
    power = np.linspace(0, 1, 4096) ** (32 / 2523)
    light = np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)
    shares = np.minimum(light ** (16384 / 2610) * 10_000 / _WHITE, 1)
    table = np.rint(shares * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(table)) + bytes(table)


def _matrix_profile(primaries: Sequence[Sequence[float]], curve: bytes) -> bytes:
    """An ICC profile (version 4) with these primaries, white D65 and this curve."""
    colours = [b"XYZ " + bytes(4) + _fixed(*xyz) for xyz in primaries]
    white = b"XYZ " + bytes(4) + _fixed(*_D50)
    names = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"rTRC", b"gTRC", b"bTRC")
    contents = (*colours, white, curve, curve, curve)
    table, body = struct.pack(">I", len(names)), b""
    start = 128 + 4 + 12 * len(names)
    for name, content in zip(names, contents, strict=True):
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    size = struct.pack(">I", start + len(body))
    head = size + bytes(4) + b"\x04\x30\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + _fixed(*_D50)).ljust(128, b"\0") + table + body


_D50 = (0.9642, 1.0, 0.8249)


def _fixed(*numbers: float) -> bytes:
    """Numbers as ICC writes them: signed, 16 bits before the point and 16 after it."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)
