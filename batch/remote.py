"""Photos on another file system, such as a bucket of S3, by fsspec.

Credentials, region and endpoint are read from the environment by the client itself; see
`store.bucket`.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator

from heedmap.errors import ImageError, SettingError, short
from heedmap.viz.photo.limits import MAX_BYTES, check_bytes


def is_remote(path: str) -> bool:
    """Whether a path is an address, such as s3://BUCKET/photos."""
    return "://" in path


def listed(source: str) -> Iterator[tuple[str, str]]:
    """Every file below an address, or that a pattern matches: its path from there, its address.

    Raises:
        SettingError: a library is missing, or it cannot be listed.
    """
    try:
        import fsspec

        files, start = fsspec.url_to_fs(source)
        names = files.glob(start) if glob.has_magic(start) else files.find(start)
    except ImportError as error:
        raise SettingError(
            f"{short(source)} needs another library ({error}): pip install -r "
            "requirements-cluster.txt."
        ) from error
    except Exception as error:  # any error of a client
        raise SettingError(
            f"{short(source)} cannot be listed ({type(error).__name__}: {str(error)[:120]}): check "
            "the address and the credentials."
        ) from error
    base = re.split(r"[^/]*[*?[]", start)[0]
    for path in names:
        yield path.removeprefix(base).lstrip("/"), files.unstrip_protocol(path)


def fetched(address: str, name: str) -> bytes:
    """The bytes of a file, called `name` in sentences.

    Raises:
        ImageError: it cannot be fetched, or is too large.
    """
    import fsspec

    try:
        with fsspec.open(address, "rb") as file:
            data: bytes = file.read(MAX_BYTES + 1)
    except Exception as error:  # any error of a client
        raise ImageError(f"{name} cannot be fetched ({type(error).__name__}): try again.") from None
    check_bytes(len(data), name)
    return data
