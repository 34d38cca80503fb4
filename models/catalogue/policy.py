"""What the host of the app permits: which models, how large, how much memory for them.

All of it comes from the environment and is read each time it is asked for; an empty value counts
as not set. Streamlit turns the text and numbers at the root of `.streamlit/secrets.toml` into
environment variables, so the same names work there; write yes and no in quotes, since it leaves
TOML's booleans out.

    HEEDMAP_ALLOW       ids that visitors may load, separated by commas; * and ? match any letters.
                        Bundled models are always allowed. Default: all.
    HEEDMAP_PASTED_IDS  "no" keeps visitors from loading any id of the hub that they paste.
                        Default: "yes".
    HEEDMAP_MAX_GB      largest download of one model, in GB of 10^9 bytes. Default: no limit.
    HEEDMAP_CACHE_GB    memory for loaded models, in GB. Default: half of what is free at the start.
    HEEDMAP_MODELS      a folder of checkpoints of your own, see `model_toml`. Default: none.
    HEEDMAP_TRUST_LOCAL_CODE
                        "yes" lets a model.toml in that folder name code to run. Default: "no".
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

from heedmap.errors import ForbiddenError, SettingError, short
from heedmap.models.catalogue.entries import Model

GB = 1e9
YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def allowed(model: Model) -> bool:
    """Whether the host lets visitors load a model."""
    if model.bundled:
        return True
    patterns = [p for p in re.split(r"[,\s]+", os.environ.get("HEEDMAP_ALLOW", "")) if p]
    if any(fnmatchcase(model.id, pattern) for pattern in patterns):
        return True
    return not patterns and (not model.pasted or pasted_ids())


def check_environment() -> list[str]:
    """One sentence for each variable with a value that cannot be used; call it at the start."""
    problems = []
    for read in (pasted_ids, max_bytes, cache_bytes, models_folder, local_code):
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    return problems


def pasted_ids() -> bool:
    """Whether visitors may load any id of the hub."""
    return _yes("HEEDMAP_PASTED_IDS", default=True)


def local_code() -> bool:
    """Whether the host's own model.toml may name code to run."""
    return _yes("HEEDMAP_TRUST_LOCAL_CODE", default=False)


def models_folder() -> Path | None:
    """The folder of the host's own models, None if it is not set.

    Raises:
        SettingError: a value that is not a folder.
    """
    value = os.environ.get("HEEDMAP_MODELS", "").strip()
    if not value:
        return None
    try:
        folder = Path(value).expanduser()
        if folder.is_dir():
            return folder
    except (OSError, RuntimeError):  # too long, no such user
        pass
    raise SettingError(
        "HEEDMAP_MODELS={value} is not a folder: set it to the folder that holds your models.",
        value=short(value),
    )


def max_bytes() -> int | None:
    """The largest download that the host permits, None for any."""
    return _gigabytes("HEEDMAP_MAX_GB")


def cache_bytes() -> int | None:
    """The memory that the host gives to loaded models, None if not set."""
    return _gigabytes("HEEDMAP_CACHE_GB")


def check(model: Model) -> None:
    """Ask before a model is loaded.

    Raises:
        ForbiddenError: the host does not permit this model, or not one of this size.
    """
    if not allowed(model):
        raise ForbiddenError(
            "The host of this app does not offer {id}: choose a model from the list, or add "
            "the id to HEEDMAP_ALLOW.",
            id=model.id,
        )
    if model.folder is None:
        check_size(model, model.download_bytes)


def check_size(model: Model, nbytes: int) -> None:
    """Ask before `nbytes` are downloaded.

    Raises:
        ForbiddenError: more than the host permits.
    """
    limit = max_bytes()
    if limit is not None and nbytes > limit:
        raise ForbiddenError(
            "{title} is a download of {nbytes} and the host of this app permits {limit}: "
            "choose a smaller model, or raise HEEDMAP_MAX_GB.",
            title=model.title,
            nbytes=size(nbytes),
            limit=size(limit),
        )


def size(nbytes: int) -> str:
    """Bytes for people, in MB or GB of the decimal system."""
    if nbytes >= GB:
        return f"{nbytes / GB:.2f} GB"
    return f"{nbytes / 1e6:.{0 if nbytes >= 1e7 else 1}f} MB"


def available_bytes() -> int:
    """Memory that is free for use now: of the machine, or of the container where that is less."""
    found = [room for room in (_meminfo(), _cgroup()) if room is not None]
    return min(found) if found else _half_of_physical()


def _yes(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip()
    if value and value.lower() not in YES | NO:
        raise SettingError(
            "{name}={value} is neither yes nor no: set one of them.", name=name, value=short(value)
        )
    return value.lower() in YES if value else default


def _gigabytes(name: str) -> int | None:
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise SettingError(
            "{name}={value} is not a size: set it to GB above 0, such as 2.5.",
            name=name,
            value=short(value),
        )
    return int(number * GB)


def _meminfo() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else None


def _cgroup() -> int | None:
    """What the container's limit (control groups, version 2) leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return max(0, int(limit) - used) if limit.isdigit() else None


def _half_of_physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return int(4 * GB)
