"""The film of the export: up to 10 s with the page's map over each frame, all on one scale."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import streamlit as st
from heedmap import viz
from heedmap.errors import OvertakenError
from heedmap.languages import Phrase
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.language import tr
from heedmap.pages.run.loading import load
from heedmap.private import session
from heedmap.views import film, photos, turns
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.film import Frame, Wanted
from heedmap.views.render import Drawable, Look
from heedmap.viz.film_process import RATE, SECONDS, read_clip

_MADE = "heedmap.film"  # (what was asked for, the file) of the last film
_PAN = 4.0  # seconds
_TYPES = ["mp4", "mov", "webm", "gif"]


def show(shown: Drawable, look: Look) -> None:
    """Let the visitor choose a clip, and make the film."""
    wanted = film.wanted(shown, look) if isinstance(shown, Map | Channel) else None
    if wanted is None:
        st.caption(
            tr(
                "A film shows attention that every frame has, or a channel: open ViT heads, CLIP "
                "layers or CNN channels, and no single patch."
            )
        )
        return
    clip = st.file_uploader(
        tr("A clip, of which the first {seconds:g} s are shown", seconds=SECONDS),
        _TYPES,
        key="take.clip",
        max_upload_size=20,
    )
    pan = Phrase("a slow pan over “{photo}”", photo=photos.title(shown.request.photo))
    name = clip.name if clip else pan
    st.caption(
        tr(
            "{title} in {name}, {rate:g} frames a second.",
            title=shown.title,
            name=plain(name),
            rate=RATE,
        )
    )
    if st.button(tr("Make the film"), type="primary", icon=":material/movie:", key="take.film"):
        with tempfile.TemporaryDirectory(prefix="heedmap-") as folder:
            _make(shown, wanted, clip.getvalue() if clip else b"", name, Path(folder))
    _offer((shown.request, wanted, name))


def _make(shown: Drawable, wanted: Wanted, clip: bytes, name: str, folder: Path) -> None:
    """Make the film, each frame shown as it comes; whatever is pressed meanwhile ends it."""
    bar, picture, stop = st.progress(0.0, tr("Reading the clip …")), st.empty(), st.empty()
    stop.button(tr("Stop"), key="take.stop film")  # the run that the press starts makes nothing
    try:
        adapter = load(shown.request.model)
        frames = _frames(shown.request.photo, clip, folder)

        def tell(count: int, frame: Frame) -> None:
            bar.progress(
                count / len(frames),
                tr("Frame {count} of {frames}", count=count, frames=len(frames)),
            )
            picture.image(film.drawn(frame, wanted.look), width=film.SIDE)

        with turns.visiting(session(), lambda words: None):
            film.make(adapter, frames, folder / "film.mp4", wanted, RATE, tell)
        made = (folder / "film.mp4").read_bytes()
        st.session_state[_MADE] = ((shown.request, wanted, name), made)
    except OvertakenError:
        st.stop()
    except Exception as error:
        st.error(plain(sentence(error)), icon=":material/error:")
    for each in (bar, picture, stop):
        each.empty()


def _frames(photo: str, clip: bytes, folder: Path) -> np.ndarray | list[np.ndarray]:
    """The frames of a clip, or of a pan over a photo."""
    if not clip:
        small = viz.enlarged(photos.pixels(photo), 960)
        return list(viz.pan(small, _PAN, RATE))
    (folder / "clip").write_bytes(clip)
    return read_clip(folder / "clip", folder / "frames.npy")


def _offer(asked: object) -> None:
    made = st.session_state.get(_MADE)
    if made and made[0] == asked:
        st.video(made[1], loop=True, autoplay=True, muted=True, width=film.SIDE)
        st.download_button(
            tr("Download, {made:.1f} MB", made=len(made[1]) / 1000000.0),
            made[1],
            "heedmap-film.mp4",
            "video/mp4",
            key="take.film file",
            on_click="ignore",
            icon=":material/download:",
        )
