"""Start the app on a free port, as `make run` does, for the browser tests and `benchmarks.page`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
STARTS_WITHIN = 60  # seconds


class App:
    """The running app: its URL, its log and its process."""

    def __init__(self, url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.url, self.log, self.process = url, log, process

    def said(self, since: int = 0) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[since:]


@contextmanager
def serve(
    log: Path, *, python: str = sys.executable, cwd: str = str(ROOT), script: str = "", **env: str
) -> Iterator[App]:
    """Start the app, offline unless `env` says otherwise, and stop it at the end.

    `script` names another Streamlit script to start instead.
    """
    port = free_port()
    command = [python, "-m", "heedmap", "--no-browser", "--port", str(port)]
    if script:
        flags = ("--server.headless=true", "--server.address=localhost", f"--server.port={port}")
        command = [python, "-m", "streamlit", "run", script, *flags]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "HF_HUB_OFFLINE": "1", **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    app = App(f"http://localhost:{port}", log, process)
    try:
        _wait_for_health(app, process)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of this machine where nobody listens now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_health(app: App, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The app did not come up:\n{app.said()}")
