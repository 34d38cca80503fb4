"""The folder that is written: parts, each whole or not there, by one run at a time.

    OUT/manifest.json      the settings, their fingerprint, and the run that may write
    OUT/maps/part-*        rows of photos, see `parts`
    OUT/maps/failed-*      rows of photos that cannot be mapped
    OUT/overlays/, OUT/thumbs/, OUT/sheet.html

A part is named after its photos, so a worker that does its photos once more writes the same file
once more. A run that goes on with a folder takes it over first: what is left of the run before,
such as a worker on another machine, can write nothing any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from heedmap.batch import parts
from heedmap.batch.find import Photo
from heedmap.batch.job import fingerprint
from heedmap.errors import OvertakenError, SettingError, short


@dataclass(frozen=True)
class Folder:
    """A folder of maps."""

    root: Path

    @property
    def maps(self) -> Path:
        """Where the parts are."""
        return self.root / "maps"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other run on this machine out while the block runs.

        Raises:
            SettingError: another run has the folder, or it cannot be written to.
        """
        lock = FileLock(self.root / ".run.lock", timeout=0)
        try:
            self.maps.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise SettingError(
                f"Another run is writing to {self.root}: wait until it ends, or choose another "
                "folder with --out."
            ) from None
        except OSError as error:
            raise SettingError(
                f"{self.root} cannot be written to ({error.strerror}): choose another folder with "
                "--out."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def begin(self, settings: dict[str, Any], retry_failed: bool = False) -> str:
        """Take the folder over; returns the id of the run that may write from now on.

        Args:
            settings: what `Job.settings` returned.
            retry_failed: forget the photos that could not be mapped.

        Raises:
            SettingError: it holds maps that were made with other settings.
        """
        self._check(settings)
        run = uuid.uuid4().hex
        said = {"fingerprint": fingerprint(settings), "run": run, "settings": settings}
        with self._writing():
            self._replace(self.root / "manifest.json", json.dumps(said, indent=2).encode())
            for left in [*self.maps.glob(".*.tmp"), *self._failed() * retry_failed]:
                left.unlink(missing_ok=True)
        return run

    def put(
        self, run: str, photos: Sequence[Photo], rows: list[parts.Row], failed: list[parts.Row]
    ) -> None:
        """Write the rows of some photos, those of the failed ones first.

        Raises:
            OvertakenError: another run has taken the folder over.
        """
        name = hashlib.sha256("\0".join(photo.name for photo in photos).encode()).hexdigest()[:20]
        about = {"run": run, "heedmap": json.dumps(self.manifest().get("settings"))}
        for kind, some in (("failed", failed), ("part", rows)):
            if some:
                content = parts.encoded(some, about)
                with self._writing():
                    if self.manifest().get("run") != run:
                        raise OvertakenError(
                            f"Another run has taken {self.root.name} over: this one stops."
                        )
                    self._replace(self.maps / f"{kind}-{name}.parquet", content)

    def done(self) -> set[str]:
        """The names of all photos that have rows.

        Raises:
            SettingError: a part that cannot be read.
        """
        found: set[str] = set()
        for part in sorted(self.maps.glob("*.parquet")):
            found.update(_column(part, "path"))
        return found

    def failures(self) -> list[tuple[str, str]]:
        """The photos that could not be mapped, and why, by name."""
        each = ((_column(part, "path"), _column(part, "error")) for part in self._failed())
        return sorted(pair for names, why in each for pair in zip(names, why, strict=True))

    def last_map(self) -> tuple[str, str]:
        """Kind and last layer of the maps, ("", "") where there are none."""
        part = next(self.maps.glob("part-*.parquet"), None)
        return (_column(part, "kind")[-1], _column(part, "layer")[-1]) if part else ("", "")

    def manifest(self) -> dict[str, Any]:
        """What manifest.json says; nothing where there is none.

        Raises:
            SettingError: it is damaged.
        """
        path = self.root / "manifest.json"
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            said = None
        if not isinstance(said, dict):
            raise SettingError(f"{path} is damaged: choose another folder with --out.")
        return said

    def _check(self, settings: dict[str, Any]) -> None:
        there = self.manifest()
        if not there and next(self.maps.glob("*.parquet"), None):
            raise SettingError(
                f"{self.maps} holds files of another program: choose another folder with --out."
            )
        if there and there.get("fingerprint") != fingerprint(settings):
            before, now = _flat(there.get("settings") or {}), _flat(settings)
            name = next(key for key in (*now, *before, "") if before.get(key) != now.get(key))
            raise SettingError(
                f"{self.root} holds maps that were made with {name} = {short(before.get(name))}, "
                f"and this run has {short(now.get(name))}: choose another folder with --out, or "
                "the same settings."
            )

    def _failed(self) -> list[Path]:
        return sorted(self.maps.glob("failed-*.parquet"))

    def _writing(self) -> FileLock:
        """Held while a file is put in place, and while the folder is taken over."""
        return FileLock(self.root / ".write.lock")

    def _replace(self, path: Path, content: bytes) -> None:
        """Write a file that is there whole or not at all, also after a loss of power."""
        part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)


def _column(part: Path, name: str) -> list[str]:
    try:
        return list(dict.fromkeys(pq.read_table(part, columns=[name])[name].to_pylist()))
    except (pa.ArrowException, OSError, KeyError):
        raise SettingError(
            f"{part} cannot be read: delete it, and its photos are mapped again."
        ) from None


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without the one level that some of them are in."""
    return {**{k: v for k, v in settings.items() if k != "wanted"}, **settings.get("wanted", {})}
