"""The values of maps as files: NPZ, NPY and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np


def npz(maps: Mapping[str, np.ndarray]) -> bytes:
    """Maps (rows, cols) float32 by name, as NumPy's `load` reads them."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **maps)
    return stream.getvalue()


def npy(maps: Sequence[np.ndarray]) -> bytes:
    """Maps of one shape as one array (maps, rows, cols) float32."""
    stream = io.BytesIO()
    np.save(stream, np.stack(maps), allow_pickle=False)
    return stream.getvalue()


def as_csv(maps: Mapping[str, np.ndarray]) -> bytes:
    """A line for each value: map, row, column (from 0), value."""
    stream = io.StringIO()
    lines = csv.writer(stream, lineterminator="\n")
    lines.writerow(["map", "row", "column", "value"])
    for name, values in maps.items():
        lines.writerows(
            [name, row, column, repr(float(value))]
            for (row, column), value in np.ndenumerate(values)
        )
    return stream.getvalue().encode()
