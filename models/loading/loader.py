"""Which models there are, and one shared cache of those that are loaded."""

from __future__ import annotations

import difflib
import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from heedmap.errors import CheckpointError, HeedmapError, SettingError, UnknownModelError
from heedmap.models.capabilities import CAPABILITIES, fits, surplus
from heedmap.models.catalogue import local, pasted, policy
from heedmap.models.catalogue.entries import CATALOGUE, Model
from heedmap.models.files import download
from heedmap.models.loading import build
from heedmap.models.loading import probe as skeleton
from heedmap.models.loading.cache import Cache
from heedmap.models.loading.probe import Probe
from heedmap.models.loading.progress import Loading

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter

_log = logging.getLogger(__name__)
_pasted: dict[str, Model] = {}
_imports = threading.Lock()


def ids() -> list[str]:
    """The ids of all models that the host offers: the catalogue's, then the host's own."""
    return [model.id for model in records()]


def records(needs: Iterable[str] = ()) -> list[Model]:
    """The models that the host offers and that can do all of `needs`; see `capabilities`.

    First those that can do little else: a page lists its own kind of model first.

    Raises:
        SettingError: no such capability.
    """
    unknown = sorted(set(needs) - CAPABILITIES)
    if unknown:
        known = ", ".join(sorted(CAPABILITIES))
        raise SettingError(f"No model can do {unknown[0]!r}: choose from {known}.")
    asked = frozenset(needs)
    every = [model for model in (*CATALOGUE, *local.records()) if policy.allowed(model)]
    shown = [model for model in every if fits(model.can, asked)]
    return sorted(shown, key=lambda model: surplus(model.can, asked)) if asked else shown


def record(id: str) -> Model:
    """What is known of a model.

    For an id of the hub ("owner/name") that is not in the catalogue this asks the hub once, and
    builds the model without weights to see what it is.

    Raises:
        UnknownModelError: no model has this id.
        DownloadError: an id of the hub that cannot be asked for, or that the host does not permit.
        CheckpointError: an id of the hub that is no model for Heedmap.
    """
    id = _canonical(id)
    for model in (*CATALOGUE, *local.records()):
        if model.id == id:
            return model
    if not pasted.is_id(id):
        near = difflib.get_close_matches(id, ids(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(ids())}."
        raise UnknownModelError(f"There is no model {id!r}: {hint}")
    if id not in _pasted:
        _pasted[id] = pasted.resolve(id)
    return _pasted[id]


def probe(id: str) -> Probe:
    """What a model's shape tells before its weights are there; see `Probe`.

    Raises:
        UnknownModelError, DownloadError, CheckpointError: as `record`.
        ModelError: a model that has nothing to show, and why.
    """
    return skeleton.probe(record(id))


def load(id: str) -> Adapter:
    """A model, ready to run; from the cache where it is there already.

    Safe from many threads: whoever asks while it is being loaded waits for the same loading.

    Raises:
        UnknownModelError: no model has this id.
        DownloadError: its files cannot be fetched, or the host does not permit it.
        CheckpointError: its files are there but do not fit.
    """
    return begin(id).result()


def begin(id: str) -> Loading:
    """Start loading a model in the background, or join whoever did; see `Loading`.

    Every failure, an unknown id too, comes from `Loading.result`. A loading that failed is
    forgotten: the next call tries again.
    """
    return _cache.begin(_canonical(id))


def loaded(id: str) -> bool:
    """Whether a model is in memory, so that `load` returns at once."""
    return _cache.loaded(_canonical(id))


def _canonical(id: str) -> str:
    """One name for one model: the catalogue's, also where its id on the hub is given."""
    return next((model.id for model in CATALOGUE if model.repo == id), id)


def _build(id: str, loading: Loading) -> Adapter:
    try:
        return _from_record(record(id), loading)
    except HeedmapError:
        raise
    except (
        Exception
    ) as error:  # whatever a library trips over: a sentence here, the rest in the log
        _log.warning("Loading %s failed", id, exc_info=error)
        raise CheckpointError(
            f"{id} cannot be built from its files ({build.reason(error)}): choose another "
            "checkpoint, or check its architecture."
        ) from error


def _from_record(model: Model, loading: Loading) -> Adapter:
    policy.check(model)
    folder = model.folder or download.fetch(model, loading.report)
    loading.report("Building the model")
    with _imports:  # two threads in the first import of these can see half of a module
        from heedmap.models import families  # noqa: F401
        from heedmap.models.adapter import adapter as adapters  # noqa: F401
    if not model.bundled:
        _cache.reserve(model.id, model.title, build.nbytes(model, folder))
    elif not (folder / model.weights).is_file():
        raise CheckpointError(
            f"{model.id} is not in this copy of the project: fetch the project again, or make the "
            "model as training/README.md says."
        )
    return build.build(model, folder)


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
    """The GPU's allocator keeps what was freed unless it is told to give it back."""
    if build.device().type == "cuda":
        import torch

        torch.cuda.empty_cache()


_cache = Cache(_build, _budget, _freed)
