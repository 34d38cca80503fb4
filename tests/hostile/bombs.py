"""Small files that are made to hurt whoever decodes them, and large ones that are sound."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def saved(image: Image.Image, kind: str, **settings) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def many_scans(side: int = 4000, scans: int = 20_000) -> bytes:
    """A progressive JPEG that goes over the same picture again and again: minutes of CPU."""
    data = saved(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")  # start of scan
    return data[:last] + data[last:-2] * scans + data[-2:]


def png(width: int, height: int, bits: int, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A black PNG of any size, made without a picture of that size in memory."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + (width * bits * samples + 7) // 8)
    packed = zlib.compressobj(1)
    rows = max(1, (1 << 20) // len(row))
    parts = [packed.compress(row * min(rows, height - top)) for top in range(0, height, rows)]
    body = b"".join([*parts, packed.flush()])
    return png_of(width, height, bits, colour, body, *chunks)


def png_of(
    width: int, height: int, bits: int, colour: int, packed: bytes, *chunks: tuple[bytes, bytes]
) -> bytes:
    """A PNG of compressed rows, with more chunks before them."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    named = [(b"IHDR", header), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in named)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def tiff(width: int, height: int, data: bytes = bytes(4096), **tags: int) -> bytes:
    """A TIFF of one gray strip, or of one tile where `tags` give its width and length.

    `tags` are numbers for compression, bits, tile_width, tile_length.
    """
    entries = {256: width, 257: height, 258: tags.get("bits", 8), 259: tags.get("compression", 1)}
    entries |= {262: 1, 277: 1}
    offset = 8 + 2 + 12 * 10 + 4
    if "tile_width" in tags:
        entries |= {322: tags["tile_width"], 323: tags["tile_length"], 324: offset, 325: len(data)}
    else:
        entries |= {273: offset, 278: height, 279: len(data), 282: 0}
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, entries[tag]) for tag in sorted(entries))
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + listed + bytes(4) + data


def absurd_tile() -> bytes:
    """A TIFF of 64 x 64 px in a tile of 660 megapixels."""
    rows = zlib.compressobj(1)
    data = b"".join(rows.compress(bytes(600_000)) for _ in range(1100)) + rows.flush()
    return tiff(64, 64, data, compression=8, tile_width=60_000, tile_length=11_000)


def plain_ppm(comments: int = 800_000) -> bytes:
    """A PPM with more comments than pixels, which takes quadratic time to read."""
    return b"P3\n" + b"#\n" * comments + b"2 2 255\n" + b"0 " * 12


def jpeg2000(side: int = 8000) -> bytes:
    """A JPEG 2000 of a few bytes in precincts of 2 x 2 px, which takes gigabytes to decode."""
    size = struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, side, side, 0, 0, 1) + b"\x07\x01\x01"
    style = b"\x01\x00\x00\x01\x00\x00\x04\x04\x00\x01\x11"  # no decomposition, precincts of 2 x 2
    parts = [(0x51, size), (0x52, style), (0x5C, b"\x40\x40")]
    marked = [struct.pack(">BBH", 0xFF, mark, len(body) + 2) + body for mark, body in parts]
    tile = b"\xff\x90\x00\x0a" + struct.pack(">HIBB", 0, 0, 0, 1) + b"\xff\x93"
    return b"\xff\x4f" + b"".join(marked) + tile + bytes(60) + b"\xff\xd9"


def webp_canvas(width: int, height: int) -> bytes:
    """An animated WebP of a few bytes on a large canvas."""
    frame = saved(Image.new("RGBA", (16, 16)), "WEBP", lossless=True)[12:]
    place = b"".join(number.to_bytes(3, "little") for number in (0, 0, 15, 15, 100)) + b"\0"
    canvas = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    chunks = [(b"VP8X", b"\x12\0\0\0" + canvas), (b"ANIM", bytes(6)), (b"ANMF", place + frame)]
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body
