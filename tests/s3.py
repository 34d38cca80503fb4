"""An S3 server on this machine, with one bucket."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

BUCKET = "photos"


@contextmanager
def loopback() -> Iterator[dict[str, str]]:
    """Start it, and give the environment of its clients; without moto the test is skipped."""
    moto = pytest.importorskip("moto.server", reason="pip install -r requirements-test.txt")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()  # buckets of a server before it stay in the process
    env = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        from heedmap.store.bucket import Bucket

        Bucket(f"s3://{BUCKET}")._files.mkdir(BUCKET)
        yield env
    server.stop()
