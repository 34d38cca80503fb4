"""Checkpoints from the hub into the hub's own cache folder: byte by byte, resumed after a break.

`huggingface_hub` starts a broken file anew and reports every 10 MB, or, where hf_xet is installed,
by another way than HF_ENDPOINT. So the bytes of a file are fetched here, over plain HTTP, into the
place where the hub's cache keeps them; the hub's own client then takes note of the file, and every
other program finds it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedmap.models.catalogue import policy
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import hub as hubs
from heedmap.models.files.hub import Hub

Report = Callable[[str, int, int], None]  # phase, bytes done, bytes in all

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED = re.compile(
    r"(pytorch_model.*\.bin|.*\.(pt|pth|ckpt|pkl)|pytorch_model.*\.bin\.index\.json)$"
)
SMALL = re.compile(
    r"(config|preprocessor_config|processor_config|tokenizer|tokenizer_config|special_tokens_map"
    r"|vocab|added_tokens)\.json|merges\.txt|.*\.model"
)
CONVERTED = "heedmap-safetensors"  # the cache's own name for a conversion that was taken
CONVERTER, CONVERSION = "SFconvertbot", "Adding `safetensors` variant of this model"

PARTIAL, NOT_SATISFIABLE = 206, 416  # HTTP: a range as asked for; none that the file has
ATTEMPTS = 6  # connections in a row that bring nothing
TIMEOUT = 20.0  # s without a byte


@dataclass(frozen=True)
class Listing:
    """What a repository holds at a revision.

    Attributes:
        revision: where the files are taken from.
        sizes: bytes of each file by name.
        licence: what the model's card says, "" where it says nothing.
        gated: whether a licence has to be accepted first.
    """

    revision: str
    sizes: dict[str, int]
    licence: str = ""
    gated: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of the files that would be fetched."""
        return sum(self.sizes[name] for name in wanted(self.sizes))


def fetch(model: Model, report: Report) -> Path:
    """The folder that holds the files of a model, fetched where they are not there yet.

    What the cache holds is used as it is, without a question to the hub.

    Raises:
        DownloadError: not reachable, refused, broken off, or not permitted by the host.
        CheckpointError: the repository has no safetensors file.
    """
    hub = hubs.current()
    there = cached(model, hub)
    if there is not None:
        return there
    if hub.offline:
        raise hubs.offline(model.title)
    try:
        report("Asking the hub", 0, 0)
        found = _with_weights(model, _list(model.repo, model.revision, hub), hub)
        return _fetch_all(model, found, hub, report)
    except Exception as error:
        raise hubs.explain(error, model.title, model.repo, hub) from error


def config(model: Model) -> dict[str, Any]:
    """The config.json of a model on the hub, from the cache or fetched.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    hub = hubs.current()
    path = _in_cache(model.repo, "config.json", model.revision, hub)
    try:
        if path is None:
            if hub.offline:
                raise hubs.offline(model.title)
            path = _File(model, "config.json", model.revision, hub).fetch(lambda done: None)
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise hubs.missing(model.title, model.repo, "a config.json that can be read") from error
    except Exception as error:
        raise hubs.explain(error, model.title, model.repo, hub) from error
    return said


def listing(model: Model) -> Listing | None:
    """What the hub says of a model, None where it is in the cache or nothing may be asked.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    hub = hubs.current()
    if hub.offline or cached(model, hub):
        return None
    try:
        return _with_weights(model, _list(model.repo, model.revision, hub), hub)
    except Exception as error:
        raise hubs.explain(error, model.title, model.repo, hub) from error


def cached(model: Model, hub: Hub | None = None) -> Path | None:
    """The folder of a model that is on this machine already, None where something is missing."""
    hub = hub or hubs.current()
    for revision in (model.revision, CONVERTED) if model.revision == "main" else (model.revision,):
        path = _in_cache(model.repo, WEIGHTS, revision, hub)
        shards = [path] if path else _cached_shards(model.repo, revision, hub)
        whole = model.architecture and model.library == "timm"
        if shards and (whole or _in_cache(model.repo, "config.json", revision, hub)):
            return shards[0].parent
    return None


def _cached_shards(repo: str, revision: str, hub: Hub) -> list[Path]:
    index = _in_cache(repo, INDEX, revision, hub)
    if index is None:
        return []
    found = [_in_cache(repo, name, revision, hub) for name in shard_names(index)]
    return [path for path in found if path] if all(found) else []


def shard_names(index: Path) -> list[str]:
    """The weights files that an index names, in order; all of them beside it."""
    names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return sorted({Path(name).name for name in names})


def _in_cache(repo: str, name: str, revision: str, hub: Hub) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repo, name, cache_dir=hub.cache, revision=revision)
    return Path(path) if isinstance(path, str) else None


def _repo_folder(repo: str, hub: Hub) -> Path:
    return hub.cache / f"models--{repo.replace('/', '--')}"


def _list(repo: str, revision: str, hub: Hub) -> Listing:
    info = hub.api.model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    licence = getattr(info.card_data, "license", None) or ""
    return Listing(revision, sizes, str(licence), bool(info.gated))


