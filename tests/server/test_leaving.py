"""How a server ends whose work does not: a small one in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ENDS_WITHIN = 60  # seconds; the server gives itself GRACE

SERVER = """
import atexit, multiprocessing, sys, threading, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
import uvicorn
from heedmap.serving.leaving import clean_end

def stuck():
    time.sleep(600)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        with clean_end():
            await send({"type": "lifespan.startup.complete"})
            if sys.argv[1] != "request":
                print("asked", flush=True)
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        print("asked", flush=True)
        await receive()
        await receive()  # until the other side goes, which it does not

def main(work):
    atexit.register(print, "exit hooks ran")
    if work == "thread":
        threading.Thread(target=stuck).start()
    elif work == "pool":
        ThreadPoolExecutor(1).submit(stuck)
    elif work == "child":
        multiprocessing.get_context("spawn").Process(target=stuck).start()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    if work == "request":
        def ask():
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            urllib.request.urlopen(f"http://127.0.0.1:{port}")
        threading.Thread(target=ask, daemon=True).start()
    server.run()
    print("not reached")

if __name__ == "__main__":
    main(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("work", "number"),
    [
        *(("thread", signal.SIGINT), ("thread", signal.SIGTERM), ("pool", signal.SIGTERM)),
        *(("child", signal.SIGTERM), ("request", signal.SIGTERM)),
    ],
)
def test_the_end_waits_for_nobody(work: str, number: int, tmp_path: Path) -> None:
    script = tmp_path / "small.py"
    script.write_text(SERVER)
    command = [sys.executable, str(script), work]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "asked" in line:
                break
        process.send_signal(number)
        # Returns when the output has ended; a child that is left would hold it open.
        rest, _ = process.communicate(timeout=ENDS_WITHIN)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert ("exit hooks ran" in rest) == (work != "request")
