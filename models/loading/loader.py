"""Load models, into one cache for all who ask."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from heedmap.errors import CheckpointError, HeedmapError
from heedmap.languages import Phrase
from heedmap.models.catalogue import local, names, policy
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download
from heedmap.models.loading import build, text_tower
from heedmap.models.loading.cache import Cache
from heedmap.models.loading.progress import Loading
from heedmap.models.loading.registry import record

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter

TOWER = "#text"  # after the id of a model: its text tower, which is loaded apart

_log = logging.getLogger(__name__)
_imports = threading.Lock()
_keeps_weights = True


def keep_no_weights(really: bool = True) -> None:
    """From now on keep of each model all that is known of it, and not its weights.

    For a process whose passes run elsewhere. A model is built whole first, so that it is known as
    well as one that runs, and its weights are dropped then.
    """
    global _keeps_weights
    _keeps_weights = not really
    _cache.clear()


def load(id: str) -> Adapter:
    """A model, ready to run; from the cache if it is loaded already.

    Safe from many threads: calls made while it is being loaded wait for the same loading.

    Raises:
        UnknownModelError: no model has this id.
        DownloadError: its files cannot be fetched, or the host does not permit it.
        CheckpointError: its files are there but do not fit.
    """
    return begin(id).result()


def begin(id: str) -> Loading[Adapter]:
    """Start loading a model in the background, or join a loading under way; see `Loading`.

    Every failure, an unknown id too, comes from `Loading.result`. A loading that failed is
    forgotten: the next call tries again.
    """
    try:
        return _cache.begin(names.canonical(id))
    except HeedmapError as error:
        return Loading.failed(id, error)


def begin_text(id: str) -> Loading[text_tower.TextModule]:
    """Start loading the text tower that a model has apart from its image tower, as `begin` does."""
    return _cache.begin(f"{names.canonical(id)}{TOWER}")


def text_download(id: str) -> int:
    """Bytes to be downloaded before a model with a text tower apart reads texts, 0 where none.

    Raises:
        HeedmapError: as `load`.
    """
    id = names.canonical(id)
    if _cache.loaded(f"{id}{TOWER}"):
        return 0
    return download.both_towers_bytes(record(id))


def loaded(id: str) -> bool:
    """Whether a model is in memory, so that `load` returns at once.

    Raises:
        UnknownModelError: not a text, or an empty one.
    """
    return _cache.loaded(names.canonical(id))


def nbytes() -> int:
    """Bytes that the models in memory take."""
    return _cache.nbytes()


def _build(id: str, loading: Loading[Any]) -> Adapter | text_tower.TextModule:
    try:
        if id.endswith(TOWER):
            return _text_tower(record(id.removesuffix(TOWER)), loading)
        return _from_record(record(id), loading)
    except HeedmapError:
        raise
    except Exception as error:  # any error of a library: a sentence, the rest in the log
        _log.warning("Loading %s failed", id, exc_info=error)
        raise CheckpointError(
            "{id} cannot be built from its files ({error}): choose another checkpoint, or "
            "check its architecture.",
            id=id.removesuffix(TOWER),
            error=build.reason(error),
        ) from error


def _from_record(model: Model, loading: Loading[Any]) -> Adapter:
    policy.check(model)
    if model.folder:
        local.settings(model.folder)
    folder = model.folder or download.fetch(model, loading.report)
    loading.report(Phrase("Building the model"))
    with _imports:  # two threads in the first import of these can see half of a module
        from heedmap.models import families  # noqa: F401
        from heedmap.models.adapter import wrap  # noqa: F401
    if not model.bundled:
        _cache.reserve(model.id, model.title, build.nbytes(model, folder))
    elif not (folder / model.weights).is_file():
        raise CheckpointError(
            "{id} is not in this copy of the project: fetch the project again, or make the "
            "model as training/README.md says.",
            id=model.id,
        )
    adapter = build.build(model, folder)
    text_tower.give(adapter, model, folder, lambda: begin_text(model.id).result().module)
    if not _keeps_weights:
        adapter.module.to("meta")
    return adapter


def _text_tower(model: Model, loading: Loading[Any]) -> text_tower.TextModule:
    policy.check(model)
    path = download.fetch_both_towers(model, loading.report)
    loading.report(Phrase("Building the model"))
    with _imports:
        from heedmap.models import families  # noqa: F401
    nbytes = text_tower.parameters(model, path) * build.precision().itemsize
    _cache.reserve(loading.id, model.title, nbytes)
    module = build.text_module(model, path)
    return text_tower.TextModule(module if _keeps_weights else module.to("meta"))


def _budget() -> int:
    """What the host says, else half of what is free where the models run."""
    own = policy.cache_bytes()
    if own is not None:
        return own
    if build.device().type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0]) // 2
    return policy.available_bytes() // 2


def _freed() -> None:
    """Return freed GPU memory, which the allocator would otherwise keep."""
    if build.device().type == "cuda":
        import torch

        torch.cuda.empty_cache()


_cache = Cache(_build, _budget, _freed)
