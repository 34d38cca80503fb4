"""A visitor's clip, read in a process of its own that is bounded in time and memory.

It writes what `frames` gives as one array; a clip that breaks a decoder breaks this process only.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from heedmap.errors import HeedmapError, ImageError
from heedmap.languages import Phrase
from heedmap.languages.wire import read, written

SECONDS = 10.0  # of a clip
RATE = 10.0
SIDE = 640  # px
_CPU = 60  # seconds
_MEMORY = 3 << 30  # bytes, of addresses


def read_clip(source: Path, target: Path) -> np.ndarray:
    """The first 10 s of a clip, (frames, H, W, 3) uint8, 10 frames a second, as a file in memory.

    Args:
        source: the clip.
        target: where the array is written; whoever asks removes it.

    Raises:
        ImageError: as `viz.frames`, or it takes more than 60 s of CPU time or too much memory.
    """
    command = [sys.executable, "-m", "heedmap.viz.film_process", str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5 * _CPU)
    if done.returncode == 1 and done.stderr.strip():
        raise ImageError(read(done.stderr.strip().splitlines()[-1]))
    if done.returncode:
        raise ImageError("The clip takes too much time or memory to read: give a smaller one.")
    return np.asanyarray(np.load(target, mmap_mode="r"))


def _main(source: str, target: str) -> None:
    _bound()
    from heedmap.viz.film import frames

    try:
        found = list(frames(source, rate=RATE, seconds=SECONDS, long_side=SIDE))
    except HeedmapError as error:
        sys.exit(written(error.sentence))
    if not found:
        sys.exit(written(Phrase("The clip has no frames: give another.")))
    with open(target, "wb") as file:
        np.save(file, np.stack(found))


def _bound() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    _main(*sys.argv[1:])
