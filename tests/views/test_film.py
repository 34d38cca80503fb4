"""Films: read in order, drawn on one scale, written so that browsers play them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import ImageError, SettingError
from heedmap.models import Adapter
from heedmap.views import film, film_command
from heedmap.views.film import Frame, Wanted
from heedmap.views.render import Look
from heedmap.viz import film_process


def flash(count: int = 20) -> list[np.ndarray]:
    """Frames that get brighter, so that their order is seen."""
    return [np.full((48, 64, 3), 10 * at, np.uint8) for at in range(count)]


def encoded(path: Path, codec: str, rate: int = 20) -> Path:
    """The same as another kind of film."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = {"gif": "rgb8"}.get(codec, "yuv420p")
        for frame in flash():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.webm", "libvpx-vp9"), ("a.gif", "gif")],
)
def test_films_are_read_in_order_at_the_rate_that_is_asked_for(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = encoded(tmp_path / name, codec)
    found = [int(frame.mean()) for frame in viz.frames(path, rate=10)]
    assert len(found) == 10
    assert found == sorted(found)
    assert len(list(viz.frames(path, rate=10, seconds=0.5, long_side=32))) == 5


def test_what_is_written_plays_in_browsers(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    assert viz.write_film(path, [frame[:47] for frame in flash()], rate=10) == 20
    with av.open(str(path)) as read:
        (stream,) = read.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.frames) == (64, 46, 20)
        assert float(stream.duration * stream.time_base) == pytest.approx(2)
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat"), "starts at once"
    with pytest.raises(SettingError, match="0 pictures"):
        viz.write_film(path, [])


def test_a_pan_wanders_over_the_photo() -> None:
    photo = viz.open_sample("cat")
    first, *_, last = viz.pan(photo, 1, 5)
    np.testing.assert_array_equal(first, photo[: first.shape[0], : first.shape[1]])
    np.testing.assert_array_equal(last, photo[-first.shape[0] :, -first.shape[1] :])


def test_all_frames_are_on_one_scale(vit: Adapter, tmp_path: Path) -> None:
    seen: list[Frame] = []
    wanted = Wanted(128, kind="cls", layer=3, part="2", look=Look())
    target = tmp_path / "film.mp4"
    photos = list(viz.pan(viz.open_sample("cat"), 0.5, 10))
    film.make(vit, photos, target, wanted, 10, lambda count, frame: seen.append(frame))
    assert len(seen) == 5
    heat = viz.record_attention(vit, vit.prepare(photos[4], 128)).of("cls")[3][2]
    np.testing.assert_array_equal(seen[4].heat, heat)
    ends = min(float(e.heat.min()) for e in seen), max(float(e.heat.max()) for e in seen)
    *_, last = viz.frames(target)
    wanted_last = film.drawn(seen[4], Look(), ends)[: last.shape[0], : last.shape[1]]
    assert np.abs(last.astype(int) - wanted_last).mean() < 4, "as far as H.264 tells"
    assert not np.array_equal(film.drawn(seen[4], Look()), film.drawn(seen[4], Look(), ends))


def test_a_clip_is_read_in_another_process(tmp_path: Path) -> None:
    clip = film_process.read_clip(encoded(tmp_path / "a.mp4", "libx264"), tmp_path / "a.npy")
    assert clip.shape == (10, 48, 64, 3)
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    with pytest.raises(ImageError, match=r"'bad\.mp4' cannot be read as a film"):
        film_process.read_clip(tmp_path / "bad.mp4", tmp_path / "b.npy")


def test_the_command_writes_a_film(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    film_command.main(["cat", "--seconds", "0.5", "--output", str(target)])
    assert len(list(viz.frames(target))) == 5
    for wrong, said in ((["cat", "--layer", "6"], "layers 0 to 5"), (["none.mp4"], "none.mp4")):
        with pytest.raises(SystemExit, match=said):
            film_command.main(wrong)
