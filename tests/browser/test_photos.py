"""Photos of one's own: dropped in, kept from page to page, and refused in one sentence."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
from heedmap.serving.uploads import Bounds
from PIL import Image
from playwright.sync_api import expect

from tests.browser.view import View, pixels

PAGES = ("ViT heads", "CLIP layers", "CNN channels")


def photo(width: int = 320, height: int = 200, kind: str = "PNG") -> bytes:
    """A picture of one's own: red grows to the right, green downwards, and one blue square."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    picture[: height // 3, : width // 3, 2] = 255
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind)
    return stream.getvalue()


def png_of_zeros(width: int, height: int) -> bytes:
    """A small file that claims, and holds, a huge black picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        whole = name + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*each) for each in [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    )


def shows(view: View, content: bytes) -> bool:
    """Whether the photo beside the map is this one, as far as a JPEG tells."""
    wanted, there = pixels(content), pixels(view.original())
    return there.shape == wanted.shape and np.abs(there.astype(int) - wanted).mean() < 4


def test_a_photo_is_chosen_from_the_disk(view: View) -> None:
    view.open()
    view.change(lambda: view.choose_file("mine.png", photo()))
    assert shows(view, photo())
    assert "photo=" in view.tab.url


def test_a_photo_is_dropped_and_kept_from_page_to_page(view: View) -> None:
    mine = photo()
    view.open()
    view.change(lambda: view.drop_file("mine.png", mine))
    assert shows(view, mine)
    assert "photo=" in view.tab.url
    first = view.hero()
    for page in (*PAGES[1:], PAGES[0]):
        view.turn_to(page)
        assert shows(view, mine), page
    assert view.hero() == first


def test_a_sample_is_picked_again_after_an_upload(view: View) -> None:
    view.open()
    sample = view.original()
    view.change(lambda: view.drop_file("mine.png", photo()))
    yours = view.tab.get_by_role("option", name="Your photo")
    expect(yours).to_have_attribute("aria-selected", "true")
    view.change(view.gallery("Photo").nth(1).click)  # the newest upload comes first
    assert view.original() == sample
    expect(yours).to_have_count(1)


BAD = {
    "no picture": b"This is no picture at all.",
    "empty": b"",
    "truncated": photo()[:400],
    "1 px wide": photo(1, 64),
    "72 megapixels": png_of_zeros(9000, 8000),
}


def test_a_bad_file_gets_one_sentence_and_the_picture_stays(view: View) -> None:
    mine = photo()
    view.open()
    view.change(lambda: view.drop_file("mine.png", mine))
    before, address = view.hero(), view.tab.url
    complaints = set()
    for what, content in BAD.items():
        view.drop_file(f"{what}.png", content)
        expect(view.alert()).to_have_count(1)
        complaints.add(complaint := view.alert().inner_text())
        assert not any(word in complaint for word in ("Traceback", "Exception", "/tmp")), what
        assert complaint.rstrip(".").count(". ") == 0, f"{what}: more than one sentence"
        assert (view.hero(), view.tab.url) == (before, address), what
        assert shows(view, mine), what
    assert len(complaints) == len(BAD)


def test_a_file_that_is_too_large_is_not_even_sent(view: View) -> None:
    view.open()
    before = view.hero()
    view.drop_file("large.png", size=21 << 20, refused=True)
    expect(view.alert()).to_have_count(1)
    expect(view.alert()).to_contain_text("20")
    assert view.hero() == before


def test_the_browsers_own_refusal_stands_alone(view: View) -> None:
    view.open()
    seen = view.alert().filter(visible=True)
    view.drop_file("bad.png", BAD["empty"])
    expect(seen).to_have_count(1)
    view.drop_file("large.png", size=21 << 20, refused=True)
    expect(seen).to_have_count(1)
    expect(seen).to_contain_text("20")
    view.drop_file("bad.png", BAD["no picture"])
    expect(seen).to_have_count(1)
    expect(seen).to_contain_text("not a picture")


def test_the_complaint_goes_with_the_next_good_photo(view: View) -> None:
    view.open()
    view.drop_file("bad.png", BAD["empty"])
    expect(view.alert()).to_have_count(1)
    view.change(lambda: view.drop_file("mine.png", photo(200, 320)))
    expect(view.alert()).to_have_count(0)
    assert shows(view, photo(200, 320))


SEND = """async ([url, count]) => {
    const token = document.cookie.match(/_streamlit_xsrf=([^;]+)/)?.[1] ?? '';
    for (let i = 0; i < count; i += 1) {
        const body = new FormData();
        body.append('a.png', new Blob(['a']), 'a.png');
        await fetch(`${url}${i}`, { method: 'PUT', body, headers: { 'X-Xsrftoken': token } });
    }
}"""


def test_who_uploads_too_often_reads_when_to_try_again(view: View) -> None:
    view.open()
    with view.tab.expect_request(re.compile("/upload_file/")) as sent:
        view.change(lambda: view.drop_file("mine.png", photo()))
    before = view.hero()
    view.tab.evaluate(SEND, [sent.value.url, Bounds.files])
    view.drop_file("again.png", photo(200, 320))
    expect(view.alert()).to_contain_text("This photo was not taken")
    expect(view.alert()).to_contain_text("choose it again in")
    expect(view.tab.get_by_text("AxiosError")).to_have_count(0)
    assert view.hero() == before
