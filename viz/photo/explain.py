"""The sentence for a file that cannot be decoded: no picture, not supported, or damaged."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

from heedmap.errors import ImageError
from heedmap.languages import Phrase
from heedmap.viz.photo.limits import too_many_pixels
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

FILE_TYPES = Phrase("JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP")
_SIGNATURES = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG",
    "GIF": rb"GIF8",
    "WEBP": rb"RIFF....WEBP",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "AVIF": rb"....ftypavi",
    "HEIF": rb"....ftyp(?:hei|hev|mif|msf)",
}
# What Pillow's plugins say about pixels that they recognise but cannot decode.
_NOT_SUPPORTED = re.compile(
    r"unsupported|not supported|cannot handle|unknown pixel mode", re.IGNORECASE
)
# What every build of Pillow decodes: none, CCITT, LZW, JPEG, Deflate, PackBits.
_USUAL_IN_TIFF = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
# How HEIC's container lists an image in a codec other than HEVC.
_FOREIGN_IN_HEIF = re.compile(
    rb"infe[\x02\x03].{3}.{4,6}?(av01|vvc1|j2k1|unci|avc1|evc1|jpeg)", re.DOTALL
)
_COMPRESSION = 259  # TIFF tag


@contextmanager
def explained(data: bytes, name: str) -> Iterator[None]:
    """Turn any error of a decoder into one sentence.

    Decoders fail in a dozen ways (OSError, SyntaxError, struct.error, ...), and their texts name
    objects by their address, which does not help a visitor.

    Raises:
        ImageError: in place of any other error.
    """
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise too_many_pixels(name, int(pixels.group()) if pixels else None) from None
    except MemoryError:
        raise out_of_memory(name) from None
    except Exception as error:
        raise _sentence(data, name, error) from None


def out_of_memory(name: str) -> ImageError:
    """Return the error for a photo that does not fit into the memory."""
    limit = _memory_limit()
    if limit is None:
        return ImageError(
            "{name} takes more memory to decode than there is: make the picture smaller.", name=name
        )
    return ImageError(
        "{name} takes more than {limit:.2g} GB of memory to decode, which is the limit: make the "
        "picture smaller.",
        name=name,
        limit=limit / 1e9,
    )


def _memory_limit() -> int | None:
    """Bytes that this process may use, None without a limit."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    except (ImportError, AttributeError):
        return None
    return None if limit == resource.RLIM_INFINITY else limit


def _sentence(data: bytes, name: str, error: Exception) -> ImageError:
    if "memory" in str(error).lower():
        return out_of_memory(name)
    file = Phrase("{name} ({size:,} bytes)", name=name, size=len(data)) if data else name
    kind = _kind(data)
    if isinstance(error, UnidentifiedImageError):
        if not kind:
            return ImageError(
                "{file} is not a picture that can be read: choose a {types} file.",
                file=file,
                types=FILE_TYPES,
            )
        error = _own_error(data, kind) or error
    if foreign := _not_supported(data, kind, error):
        return ImageError(
            "{file} is damaged, or cannot be decoded here ({foreign}): save it as JPEG or PNG.",
            file=file,
            foreign=foreign,
        )
    return ImageError("{file} breaks off or is damaged: copy or download it again.", file=file)


def _kind(data: bytes) -> str:
    """The format that the first bytes announce, or ""."""
    return next(
        (kind for kind, start in _SIGNATURES.items() if re.match(start, data, re.DOTALL)), ""
    )


def _own_error(data: bytes, kind: str) -> Exception | None:
    """The error of the format's own plugin, which `Image.open` hides."""
    try:
        Image.OPEN[kind][0](io.BytesIO(data), "")
    except Exception as error:
        return error
    return None


def _not_supported(data: bytes, kind: str, error: Exception) -> str:
    """What this build would need to decode an intact file, or ""."""
    if kind in ("AVIF", "HEIF", "WEBP") and kind not in Image.OPEN:
        return kind
    if kind == "HEIF" and (codec := _FOREIGN_IN_HEIF.search(data)):
        return Phrase("the codec {name}", name=codec[1].decode())
    if kind == "TIFF" and (code := _compression(data)) not in _USUAL_IN_TIFF:
        name = TiffImagePlugin.COMPRESSION_INFO.get(code, code)
        return Phrase("TIFF compression {name}", name=name)
    if _NOT_SUPPORTED.search(str(error)):
        return str(error)[:60]
    return ""


def _compression(data: bytes) -> int:
    """The TIFF's compression, 1 (none) where it is unknown."""
    try:
        fp = io.BytesIO(data)
        directory = TiffImagePlugin.ImageFileDirectory_v2(fp.read(8))
        fp.seek(directory.next)
        directory.load(fp)
        return int(directory[_COMPRESSION])
    except Exception:
        return 1
