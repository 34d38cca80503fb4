"""Workers that are actors of Ray: on a cluster, or on this machine where no address is given.

Every machine needs Heedmap, the photos and the folder that is written to, under the same paths. An
actor writes the parts of its photos itself. One that dies is started again and its photos are done
again: what it had written has the same name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from heedmap.batch.find import Photo
from heedmap.batch.job import Plan
from heedmap.batch.local import in_parts
from heedmap.batch.work import Work
from heedmap.cluster.connect import connected
from heedmap.errors import HeedmapError, ModelError

Tell = Callable[[int], object]
Batch = dict[str, np.ndarray]

_STORE = 100_000_000  # bytes of Ray's memory for objects on this machine: only names go through it
_TRIES = 5  # how often photos are done again whose actor has died


@dataclass(frozen=True)
class Cluster:
    """Where actors run.

    Attributes:
        address: of a cluster, as `ray.init` takes it; "" starts Ray on this machine.
        gpus: that each actor needs; a part of one can be shared.
    """

    address: str = ""
    gpus: float = 0.0


class Mapper:
    """An actor: lists of photos in, how many are done out."""

    def __init__(self, plan: Plan) -> None:
        self._work: Work | None = None
        self._refused = ""
        try:
            self._work = Work(plan)
        except HeedmapError as error:
            self._refused = str(error)

    def __call__(self, batch: Batch) -> Batch:
        """Map the photos of one list, and write its part."""
        (text,) = batch["photos"]
        photos = [Photo(*pair) for pair in json.loads(text)]
        try:
            if self._work:
                self._work.do(photos)
        except HeedmapError as error:  # another run has taken the folder over
            self._refused = str(error)
        return {"done": np.array([len(photos)]), "refused": np.array([self._refused])}


def run(
    plan: Plan,
    photos: Sequence[Photo],
    workers: int,
    tell: Tell,
    cluster: Cluster,
    mapper: type[Any] = Mapper,
) -> None:
    """Map photos by so many actors; `tell` gets the number of photos each time some are done.

    Raises:
        SettingError: Ray is not installed, or the cluster cannot be reached.
        ModelError: what an actor refused, or actors die again and again.
    """
    with _connected(plan, workers, cluster) as ray:
        for done in _mapped(ray, plan, photos, workers, cluster, mapper):
            if refused := str(done["refused"][0]):
                raise ModelError(refused)
            tell(int(done["done"][0]))


def _mapped(
    ray: Any,
    plan: Plan,
    photos: Sequence[Photo],
    workers: int,
    cluster: Cluster,
    mapper: type[Any],
) -> Iterator[Batch]:
    """What the actors say of each list."""
    lists = [{"photos": json.dumps(part)} for part in in_parts(photos, workers, plan.batch)]
    data = ray.data.from_items(lists, override_num_blocks=len(lists)).map_batches(
        mapper,
        fn_constructor_args=(plan,),
        batch_size=1,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(lists))),
        num_cpus=plan.threads,
        num_gpus=cluster.gpus or None,
        max_restarts=-1,
        max_task_retries=_TRIES,
    )
    try:
        yield from data.iter_batches(batch_size=1, batch_format="numpy")
    except ray.exceptions.RayError as error:
        first = str(error).strip().split("\n", 1)[0][:200]
        raise ModelError(
            f"The actors that map photos die again and again ({first}): use fewer --workers or a "
            "smaller --batch; the same command without --on ray finds a photo that ends them."
        ) from error


@contextmanager
def _connected(plan: Plan, workers: int, cluster: Cluster) -> Iterator[Any]:
    """Ray with its Data, which needs a core of its own."""
    with connected(cluster.address, workers * plan.threads + 1, _STORE) as ray:
        import ray.data

        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield ray
