"""Whether the server on this machine is well: `python -m heedmap.serving.health PORT`."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

WITHIN = 4.0  # seconds


def healthy(port: int) -> bool:
    """Whether a server answers on a port of this machine and says that it is well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://localhost:{port}/_stcore/health", timeout=WITHIN) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(int(sys.argv[1])) else 1)
