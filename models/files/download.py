"""Checkpoints from the hub, fetched by the hub's own client into its own cache folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedmap.languages import Phrase
from heedmap.models.catalogue import policy
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import hub
from heedmap.models.files.counter import Counter

Report = Callable[[str, int, int], None]  # phase, bytes done, bytes in all

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED = re.compile(
    r"((open_clip_)?pytorch_model.*\.bin|.*\.(pt|pth|th|ckpt|pkl|pth\.tar)|pytorch_model.*\.bin\.index\.json)$"
)
SMALL = re.compile(
    r"(config|preprocessor_config|processor_config|tokenizer|tokenizer_config|special_tokens_map"
    r"|vocab|added_tokens|open_clip_config)\.json|(merges|vocab)\.txt|.*\.model"
)
OPEN_CLIP, BOTH_TOWERS = "open_clip_config.json", "open_clip_model.safetensors"
CONVERTED = "heedmap-safetensors"  # our name in the cache for a conversion by the hub
CONVERTER, CONVERSION = "SFconvertbot", "Adding `safetensors` variant of this model"

TIMEOUT = 20.0  # s until the hub has to answer
CHUNK = 1 << 16  # bytes between two reports over plain HTTP; the client would report every 10 MB


@dataclass(frozen=True)
class Listing:
    """What a repository holds at a revision.

    Attributes:
        revision: where the files are taken from.
        sizes: bytes of each file by name.
        licence: what the model's card says, "" where it says nothing.
        gated: whether a licence has to be accepted first.
        weights: name of the file with the weights, where they are not in several.
    """

    revision: str
    sizes: dict[str, int]
    licence: str = ""
    gated: bool = False
    weights: str = WEIGHTS

    @property
    def has_weights(self) -> bool:
        """Whether there is a safetensors file, or several with their index."""
        return self.weights in self.sizes or INDEX in self.sizes

    @property
    def nbytes(self) -> int:
        """Bytes of the files that would be fetched."""
        return sum(self.sizes[name] for name in wanted(self.sizes, self.weights))


def fetch(model: Model, report: Report) -> Path:
    """The folder that holds the files of a model, fetched where they are not there yet.

    What the cache holds is used as it is, without a request to the hub.

    Raises:
        DownloadError: not reachable, refused, broken off, or not permitted by the host.
        CheckpointError: the repository has no safetensors file.
    """
    there = cached(model)
    if there is not None:
        return there
    with hub.explained(model.title, model.repo):
        report(Phrase("Asking the hub"), 0, 0)
        return _fetch_all(model, _with_weights(model, _list(model)), report)


def config(model: Model) -> dict[str, Any]:
    """The config.json of a model on the hub, from the cache or fetched.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    path = _in_cache(model.repo, "config.json", model.revision) or _fetch_config(model)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise hub.missing(model.title, model.repo, "a config.json that can be read")
    return said


def optional(model: Model, name: str) -> Path | None:
    """A small file of a model on the hub, from the cache or fetched; None where it has none.

    A hub that cannot be asked has none: what needs the file is then not offered.
    """
    from huggingface_hub import constants, errors

    there = _in_cache(model.repo, name, model.revision)
    if there or constants.is_offline_mode():
        return there
    try:
        return _fetch_file(model.repo, name, model.revision, None)
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError):
        return None


def both_towers(model: Model) -> Path | None:
    """open_clip's weights of both towers that are on this machine already, beside a model's."""
    if model.folder:
        own = model.folder / BOTH_TOWERS
        return own if own.is_file() else None
    return _in_cache(model.repo, BOTH_TOWERS, model.revision)


def both_towers_bytes(model: Model) -> int:
    """Size of the download that `fetch_both_towers` makes; 0 where it makes none.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    return 0 if both_towers(model) else _of_open_clip(model).sizes[BOTH_TOWERS]


def fetch_both_towers(model: Model, report: Report) -> Path:
    """open_clip's weights of both towers, fetched where they are not there yet.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    there = both_towers(model)
    if there:
        return there
    report(Phrase("Asking the hub"), 0, 0)
    listing = _of_open_clip(model)
    nbytes = listing.sizes[BOTH_TOWERS]
    with hub.explained(model.title, model.repo):
        _cache_with_room(model, nbytes)
        counter = Counter(lambda done: report(Phrase("Downloading"), done, nbytes))
        with hub.broken_off(model.title, counter, nbytes):
            return _fetch_file(model.repo, BOTH_TOWERS, listing.revision, counter)


def _of_open_clip(model: Model) -> Listing:
    """What a repository holds, open_clip's weights among it."""
    if model.folder:
        raise hub.missing(model.title, model.folder.name, BOTH_TOWERS)
    with hub.explained(model.title, model.repo):
        found = _list(model)
        if BOTH_TOWERS in found.sizes:
            return found
        pickled = next((each for each in found.sizes if each.startswith("open_clip_pytorch")), "")
        raise (
            hub.pickled(model.title, pickled)
            if pickled
            else hub.missing(model.title, model.repo, BOTH_TOWERS)
        )


