"""Workers that are processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from heedmap.batch import parts
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Plan
from heedmap.batch.messages import Done, Progress, Refused
from heedmap.errors import ModelError

Tell = Callable[[int], object]

PART = 64  # photos, at most
WORKER = ("-m", "heedmap.batch.worker")  # what the interpreter of a process runs
_ENDS = 10  # processes in a row that end with nothing done; halving a list takes seven
_CRASHED = (
    "This photo ended the process that mapped it: it is damaged, or takes more memory than there "
    "is."
)


def run(plan: Plan, photos: Sequence[Photo], workers: int, tell: Tell) -> None:
    """Map photos by so many processes; `tell` gets the number of photos each time some are done.

    A process that ends before its photos are done is replaced, and halves of them are tried
    until it is known which photo it was.

    Raises:
        HeedmapError: what every worker would say; the settings do not fit the model.
        ModelError: processes end again and again.
    """
    with _team(plan) as team:
        team.start()  # alone, so that a model is fetched and the settings are tried once
        team.until_ready()
        team.share(deque(in_parts(photos, workers, plan.batch)), workers, tell)


def in_parts(photos: Sequence[Photo], workers: int, batch: int) -> Iterator[list[Photo]]:
    """Photos in lists, of which each becomes a part: several for every worker, none too long."""
    size = min(PART, max(batch, -(-len(photos) // (4 * workers))))
    for start in range(0, len(photos), size):
        yield list(photos[start : start + size])


class Team:
    """Processes, and what each of them has in hand."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, list[Photo]] = {}
        self._told: dict[Connection, int] = {}
        self._ends = 0

    def start(self) -> None:
        """Start a process; it is idle once it is ready."""
        ours, theirs = Pipe()
        number = theirs.fileno()
        command = [sys.executable, "-P", *WORKER, str(number)]
        process = subprocess.Popen(
            command, pass_fds=[number], env=_environment(self._plan),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        ours.send(self._plan)
        self._processes[ours] = process
        self._busy[ours] = []

    def until_ready(self) -> None:
        """Wait until one process is idle."""
        while not self._idle:
            self._hear(deque(), lambda count: None)

    def share(self, tasks: deque[list[Photo]], workers: int, tell: Tell) -> None:
        """Give lists of photos to processes until all are done."""
        while tasks or any(self._busy.values()):
            for _ in range(min(workers - len(self._processes), len(tasks))):
                self.start()
            while tasks and self._idle:
                wire, photos = self._idle.pop(), tasks.popleft()
                self._busy[wire], self._told[wire] = photos, 0
                with suppress(ConnectionError):  # it has ended, as `_hear` will find
                    wire.send(photos)
            self._hear(tasks, tell)

    def end(self) -> None:
        """End all processes."""
        for wire, process in self._processes.items():
            wire.close()
            process.kill()
            process.wait()

    def _hear(self, tasks: deque[list[Photo]], tell: Tell) -> None:
        """Wait for news of any process, and take note of it."""
        for wire in wait(list(self._busy)):
            assert isinstance(wire, Connection)
            try:
                news = wire.recv()
            except (EOFError, ConnectionError):
                self._replace(wire, tasks, tell)
            else:
                self._note(wire, news, tell)

    def _note(self, wire: Connection, news: Any, tell: Tell) -> None:
        if isinstance(news, Refused):
            raise ModelError(news.reason)
        if isinstance(news, Progress):
            self._told[wire] += news.photos
            tell(news.photos)
            return
        if isinstance(news, Done):
            self._ends = 0
        del self._busy[wire]
        self._idle.append(wire)

    def _replace(self, wire: Connection, tasks: deque[list[Photo]], tell: Tell) -> None:
        """A process has ended with photos in hand: try halves of them, or give one up."""
        photos = self._busy.pop(wire)
        wire.close()
        code = self._processes.pop(wire).wait()
        self._ends += 1
        if self._ends == _ENDS or not photos:
            raise ModelError(
                f"The processes that map photos end again and again (exit code {code}): see what "
                "they wrote above, use fewer --workers, or a smaller --batch."
            )
        tell(-self._told.pop(wire, 0))
        if len(photos) == 1:
            row = parts.of_failure(photos[0].name, None, _CRASHED)
            Folder(self._plan.out).put(self._plan.run, photos, [], [row])
            tell(1)
        else:
            middle = len(photos) // 2
            tasks.extendleft((photos[middle:], photos[:middle]))


@contextmanager
def _team(plan: Plan) -> Iterator[Team]:
    team = Team(plan)
    try:
        yield team
    finally:
        team.end()


def _environment(plan: Plan) -> dict[str, str]:
    """So many threads for every library that has its own."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(plan.threads))}
