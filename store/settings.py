"""What the environment says of the store; an empty value counts as not set."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from heedmap.errors import SettingError, short
from heedmap.store.folder import Folder
from heedmap.store.objects import Store
from heedmap.store.place import Place

DAY = 86_400.0
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """Where the store is, and its bounds."""

    where: str  # a folder, or s3://BUCKET/PREFIX
    nbytes: int
    days: float


def from_environment() -> Settings:
    """What the environment says.

    Raises:
        SettingError: a value that cannot be used.
    """
    return Settings(_where(), int(_gigabytes() * 1e9), days_kept())


def check_environment() -> list[str]:
    """One sentence for each variable with a value that cannot be used; call it at the start."""
    problems: list[str] = []
    reads: tuple[Callable[[], object], ...] = (_checked_place, _gigabytes, days_kept)
    for read in reads:
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    return problems


def shared() -> Store:
    """The store of this process.

    Raises:
        SettingError: as `from_environment`.
    """
    return _opened(from_environment())


def days_kept() -> float:
    """How many days an object is kept after its last use.

    Raises:
        SettingError: a value that cannot be used.
    """
    return _number("HEEDMAP_KEEP_DAYS", 90.0, "days above 0, such as 30")


def _gigabytes() -> float:
    return _number("HEEDMAP_STORE_GB", 2.0, "GB above 0, such as 2.5")


@cache
def _opened(settings: Settings) -> Store:
    return Store(_place(settings.where), settings.nbytes, settings.days * DAY)


def _place(where: str) -> Place:
    if not where.startswith("s3://"):
        return Folder(Path(where))
    from heedmap.store.bucket import Bucket

    return Bucket(where)


def _where() -> str:
    value = os.environ.get("HEEDMAP_STORE", "").strip()
    if "://" in value and not _S3.fullmatch(value):
        raise SettingError(
            f"HEEDMAP_STORE={short(value)} is no place for photos: set it to a folder or to "
            "s3://BUCKET/PREFIX."
        )
    return value if "://" in value else str(Path(value).expanduser() if value else _default())


def _checked_place() -> None:
    """Refuse a place that is named and cannot be used; the default folder may turn out later."""
    where = _where()
    if where.startswith("s3://"):
        if find_spec("s3fs") is None:
            raise SettingError(
                f"HEEDMAP_STORE={short(where)} needs s3fs: run "
                "`pip install -r requirements-s3.txt`, or name a folder."
            )
    elif os.environ.get("HEEDMAP_STORE", "").strip():
        _check_folder(Path(where))


def _check_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError:
        raise SettingError(
            f"HEEDMAP_STORE={short(str(path))} is not a folder that this server can write: name "
            "another, or change its permissions."
        ) from None


def _default() -> Path:
    """A folder of the user's data directory, where each system has it."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "heedmap" / "photos"


def _number(name: str, default: float, wanted: str) -> float:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise SettingError(f"{name}={short(value)} is out of range: set it to {wanted}.")
    return number
