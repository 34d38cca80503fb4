"""The hub as this process is set up to use it, and what it means when it says no.

`huggingface_hub` reads its environment when it is imported; here it is read at each use, so a
server follows the environment that it runs in.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from heedmap.errors import CheckpointError, DownloadError, HeedmapError

PUBLIC = "https://huggingface.co"
TRUE = {"1", "ON", "YES", "TRUE"}
NO_NETWORK_NEEDED = "or choose a bundled model, which needs no network"


@dataclass(frozen=True)
class Hub:
    """Where checkpoints come from.

    Attributes:
        endpoint: address of the hub, from HF_ENDPOINT.
        cache: the hub's own cache folder, from HF_HUB_CACHE or HF_HOME.
        token: of the account, from HF_TOKEN or `hf auth login`; None without one.
        offline: whether HF_HUB_OFFLINE forbids any request.
    """

    endpoint: str
    cache: Path
    token: str | None
    offline: bool

    @property
    def host(self) -> str:
        """The hub's name in messages."""
        return urlsplit(self.endpoint).netloc or self.endpoint

    @property
    def api(self) -> Any:
        """A client of the hub's interface."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.token or False)


def current() -> Hub:
    """The hub as the environment has it now."""
    from huggingface_hub import get_token

    env = os.environ
    return Hub(
        endpoint=(env.get("HF_ENDPOINT") or PUBLIC).rstrip("/"),
        cache=_cache_folder(),
        token=env.get("HF_TOKEN") or get_token(),
        offline=any(
            env.get(name, "").upper() in TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        ),
    )


def _cache_folder() -> Path:
    """The same folder that `huggingface_hub` would find."""
    env = os.environ
    own = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE")
    if own:
        return _expanded(own)
    home = env.get("HF_HOME") or os.path.join(
        env.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    return _expanded(home) / "hub"


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(path)))


def explain(error: BaseException, name: str, repo: str, hub: Hub) -> HeedmapError:
    """One sentence with a way out for whatever went wrong while fetching `repo`."""
    import httpx2
    from huggingface_hub import errors as hf

    if isinstance(error, HeedmapError):
        return error
    if isinstance(error, hf.OfflineModeIsEnabled):  # since the process started
        return offline(name)
    if isinstance(error, hf.GatedRepoError):
        return _gated(name, repo, hub)
    if isinstance(error, hf.RepositoryNotFoundError | hf.HFValidationError):
        return DownloadError(
            f"{hub.host} has no public model {repo!r}: check the id, or set HF_TOKEN to a token "
            "that may read it if it is private."
        )
    if isinstance(error, hf.RevisionNotFoundError):
        return DownloadError(
            f"{repo} has no such revision on {hub.host}: check what follows the @."
        )
    if isinstance(error, hf.EntryNotFoundError):
        return missing(name, repo, str(error).rsplit("/", 1)[-1].strip(" ."))
    if isinstance(error, hf.HfHubHTTPError):
        return _refused(error.response.status_code, name, hub)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(name)
    if isinstance(error, PermissionError):
        return DownloadError(
            f"{name} cannot be stored: the hub's cache folder is read-only, so point HF_HOME to a "
            "folder that can be written."
        )
    if isinstance(error, OSError | httpx2.HTTPError):
        return DownloadError(
            f"{hub.host} cannot be reached to fetch {name}: check the network and HF_ENDPOINT, "
            f"{NO_NETWORK_NEEDED}."
        )
    return no_hub(hub)


def no_hub(hub: Hub) -> DownloadError:
    """Something answers, and not as a hub would."""
    return DownloadError(
        f"{hub.host} does not answer as a hub does: check that HF_ENDPOINT is the address of one."
    )


def broken_off(name: str, have: int, size: int) -> DownloadError:
    """The connection was lost again and again."""
    return DownloadError(
        f"The download of {name} broke off at {have / 1e6:.1f} of {size / 1e6:.1f} MB: try again, "
        "it goes on from there."
    )


def damaged(name: str, file: str) -> DownloadError:
    """Other bytes than the hub has."""
    return DownloadError(
        f"{file} of {name} arrived damaged, its checksum is not the hub's: try again, it is "
        "fetched anew."
    )


def offline(name: str) -> DownloadError:
    """Not there, and not to be fetched."""
    return DownloadError(
        f"{name} is not on this machine and HF_HUB_OFFLINE forbids to fetch it: unset it, "
        f"{NO_NETWORK_NEEDED}."
    )


def missing(name: str, repo: str, file: str) -> CheckpointError:
    """A repository without a file that is needed."""
    return CheckpointError(
        f"{name} cannot be loaded, {repo} lacks {file}: choose another checkpoint of this model."
    )


def pickled(name: str, file: str) -> CheckpointError:
    """Weights that run code when they are opened."""
    return CheckpointError(
        f"{name} has its weights only as {file}, a pickled file, which can run code when it is "
        "opened: if you trust it, download it, convert it with "
        f"`python -m heedmap.models.convert {file}` and load the result from HEEDMAP_MODELS."
    )


def disk_full(name: str) -> DownloadError:
    """No room in the cache folder."""
    return DownloadError(
        f"There is no room on the disk for {name}: free some, or point HF_HOME to a larger disk."
    )


def _gated(name: str, repo: str, hub: Hub) -> DownloadError:
    page = f"{hub.endpoint}/{repo}"
    if hub.token:
        return DownloadError(
            f"{name} is gated and the account of HF_TOKEN has no access yet: accept its licence at "
            f"{page}, then try again."
        )
    return DownloadError(
        f"{name} is gated: accept its licence at {page}, then set HF_TOKEN to a read token from "
        f"{hub.endpoint}/settings/tokens."
    )


def _refused(status: int, name: str, hub: Hub) -> DownloadError:
    if status in (401, 403):
        return DownloadError(
            f"{hub.host} refuses access to {name}: check the token in HF_TOKEN, or unset it."
        )
    return DownloadError(
        f"{hub.host} answers with error {status} for {name}: try again in a few minutes, "
        f"{NO_NETWORK_NEEDED}."
    )
