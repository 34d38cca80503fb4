"""Figures of this process for Prometheus, at /metrics.

They are for the host alone: a request from this machine by a name of this machine, or with one of
the keys of the interface. A proxy that passes on the Host header lets nobody else in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterator

from heedmap.api.settings import LOOPBACK, Access
from heedmap.models.loading import loader
from heedmap.views import cache, passes, turns
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

PATH = "/metrics"


class Figures(Collector):
    """What is told of the passes, the queue and the caches, as it is now."""

    def collect(self) -> Iterator[Metric]:
        """Read every figure."""
        waiting, running = turns.shared().count()
        yield _gauge("heedmap_passes_waiting", "Forward passes that wait for their turn.", waiting)
        yield _gauge("heedmap_passes_running", "Forward passes that run.", running)
        taken = SummaryMetricFamily(
            "heedmap_pass_seconds",
            "Forward passes that have ended, and how long they took.",
            labels=("model", "kind"),
        )
        for labels, (count, seconds) in passes.totals().items():
            taken.add_metric(labels, count, seconds)
        yield taken
        held = GaugeMetricFamily(
            "heedmap_cache_bytes", "Bytes that are kept in memory.", labels=("cache",)
        )
        for name, nbytes in {**cache.nbytes(), "models": loader.nbytes()}.items():
            held.add_metric((name,), nbytes)
        yield held


def endpoint(access: Access) -> Callable[[Request], Awaitable[Response]]:
    """What answers at `PATH`."""
    registry = CollectorRegistry()
    registry.register(Figures())
    ProcessCollector(registry=registry)

    async def metrics(request: Request) -> Response:
        if not (_is_local(request) or access.knows(request.headers)):
            return PlainTextResponse("Not Found", 404)
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": kind})

    return metrics


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def _is_local(request: Request) -> bool:
    """Whether a request comes from this machine and names it."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback and request.url.hostname in LOOPBACK
