"""The engine as an application of Ray Serve.

    serve run heedmap.cluster.serve:app replicas=4 gpus=1     # on a cluster that runs already

`heedmap engine` does the same and starts Ray where there is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heedmap.cluster import door

AT_ONCE = 2  # requests that a replica takes at once: one is read or sent while another runs
NICE = 5  # how far passes stand back behind what draws, where both share a machine
LOOKS = 2.0  # seconds between two looks whether a replica lives


@dataclass(frozen=True)
class Options:
    """What replicas there are.

    Attributes:
        replicas: processes, each with its own models.
        threads: of PyTorch, in each.
        gpus: that each needs; a part of one can be shared.
        ready: ids of models that are loaded before the first pass.
    """

    replicas: int = 2
    threads: int = 1
    gpus: float = 0.0
    ready: Sequence[str] = ("bundled-vit",)


class Replica:
    """A process that holds models."""

    def __init__(self, threads: int, ready: Sequence[str]) -> None:
        import torch
        from heedmap import models

        torch.set_num_threads(threads)
        if hasattr(os, "nice"):
            os.nice(NICE)
        for id in ready:
            models.load(id)


def application(options: Options) -> Any:
    """What Serve runs."""
    from ray import serve

    deployment: Any = serve.deployment(
        serve.ingress(door.create)(Replica),
        name="engine",
        num_replicas=options.replicas,
        max_ongoing_requests=AT_ONCE,
        health_check_period_s=LOOKS,
        ray_actor_options={"num_cpus": options.threads, "num_gpus": options.gpus},
    )
    return deployment.bind(options.threads, tuple(options.ready))


def app(args: Mapping[str, Any]) -> Any:
    """The same from the arguments of `serve run`, which are texts."""
    given = Options()
    return application(
        Options(
            int(args.get("replicas", given.replicas)),
            int(args.get("threads", given.threads)),
            float(args.get("gpus", given.gpus)),
            tuple(str(args["ready"]).split(",")) if "ready" in args else given.ready,
        )
    )