def listing(model: Model) -> Listing | None:
    """What the hub says of a model, None where it is in the cache or the hub may not be asked.

    Raises:
        DownloadError, CheckpointError: as `fetch`.
    """
    from huggingface_hub import constants

    if constants.is_offline_mode() or cached(model):
        return None
    with hub.explained(model.title, model.repo):
        return _with_weights(model, _list(model))


def cached(model: Model) -> Path | None:
    """The folder of a model that is on this machine already, None where something is missing."""
    for revision in (model.revision, CONVERTED) if model.revision == "main" else (model.revision,):
        path = _in_cache(model.repo, model.weights, revision)
        shards = [path] if path else _cached_shards(model.repo, revision)
        whole = model.architecture and model.library == "timm"
        if shards and (whole or _in_cache(model.repo, "config.json", revision)):
            return shards[0].parent
    return None


def discard(path: Path) -> None:
    """Delete a file of the cache and its content, so that it is fetched again."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def wanted(sizes: dict[str, int], weights: str = WEIGHTS) -> list[str]:
    """The small files first, so that weights in the cache mean that all is there."""
    small = sorted(name for name in sizes if SMALL.fullmatch(name))
    if weights in sizes:
        return [*small, weights]
    shards = sorted(name for name in sizes if re.fullmatch(r"model-\d+-of-\d+\.safetensors", name))
    return [*small, *(name for name in (INDEX,) if name in sizes), *shards]


def shard_names(index: Path) -> list[str]:
    """The weights files that an index names, in order; all of them beside it."""
    names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return sorted({Path(name).name for name in names})


def _fetch_config(model: Model) -> Path:
    with hub.explained(model.title, model.repo):
        if "config.json" not in _list(model).sizes:  # asked first: it fails sooner than a file
            raise hub.missing(model.title, model.repo, "config.json")
        return _fetch_file(model.repo, "config.json", model.revision, None)


def _cached_shards(repo: str, revision: str) -> list[Path]:
    index = _in_cache(repo, INDEX, revision)
    if index is None:
        return []
    found = [_in_cache(repo, name, revision) for name in shard_names(index)]
    return [path for path in found if path] if all(found) else []


def _in_cache(repo: str, name: str, revision: str) -> Path | None:
    from huggingface_hub import constants, try_to_load_from_cache

    path = try_to_load_from_cache(repo, name, cache_dir=constants.HF_HUB_CACHE, revision=revision)
    return Path(path) if isinstance(path, str) else None


def _list(model: Model, revision: str = "") -> Listing:
    from huggingface_hub import HfApi

    revision = revision or model.revision
    info = HfApi().model_info(model.repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    licence = getattr(info.card_data, "license", None) or ""
    return Listing(revision, sizes, str(licence), bool(info.gated), model.weights)


def _with_weights(model: Model, listing: Listing) -> Listing:
    """The listing itself, or that of the hub's own conversion to safetensors.

    Transformers looks for the same pull request; only the converter's is taken.
    """
    from huggingface_hub import HfApi

    if listing.has_weights:
        return listing
    pickles = sorted(name for name in listing.sizes if PICKLED.match(name))
    if not pickles:
        raise hub.missing(model.title, model.repo, model.weights)
    for request in HfApi().get_repo_discussions(model.repo, author=CONVERTER):
        if request.is_pull_request and request.author == CONVERTER and request.title == CONVERSION:
            converted = _list(model, f"refs/pr/{request.num}")
            if converted.has_weights:
                return converted
    raise hub.pickled(model.title, pickles[0])


def _fetch_all(model: Model, listing: Listing, report: Report) -> Path:
    folder = _cache_with_room(model, listing.nbytes)
    counter = Counter(lambda done: report(Phrase("Downloading"), done, listing.nbytes))
    with hub.broken_off(model.title, counter, listing.nbytes):
        for name in wanted(listing.sizes, listing.weights):
            folder = _fetch_file(model.repo, name, listing.revision, counter).parent
            counter.next(listing.sizes[name])
    if listing.revision != model.revision:
        ref = folder.parents[1] / "refs" / CONVERTED
        ref.write_text(folder.name, encoding="utf-8")
    return folder


def _cache_with_room(model: Model, nbytes: int) -> Path:
    """The cache folder, where the host permits `nbytes` and the disk holds them."""
    from huggingface_hub import constants

    policy.check_size(model, nbytes)
    folder = Path(constants.HF_HUB_CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < nbytes:
        raise hub.disk_full(model.title)
    return folder


def _fetch_file(repo: str, name: str, revision: str, bar: Any) -> Path:
    from huggingface_hub import constants, hf_hub_download

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    where = constants.HF_HUB_CACHE
    return Path(hf_hub_download(repo, name, revision=revision, cache_dir=where, tqdm_class=bar))
