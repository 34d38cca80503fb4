"""ICC profiles made from the numbers of their standards, and what they must give in sRGB."""

from __future__ import annotations

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
# Chromaticities (x, y) of red, green and blue; white is D65.
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BT_2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_D65 = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def to_xyz(primaries) -> np.ndarray:
    """Linear RGB -> XYZ under D65: (3, 3)."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    return columns * np.linalg.solve(columns, _D65)


def expected(colour, primaries, gamma: float | None = None) -> np.ndarray:
    """What a colour (0 to 255) in these primaries is in sRGB (0 to 255), clipped."""
    values = np.asarray(colour) / 255
    linear = values**gamma if gamma else _decoded(values)
    in_srgb = np.linalg.solve(to_xyz(SRGB), to_xyz(primaries) @ linear)
    return 255 * encoded(np.clip(in_srgb, 0, 1))


def _decoded(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light -> the curve of sRGB, both 0 to 1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def rgb(primaries, gamma: float | None = None) -> bytes:
    """A profile with these primaries, and a power curve or that of sRGB."""
    cone = np.diag((_BRADFORD @ D50) / (_BRADFORD @ _D65))
    adapted = np.linalg.inv(_BRADFORD) @ cone @ _BRADFORD @ to_xyz(primaries)
    curve = _power(gamma) if gamma else _curve_of_srgb()
    tags = {f"{name}XYZ": _xyz(adapted[:, i]) for i, name in enumerate("rgb")}
    tags |= {f"{name}TRC": curve for name in "rgb"}
    return _profile("mntr", "RGB ", "XYZ ", tags)


def gray(gamma: float) -> bytes:
    """A gray profile with a power curve."""
    return _profile("mntr", "GRAY", "XYZ ", {"kTRC": _power(gamma)})


def cmyk(full_cyan: tuple[float, float, float]) -> bytes:
    """A print profile in which full cyan is some colour in Lab, and all the rest is white paper."""
    identity = bytes(range(256))
    corners = [full_cyan if i == 8 else (100, 0, 0) for i in range(16)]  # cyan turns slowest
    lab = b"".join(
        bytes([round(light * 2.55), round(a + 128), round(b + 128)]) for light, a, b in corners
    )
    unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + identity * 4 + lab + identity * 3
    return _profile("prtr", "CMYK", "Lab ", {"A2B0": table})


def _profile(kind: str, space: str, pcs: str, tags: dict[str, bytes]) -> bytes:
    tags = {"wtpt": _xyz(D50), **tags}
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name.encode() + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4xI4s4s4s", start + len(body), 0x02400000, *map(str.encode, (kind, space, pcs))
    )
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + table + body


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _power(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _curve_of_srgb() -> bytes:
    values = _decoded(np.linspace(0, 1, 1024))
    return b"curv" + struct.pack(">II", 0, 1024) + np.rint(values * 65535).astype(">u2").tobytes()