def _with_weights(model: Model, listing: Listing, hub: Hub) -> Listing:
    """The listing itself, or that of the hub's own conversion to safetensors.

    Transformers looks for the same pull request; only the converter's is taken.
    """
    if WEIGHTS in listing.sizes or INDEX in listing.sizes:
        return listing
    pickles = sorted(name for name in listing.sizes if PICKLED.match(name))
    if not pickles:
        raise hubs.missing(model.title, model.repo, WEIGHTS)
    for request in hub.api.get_repo_discussions(model.repo, author=CONVERTER):
        if request.is_pull_request and request.author == CONVERTER and request.title == CONVERSION:
            converted = _list(model.repo, f"refs/pr/{request.num}", hub)
            if WEIGHTS in converted.sizes or INDEX in converted.sizes:
                return converted
    raise hubs.pickled(model.title, pickles[0])


def wanted(sizes: dict[str, int]) -> list[str]:
    """The small files first, so that weights in the cache mean that all is there."""
    small = sorted(name for name in sizes if SMALL.fullmatch(name))
    if WEIGHTS in sizes:
        return [*small, WEIGHTS]
    shards = sorted(name for name in sizes if re.fullmatch(r"model-\d+-of-\d+\.safetensors", name))
    return [*small, *(name for name in (INDEX,) if name in sizes), *shards]


def _fetch_all(model: Model, listing: Listing, hub: Hub, report: Report) -> Path:
    total = listing.nbytes
    policy.check_size(model, total)
    hub.cache.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(hub.cache).free < total:
        raise hubs.disk_full(model.title)
    before, path = 0, hub.cache
    for name in wanted(listing.sizes):
        file = _File(model, name, listing.revision, hub)
        path = file.fetch(lambda done, before=before: report("Downloading", before + done, total))  # type: ignore[misc]
        before += listing.sizes[name]
    if listing.revision != model.revision:
        ref = _repo_folder(model.repo, hub) / "refs" / CONVERTED
        ref.write_text(path.parent.name, encoding="utf-8")
    return path.parent


@dataclass(frozen=True)
class _File:
    """One file of a repository on its way into the hub's cache."""

    model: Model
    name: str
    revision: str
    hub: Hub

    def fetch(self, report: Callable[[int], None]) -> Path:
        """The file's place in the cache; `report` is told how many bytes are there."""
        from filelock import FileLock
        from huggingface_hub import hf_hub_download

        etag, size = self._about()
        folder = _repo_folder(self.model.repo, self.hub)
        blob = folder / "blobs" / etag
        lock = self.hub.cache / ".locks" / folder.name / f"{etag}.heedmap.lock"
        for parent in (blob.parent, lock.parent):
            parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if not blob.exists():
                part = blob.with_name(f"{etag}.heedmap.incomplete")
                self._stream(part, size, report)
                self._verify(part, etag)
                os.replace(part, blob)
        report(size)
        return Path(
            hf_hub_download(
                self.model.repo,
                self.name,
                revision=self.revision,
                endpoint=self.hub.endpoint,
                cache_dir=self.hub.cache,
                token=self.hub.token or False,
            )
        )

    @property
    def _url(self) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(
            self.model.repo, self.name, revision=self.revision, endpoint=self.hub.endpoint
        )

    def _about(self) -> tuple[str, int]:
        """The name that the cache gives to the file's content, and its size."""
        from huggingface_hub import get_hf_file_metadata

        token = self.hub.token or False
        about = get_hf_file_metadata(self._url, token=token, timeout=TIMEOUT)
        if about.etag is None or about.size is None or about.commit_hash is None:
            raise hubs.no_hub(self.hub)
        return about.etag, about.size

    def _stream(self, part: Path, size: int, report: Callable[[int], None]) -> None:
        """Fetch what `part` lacks of `size` bytes; a broken connection is taken up again."""
        import httpx2

        idle = 0
        have = part.stat().st_size if part.exists() else 0
        while have != size:
            if have > size or not part.exists():
                part.write_bytes(b"")
            before, have = have, part.stat().st_size
            with suppress(httpx2.TransportError):
                self._append(part, have, report)
            have = part.stat().st_size
            idle = idle + 1 if have == before else 0
            if idle == ATTEMPTS:
                raise hubs.broken_off(self.model.title, have, size)
            if idle:
                time.sleep(0.1 * 2**idle)

    def _append(self, part: Path, have: int, report: Callable[[int], None]) -> None:
        """One connection: from byte `have` on, as far as it goes."""
        from huggingface_hub.utils import (  # type: ignore[attr-defined]
            build_hf_headers,
            get_session,
            hf_raise_for_status,
        )

        headers = build_hf_headers(token=self.hub.token or False)
        headers |= {"Accept-Encoding": "identity", "Range": f"bytes={have}-"}
        ask = get_session().stream(
            "GET", self._url, headers=headers, timeout=TIMEOUT, follow_redirects=True
        )
        with ask as answer:
            if answer.status_code == NOT_SATISFIABLE:
                part.write_bytes(b"")
                return
            hf_raise_for_status(answer)
            if answer.status_code != PARTIAL:
                have = 0  # the whole file comes, whatever was asked for
            with part.open("r+b") as file:
                file.truncate(have)
                file.seek(have)
                for chunk in answer.iter_bytes():
                    file.write(chunk)
                    have += len(chunk)
                    report(have)

    def _verify(self, part: Path, etag: str) -> None:
        """Large files are named by their SHA-256."""
        if not re.fullmatch(r"[0-9a-f]{64}", etag):
            return
        with part.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == etag:
                return
        part.unlink()
        raise hubs.damaged(self.model.title, self.name)
