"""Rows as Parquet: one row a photo and layer, or a photo and the reason why it has none.

    path      string         of the photo below the source
    sha256    string         of its file
    kind      string         "cls", "received", "pool", "channels" or a method
    layer     string         its number from 0, or its name
    heads     list<int32>    the head or channel of each map; -1 is the mean of all
    rows      int32          of each map
    cols      int32
    values    list<float16>  (heads, rows, cols), row by row
    box       list<float32>  (left, top, right, bottom), what the maps cover of the photo, px
    target    string         what a method was asked about
    error     string         why there is no map; null where there is one

Values beyond the range of float16 are kept as its ends, +-65504.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from heedmap.views.wanted import Maps

SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("kind", pa.string()),
        ("layer", pa.string()),
        ("heads", pa.list_(pa.int32())),
        ("rows", pa.int32()),
        ("cols", pa.int32()),
        ("values", pa.list_(pa.float16())),
        ("box", pa.list_(pa.float32())),
        ("target", pa.string()),
        ("error", pa.string()),
    ]
)
_MOST = float(np.finfo(np.float16).max)

Row = dict[str, Any]


def of_maps(
    path: str, sha256: str, kind: str, maps: Sequence[Maps], box: Sequence[float]
) -> Iterator[Row]:
    """The rows of one photo."""
    for layer in maps:
        rows, cols = layer.values.shape[1:]
        yield {
            "path": path,
            "sha256": sha256,
            "kind": kind,
            "layer": layer.layer,
            "heads": layer.heads,
            "rows": rows,
            "cols": cols,
            "values": np.clip(layer.values, -_MOST, _MOST).astype(np.float16).ravel(),
            "box": box,
            "target": layer.target,
        }


def of_failure(path: str, sha256: str | None, reason: str) -> Row:
    """The row of a photo without maps."""
    return {"path": path, "sha256": sha256, "error": reason}


def encoded(rows: Sequence[Row], about: dict[str, str]) -> bytes:
    """A Parquet file with some rows; `about` is kept in its metadata."""
    stream = io.BytesIO()
    table = pa.Table.from_pylist(rows, SCHEMA.with_metadata(about))
    words = [field.name for field in SCHEMA if field.type == pa.string()]
    pq.write_table(table, stream, compression="zstd", use_dictionary=words)
    return stream.getvalue()
