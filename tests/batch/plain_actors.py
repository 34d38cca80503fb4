"""Actors for tests, which map nothing: they write a row for each photo, and die when it is time."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
from heedmap.batch import parts
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Plan


class Actor:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.folder = plan, Folder(plan.out)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        (text,) = batch["photos"]
        photos = [Photo(*pair) for pair in json.loads(text)]
        self.die("before", photos)
        rows = [parts.of_failure(photo.name, None, str(os.getpid())) for photo in photos]
        self.folder.put(self.plan.run, photos, [], rows)
        self.die("after", photos)
        return {"done": np.array([len(photos)]), "refused": np.array([""])}

    def die(self, when: str, photos: list[Photo]) -> None:
        """Once for each photo that says so."""
        for photo in photos:
            mark = Path(self.plan.out) / f"{photo.name}.died"
            if photo.path == when and not mark.exists():
                mark.write_text("")
                os.kill(os.getpid(), signal.SIGKILL)
