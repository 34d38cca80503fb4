"""A small hub on loopback that real clients take for the real one; its weights are random.

In a test:

    with Hub() as hub:
        hub.add("timm/tiny", checkpoints.timm("test_vit"))
        client(monkeypatch, tmp_path, hub.url)

By hand, with checkpoints of the catalogue (made on the spot, random weights) at 2 MB/s:

    python -m tests.hub --port 8900 --rate 2 resnet18 dino-vits16
    HF_ENDPOINT=http://127.0.0.1:8900 HF_HOME=$(mktemp -d) make run

As on the real hub, large files are named by their SHA-256 and sent by another host, which must not
see the token. Small ones are named by a SHA-1 and sent by itself. A repository with `xet` offers
its large files through Xet, in one block of plain chunks each.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.repository import Repo, sha1, sha256

PIECE = 1 << 14  # bytes between two looks at the clock
CHUNK, HEADER = 1 << 16, 8  # bytes of a chunk of Xet and of what stands before it
LARGE = (".safetensors", ".bin")
LICENCE = "mit"  # of every repository
NOBODY = "http://127.0.0.1:1"  # an address where nothing listens


class Hub:
    """The server; use it as a context.

    Attributes:
        url: its address, for HF_ENDPOINT.
        repos: repositories by id.
        log: (method, path, first byte asked for) of every request so far.
    """

    def __init__(self, port: int = 0) -> None:
        self.repos: dict[str, Repo] = {}
        self.log: list[tuple[str, str, int]] = []
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.hub = hub
                super().__init__(*args)

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, repo: str, files: dict[str, bytes], **behaviour: Any) -> Repo:
        """Serve files under an id; `behaviour` are fields of `Repo`."""
        there = self.repos[repo] = Repo({"main": files}, **behaviour)
        there.gate.set()
        return there

    def sent(self, end: str) -> list[int]:
        """First bytes of the downloads of the large files whose names end so, in order."""
        return [
            start for method, path, start in self.log if method == "GET" and path.endswith(end)
            and path.startswith("/cdn/")
        ]  # fmt: skip


def client(monkeypatch: Any, cache: Path, url: str = NOBODY, offline: bool = False) -> None:
    """Set up the hub's client for a test: it reads its environment only when it is imported."""
    from huggingface_hub import constants

    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", f"{cache}-token")  # nobody's
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.hub.log.append((self.command, unquote(path), int(start[1]) if start else 0))
        routes = (
            (r"/cdn/([^/]+/[^/]+)/([^/]+)/(.+)", self._large),
            (r"/api/models/([^/]+/[^/]+)/revision/(.+)", self._info),
            (r"/api/models/([^/]+/[^/]+)/discussions", self._discussions),
            (r"/api/models/([^/]+/[^/]+)/xet-read-token/(.+)", self._xet_token),
            (r"/xet/([^/]+/[^/]+)/v1/reconstructions/(.+)", self._xet_recipe),
            (r"/xet/([^/]+/[^/]+)/block/(.+)", self._xet_block),
            (r"/api/models/([^/]+/[^/]+)", self._info),
            (r"/api/resolve-cache/models/([^/]+/[^/]+)/([^/]+)/(.+)", self._small),
            (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self._resolve),
        )
        for pattern, answer in routes:
            found = re.fullmatch(pattern, path)
            if found:
                repo = self.hub.repos.get(found[1])
                if repo is None:
                    self._error(401, "RepoNotFound", "Repository not found")
                elif repo.status:
                    self._error(repo.status, "", "Out of order")
                else:
                    answer(found[1], repo, *(unquote(part) for part in found.groups()[1:]))
                return
        self._error(404, "", "No such page")

    def _info(self, id: str, repo: Repo, revision: str = "main") -> None:
        if revision not in repo.files:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        siblings = [
            {"rfilename": name, "size": len(content), "blobId": sha1(content)}
            for name, content in repo.files[revision].items()
        ]
        self._json(
            {
                "id": id, "modelId": id, "sha": repo.commit(revision), "private": False,
                "gated": "manual" if repo.gated else False, "siblings": siblings, "tags": [],
                "cardData": {"license": LICENCE},
            }
        )  # fmt: skip

    def _discussions(self, id: str, repo: Repo) -> None:
        found = [
            {
                "num": request["num"], "title": request["title"], "isPullRequest": True,
                "status": "open", "author": {"name": request["author"]},
                "createdAt": "2024-01-01T00:00:00.000Z", "repo": {"name": id, "type": "model"},
            }
            for request in repo.requests
        ]  # fmt: skip
        self._json({"discussions": found, "count": len(found), "start": 0})

    def _resolve(self, id: str, repo: Repo, revision: str, name: str) -> None:
        by_commit = {repo.commit(known): known for known in repo.files}
        revision = by_commit.get(revision, revision)
        if revision not in repo.files:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        if repo.gated and self.headers.get("Authorization") != f"Bearer {repo.token}":
            status = 403 if self.headers.get("Authorization") else 401
            self._error(status, "GatedRepo", f"Access to model {id} is restricted.")
            return
        commit = {"X-Repo-Commit": repo.commit(revision)}
        content = repo.files[revision].get(name)
        if content is None:
            self._error(404, "EntryNotFound", "Entry not found", commit)
        elif name.endswith(LARGE):
            flat = revision.replace("/", "--")
            sha = sha256(content)
            headers = {
                "Location": f"http://localhost:{self.hub.port}/cdn/{id}/{flat}/{name}",
                "X-Linked-Size": str(len(content)),
                "X-Linked-Etag": f'"{sha}"',
            }
            if repo.xet:
                route = f"{self.hub.url}/api/models/{id}/xet-read-token/{commit['X-Repo-Commit']}"
                headers |= {"X-Xet-Hash": sha, "Link": f'<{route}>; rel="xet-auth"'}
            self._send(302, b"", headers | commit)
        else:
            there = f"/api/resolve-cache/models/{id}/{commit['X-Repo-Commit']}/{name}"
            self._send(307, b"", {"Location": there} | commit)

    def _small(self, id: str, repo: Repo, commit: str, name: str) -> None:
        revision = {repo.commit(known): known for known in repo.files}[commit]
        content = repo.files[revision][name]
        self._send(200, content, {"ETag": f'"{sha1(content)}"', "X-Repo-Commit": commit})

    def _large(self, id: str, repo: Repo, flat: str, name: str) -> None:
        if "Authorization" in self.headers:
            self._error(400, "", "Only one auth mechanism allowed")
            return
        content = repo.files[flat.replace("--", "/")][name]
        if repo.damaged:
            content = bytes(len(content))
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        if start >= len(content):
            self._error(416, "", "Range not satisfiable")
            return
        span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        status = 206 if "Range" in self.headers else 200
        rest = content[start:]
        if self.command == "GET" and repo.breaks:
            self._send(status, rest[: repo.breaks.pop(0)], span, length=len(rest))
            self.close_connection = True
        else:
            repo.gate.wait(30)
            self._send(status, rest, span, pace=repo)

    def _xet_token(self, id: str, repo: Repo, commit: str) -> None:
        headers = {
            "X-Xet-Cas-Url": f"{self.hub.url}/xet/{id}", "X-Xet-Access-Token": "any",
            "X-Xet-Token-Expiration": str(int(time.time()) + 3600),
        }  # fmt: skip
        self._send(200, b"{}", headers)

    def _xet_recipe(self, id: str, repo: Repo, sha: str) -> None:
        """How to put a file together: here from one block of its own."""
        if repo.damaged:
            self._error(404, "", "No such file")
            return
        content = repo.by_sha(sha)
        chunks = {"start": 0, "end": -(-len(content) // CHUNK)}
        nbytes = len(content) + HEADER * chunks["end"]
        there = {
            "range": chunks, "url": f"{self.hub.url}/xet/{id}/block/{sha}",
            "url_range": {"start": 0, "end": nbytes - 1},
        }  # fmt: skip
        term = {"hash": sha, "unpacked_length": len(content), "range": chunks}
        self._json({"offset_into_first_range": 0, "terms": [term], "fetch_info": {sha: [there]}})

    def _xet_block(self, id: str, repo: Repo, sha: str) -> None:
        content = repo.by_sha(sha)
        chunks = (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
        lengths = ((len(chunk).to_bytes(3, "little"), chunk) for chunk in chunks)
        # Version 0, length packed, not compressed, length unpacked: eight bytes before each chunk.
        block = b"".join(b"\0" + length + b"\0" + length + chunk for length, chunk in lengths)
        repo.gate.wait(30)
        span = {"Content-Range": f"bytes 0-{len(block) - 1}/{len(block)}"}
        self._send(206, block, span, pace=repo)

    def _error(
        self, status: int, code: str, message: str, more: dict[str, str] | None = None
    ) -> None:
        headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
        self._send(status, json.dumps({"error": message}).encode(), headers | (more or {}))

    def _json(self, content: Any) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        length: int | None = None,
        pace: Repo | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            self._write(body, pace)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _write(self, body: bytes, pace: Repo | None) -> None:
        """Send it as fast as the repository's rate is now, which may change on the way."""
        began = time.monotonic()
        for start in range(0, len(body), PIECE):
            self.wfile.write(body[start : start + PIECE])
            if pace and (rate := pace.rate):
                time.sleep(max(0.0, began + (start + PIECE) / rate - time.monotonic()))


def main() -> None:
    """Serve checkpoints of the catalogue until interrupted."""
    from tests import checkpoints

    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("ids", nargs="+", help="ids of the catalogue")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--rate", type=float, help="MB a second")
    args = parser.parse_args()
    with Hub(args.port) as hub:
        for id in args.ids:
            repo, revision, files = checkpoints.of_catalogue(id)
            there = hub.add(repo, files, rate=args.rate and args.rate * 1e6)
            there.files[revision] = files
            print(f"{id}: {hub.url}/{repo}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
