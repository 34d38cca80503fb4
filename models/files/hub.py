"""One sentence with a remedy for each way in which the hub can fail.

Address, cache folder, token and offline mode are those of the hub's own client (HF_ENDPOINT,
HF_HOME, HF_TOKEN, HF_HUB_OFFLINE), which reads its environment when it is imported.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import urlsplit

from heedmap.errors import CheckpointError, DownloadError, HeedmapError
from heedmap.languages import Phrase
from heedmap.models.catalogue import names

NO_NETWORK_NEEDED = Phrase("or choose a bundled model, which needs no network")


class Counted(Protocol):
    """Something that knows how many bytes it has."""

    @property
    def done(self) -> int: ...


@contextmanager
def explained(name: str, repo: str) -> Iterator[None]:
    """Turn any error while fetching `repo` into one sentence.

    Raises:
        DownloadError, CheckpointError: what went wrong, and the remedy.
    """
    from huggingface_hub import constants

    try:
        if constants.is_offline_mode():
            raise offline(name)
        yield
    except HeedmapError:
        raise
    except Exception as error:
        raise _explain(error, name, repo) from error


@contextmanager
def broken_off(name: str, counter: Counted, nbytes: int) -> Iterator[None]:
    """Say how far a download came whose connection was lost for good.

    Raises:
        DownloadError: it broke off after its first byte.
    """
    import httpx2

    try:
        yield
    except (httpx2.TransportError, OSError, RuntimeError) as error:
        if not counter.done or getattr(error, "errno", None) or hasattr(error, "response"):
            raise
        raise DownloadError(
            "The download of {name} broke off at {done:.1f} of {nbytes:.1f} MB: try again.",
            name=name,
            done=counter.done / 1e6,
            nbytes=nbytes / 1e6,
        ) from error


def _host() -> str:
    """The hub's name in messages."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc or str(constants.ENDPOINT)


def _explain(error: BaseException, name: str, repo: str) -> HeedmapError:
    import httpx2
    from huggingface_hub import errors as hf

    if isinstance(error, hf.LocalEntryNotFoundError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, hf.GatedRepoError):
        return _gated(name, repo)
    if isinstance(error, hf.RepositoryNotFoundError | hf.HFValidationError):
        close = names.near(repo)
        close = Phrase(" (near it: {close})", close=close) if close else ""
        return DownloadError(
            "{host} has no public model {repo!r}: check the id{close}, or set HF_TOKEN to a "
            "token that may read it if it is private.",
            host=_host(),
            repo=repo,
            close=close,
        )
    if isinstance(error, hf.RevisionNotFoundError):
        return DownloadError(
            "{repo} has no such revision on {host}: check what follows the @.",
            repo=repo,
            host=_host(),
        )
    if isinstance(error, hf.EntryNotFoundError):
        return missing(name, repo, str(error).rsplit("/", 1)[-1].strip(" ."))
    if isinstance(error, hf.HfHubHTTPError):
        return _refused(error.response.status_code, name)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(name)
    if isinstance(error, PermissionError):
        return DownloadError(
            "{name} cannot be stored: the hub's cache folder is read-only, so point HF_HOME to "
            "a folder that can be written.",
            name=name,
        )
    if isinstance(error, OSError | httpx2.HTTPError | RuntimeError):  # the last from Xet
        return DownloadError(
            "{host} cannot be reached to fetch {name}: check the network and HF_ENDPOINT, "
            "{instead}.",
            host=_host(),
            name=name,
            instead=NO_NETWORK_NEEDED,
        )
    return _no_hub()


def _no_hub() -> DownloadError:
    return DownloadError(
        "{host} does not answer as a hub does: check that HF_ENDPOINT is the address of one.",
        host=_host(),
    )


def offline(name: str) -> DownloadError:
    """Not there, and not to be fetched."""
    return DownloadError(
        "{name} is not on this machine and HF_HUB_OFFLINE forbids to fetch it: unset it, "
        "{instead}.",
        name=name,
        instead=NO_NETWORK_NEEDED,
    )


def missing(name: str, repo: str, file: str) -> CheckpointError:
    """A repository without a file that is needed."""
    return CheckpointError(
        "{name} cannot be loaded, {repo} lacks {file}: choose another checkpoint of this model.",
        name=name,
        repo=repo,
        file=file,
    )


def pickled(name: str, file: str) -> CheckpointError:
    """Weights that run code when they are opened."""
    return CheckpointError(
        "{name} has its weights only as {file}, a pickled file, which can run code when it is "
        "opened: if you trust it, download it, convert it with `heedmap convert {file}` and "
        "load the result from HEEDMAP_MODELS.",
        name=name,
        file=file,
    )


def disk_full(name: str) -> DownloadError:
    """No room in the cache folder."""
    return DownloadError(
        "There is no room on the disk for {name}: free some, or point HF_HOME to a larger disk.",
        name=name,
    )


def _gated(name: str, repo: str) -> DownloadError:
    from huggingface_hub import constants, get_token

    page = f"{constants.ENDPOINT}/{repo}"
    if get_token():
        return DownloadError(
            "{name} is gated and the account of HF_TOKEN has no access yet: accept its licence "
            "at {page}, then try again.",
            name=name,
            page=page,
        )
    return DownloadError(
        "{name} is gated: accept its licence at {page}, then set HF_TOKEN to a read token from "
        "{endpoint}/settings/tokens.",
        name=name,
        page=page,
        endpoint=constants.ENDPOINT,
    )


def _refused(status: int, name: str) -> DownloadError:
    if status in (401, 403):
        return DownloadError(
            "{host} refuses access to {name}: check the token in HF_TOKEN, or unset it.",
            host=_host(),
            name=name,
        )
    return DownloadError(
        "{host} answers with error {status} for {name}: try again in a few minutes, {instead}.",
        host=_host(),
        status=status,
        name=name,
        instead=NO_NETWORK_NEEDED,
    )
