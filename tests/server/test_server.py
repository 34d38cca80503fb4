"""The real server: its checks on the wire, and its end."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from heedmap.serving import health
from heedmap.serving.uploads import Bounds
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from benchmarks.server import ROOT, App, serve
from benchmarks.visitor import visit
from tests import checkpoints
from tests.hub import Hub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]  # one for most of them

ENDS_WITHIN = 60  # seconds; the server gives itself 3
UPLOADER = "Or your own: choose a file or drop it here"
EVIL = "evil.example"
FOREIGN = f"http://{EVIL}"
UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\nabc\r\n--x--\r\n"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with serve(tmp_path_factory.mktemp("server") / "log.txt") as app:
        yield app


def ask(
    app: App, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    """Send one request and return the answer; its body is dropped."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    with closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer


def test_the_page_carries_the_headers(app: App) -> None:
    for path in ("/", "/clip", "/_stcore/health", "/static/none.js"):
        answer = ask(app, path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "'unsafe-eval'" not in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_another_host_gets_nothing(app: App) -> None:
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/media/x.png"):
        assert ask(app, path, Host=EVIL).status == 421
        assert ask(app, path, Origin=FOREIGN).status == 403


def test_the_containers_health_check_finds_it_well(app: App) -> None:
    assert health.healthy(urlsplit(app.url).port)


def test_metrics_are_not_public(app: App) -> None:
    assert ask(app, "/_stcore/metrics").status == 404


def test_the_interface_answers_curl_and_httpx(app: App, portrait: bytes, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(portrait)
    address = f"{app.url}/api/v1/maps?size=64&layer=2"
    curl = [
        "curl",
        "--silent",
        "--fail",
        "--retry",
        "60",
        address,
    ]  # again while the model is loaded
    curl += ["--data-binary", f"@{tmp_path / 'photo.png'}"]
    by_curl = json.loads(subprocess.run(curl, capture_output=True, check=True).stdout)
    by_httpx = httpx2.post(address, content=portrait, timeout=60).raise_for_status().json()
    assert by_curl == by_httpx
    assert (by_curl["layers"][0]["rows"], by_curl["layers"][0]["cols"]) == (12, 8)


def test_the_interface_stands_behind_the_servers_checks(app: App) -> None:
    assert ask(app, "/api/v1/health").status == 200
    assert ask(app, "/api/v1/health", Host=EVIL).status == 421
    assert ask(app, "/api/v1/health", Origin=FOREIGN).status == 403
    assert ask(app, "/metrics").status == 200
    assert ask(app, "/metrics", Host=EVIL).status == 421
    assert ask(app, "/api/v1/docs").headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (EVIL, None),
        (EVIL, f"http://{EVIL}"),
        ("localhost", f"http://{EVIL}"),
        ("localhost", "null"),
    ],
)
def test_another_host_or_origin_gets_no_websocket(app: App, host: str, origin: str | None) -> None:
    async def knock() -> None:
        port = urlsplit(app.url).port
        address = f"ws://{host}:{port}/_stcore/stream"
        async with connect(address, host="localhost", port=port, origin=origin):
            pass

    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(knock())
    assert refused.value.response.status_code == 403


def test_a_visitor_who_uploads_too_much_reads_when_to_come_back(app: App) -> None:
    async def come() -> tuple[list[int], list[str], int]:
        async with visit(app.url) as one, visit(app.url) as other:
            await one.open()
            places = [await one.place_for_upload() for _ in range(Bounds.files + 1)]
            answers = [put(app, place.upload_url) for place in places]
            run = await one.change({UPLOADER: places[-1]})
            return answers, run.errors, put(app, (await other.place_for_upload()).upload_url)

    answers, errors, others = asyncio.run(come())
    assert answers == [204] * Bounds.files + [202]
    assert others == 204
    assert len(errors) == 1
    assert re.match(
        r"This photo was not taken, .* 30 files .*: choose it again in \d+ s", errors[0]
    )


def test_a_session_too_many_reads_why(tmp_path: Path) -> None:
    async def come(app: App) -> None:
        async with visit(app.url):
            answer = ask(app, "/", Accept="text/html")
            assert (answer.status, answer.headers["Refresh"]) == (503, "10")
            assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
            with pytest.raises(InvalidStatus):
                async with visit(app.url):
                    pass
        while ask(app, "/", Accept="text/html").status == 503:
            await asyncio.sleep(0.05)
        async with visit(app.url):
            pass

    with serve(tmp_path / "log.txt", HEEDMAP_SESSIONS="1") as app:
        asyncio.run(come(app))


def put(app: App, address: str) -> int:
    """Upload a small file as Streamlit's client does; returns the status."""
    cookie = ask(app, "/_stcore/health").headers["Set-Cookie"].split(";")[0]
    headers = {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2], "Origin": app.url,
    }  # fmt: skip
    return ask(app, address, method="PUT", body=UPLOAD, **headers).status


def test_a_wrong_setting_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as refused, serve(tmp_path / "log", HEEDMAP_HOSTS="http://x"):
        pass
    assert "HEEDMAP_HOSTS has 'http://x'" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def ended(app: App, number: int = signal.SIGTERM) -> int:
    """Send the signal to the server and return its exit code."""
    app.process.send_signal(number)
    return app.process.wait(ENDS_WITHIN)


def test_it_ends_cleanly_on_ctrl_c_with_a_visitor_there(tmp_path: Path) -> None:
    async def come(app: App) -> int:
        async with visit(app.url):
            return await asyncio.to_thread(ended, app, signal.SIGINT)

    with serve(tmp_path / "log.txt") as app:
        assert asyncio.run(come(app)) == 0
        assert "Traceback" not in app.said()


def test_it_ends_cleanly_during_a_download_and_a_pass(tmp_path: Path) -> None:
    async def come(app: App) -> int:
        async with visit(app.url) as one, visit(app.url) as other:
            await one.open()  # the model is there: from here on only the pass takes long
            await other.ask({}, "model=tiny/stuck")
            await other.until("progress")
            await one.ask({"Size": "672 px"})
            while "heedmap_passes_running 1.0" not in httpx2.get(f"{app.url}/metrics").text:
                await asyncio.sleep(0.01)
            return await asyncio.to_thread(ended, app)

    with Hub() as hub:
        files = checkpoints.timm("vit_tiny_patch16_224", depth=1, img_size=64)
        hub.add("tiny/stuck", files).gate.clear()
        env = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        with serve(tmp_path / "log.txt", **env) as app:
            assert asyncio.run(come(app)) == 0
            assert "Traceback" not in app.said()


def test_it_starts_by_streamlit_as_by_the_command() -> None:
    code = "from streamlit.web.server.app_discovery import discover_asgi_app as find; "
    code += "from pathlib import Path; print(find(Path('server.py')).import_string)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "server:app", done.stderr
