"""What every worker does, wherever it runs: photos to rows and pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from heedmap import models, viz
from heedmap.batch import find, parts, pictures
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Plan
from heedmap.errors import HeedmapError
from heedmap.views import render, wanted
from heedmap.viz.photo.image import from_bytes

if TYPE_CHECKING:
    from heedmap.models import Prepared
    from heedmap.views.wanted import Maps

Tell = Callable[[int], object]


class _Opened(NamedTuple):
    name: str
    sha256: str
    x: Prepared
    base: np.ndarray | None  # what maps are drawn over


class Work:
    """A model, and the photos that it maps."""

    def __init__(self, plan: Plan) -> None:
        """Load the model and try the settings on a black photo.

        Raises:
            HeedmapError: settings that no photo could be mapped with.
        """
        import torch

        torch.set_num_threads(plan.threads)
        self._plan, self._job = plan, plan.job
        self._folder = Folder(plan.out)
        self._adapter = models.load(plan.job.model)
        self._wanted = wanted.resolved(self._adapter, plan.job.wanted)
        black = self._prepared(np.zeros((256, 256, 3), np.uint8))
        wanted.of_photos(self._adapter, self._wanted, [black])

    def do(self, photos: Sequence[Photo], tell: Tell = lambda count: None) -> int:
        """Map photos and write them as one part; returns how many could not be mapped.

        `tell` is called with the number of photos each time some are done.

        Raises:
            OvertakenError: another run has taken the folder over.
        """
        rows: list[parts.Row] = []
        failed: list[parts.Row] = []
        told = 0
        for batch in of_one_shape(self._opened(photos, failed), self._plan.batch):
            for photo, maps in self._mapped(batch, failed):
                kind, box = self._wanted.kind, photo.x.box
                rows += parts.of_maps(photo.name, photo.sha256, kind, maps, box)
                self._draw(photo, maps)
            tell(len(batch))
            told += len(batch)
        self._folder.put(self._plan.run, photos, rows, failed)
        tell(len(photos) - told)
        return len(failed)

    def _opened(self, photos: Iterable[Photo], failed: list[parts.Row]) -> Iterator[_Opened]:
        """Photos that can be read; the others are added to `failed`."""
        for photo in photos:
            found = self._open(photo)
            if isinstance(found, _Opened):
                yield found
            else:
                failed.append(found)

    def _open(self, photo: Photo) -> _Opened | parts.Row:
        """A photo, ready to run, or the row that says why it is not."""
        sha256 = None
        try:
            data, name = find.content(photo)
            sha256 = hashlib.sha256(data).hexdigest()
            pixels = from_bytes(data, name)
            x = self._prepared(pixels)
        except HeedmapError as error:
            return parts.of_failure(photo.name, sha256, str(error))
        return _Opened(photo.name, sha256, x, self._base(pixels, x))

    def _prepared(self, pixels: np.ndarray) -> Prepared:
        return self._adapter.prepare(pixels, self._job.size, self._job.fit)

    def _base(self, pixels: np.ndarray, x: Prepared) -> np.ndarray | None:
        """What the model saw of a photo, as large as its pictures need it."""
        if not (self._job.overlays or self._job.sheet):
            return None
        side = render.SCREEN if self._job.overlays else render.THUMBNAIL
        return viz.region(pixels, x.box, side)

    def _mapped(
        self, batch: list[_Opened], failed: list[parts.Row]
    ) -> Iterator[tuple[_Opened, list[Maps]]]:
        """Photos of one shape with their maps; one by one where they do not run together."""
        import torch

        try:
            maps = wanted.of_photos(self._adapter, self._wanted, [photo.x for photo in batch])
        except (HeedmapError, torch.OutOfMemoryError) as error:
            if len(batch) > 1:
                for photo in batch:
                    yield from self._mapped([photo], failed)
            else:
                failed.append(parts.of_failure(batch[0].name, batch[0].sha256, _reason(error)))
            return
        yield from zip(batch, maps, strict=True)

    def _draw(self, photo: _Opened, maps: list[Maps]) -> None:
        if photo.base is None:
            return
        drawn = self._plan.out, photo.name, photo.base, self._wanted.kind, maps
        if self._job.overlays:
            pictures.write(*drawn)
        if self._job.sheet:
            pictures.write_thumb(*drawn)


def of_one_shape(photos: Iterable[_Opened], most: int) -> Iterator[list[_Opened]]:
    """Photos in groups of one shape; a group goes on as soon as it has `most` of them."""
    waiting: dict[tuple[int, ...], list[_Opened]] = {}
    for photo in photos:
        shape = tuple(photo.x.pixels.shape)
        group = waiting.setdefault(shape, [])
        group.append(photo)
        if len(group) == most:
            yield waiting.pop(shape)
    yield from waiting.values()


def _reason(error: Exception) -> str:
    if isinstance(error, HeedmapError):
        return str(error)
    return "The device has too little memory for this photo: choose a smaller --size."
