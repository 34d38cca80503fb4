"""Whether a server on this machine is well: `python -m heedmap.serving.health PORT [engine]`."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

WITHIN = 4.0  # seconds
PATHS = {"app": "/_stcore/health", "engine": "/-/healthz"}


def healthy(port: int, what: str = "app") -> bool:
    """Whether the app, or the engine, answers on a port of this machine that it is well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://localhost:{port}{PATHS[what]}", timeout=WITHIN) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(int(sys.argv[1]), *sys.argv[2:]) else 1)
