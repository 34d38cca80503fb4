"""What the pages for people say is true: examples run, files and commands that they name exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from heedmap import viz

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "training/README.md", *(
    path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("**/*.md"))
), "README.zh.md")  # fmt: skip
TWINS = {"README.md": "README.zh.md"} | {
    f"docs/{path.name}": f"docs/zh/{path.name}" for path in sorted((ROOT / "docs/zh").glob("*.md"))
}  # a page, and the same in Chinese
MADE = re.compile(r"<!-- (\w+) -->.*?<!-- /\1 -->", re.DOTALL)  # by a script, in English alone
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
# `viz/draw/overlay.py`, `models/`: what starts with a folder or a file of the checkout.
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/|[\w./-]+\.(?:py|toml|md))`")
MAKE = re.compile(r"make ([a-z]+)")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    for target in LINK.findall(read(page)):
        assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page: str) -> None:
    for name in NAMED.findall(read(page)):
        if "/" in name.rstrip("/") or (ROOT / name).exists():
            assert (ROOT / name).exists(), name
        else:  # inside a room
            assert list(ROOT.glob(f"[a-z]*/{name}")) + list(ROOT.glob(f"[a-z]*/*/{name}")), name


def test_tables_are_in_the_files_that_are_named() -> None:
    tables = re.findall(r"`([A-Z]+)` in `([\w./]+)`", read("CONTRIBUTING.md"))
    assert len(tables) >= 3
    for table, file in tables:
        assert re.search(rf"^{table}\b.* = ", read(file), re.MULTILINE), (table, file)


def test_commands_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    for page in PAGES:
        code = re.findall(r"`[^`]+`|^    .*$", read(page), re.MULTILINE)
        assert {target for text in code for target in MAKE.findall(text)} <= targets


def test_the_readme_fits_two_screens() -> None:
    assert len(read("README.md").splitlines()) <= 90


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)
    (tmp_path / "photo.jpg").write_bytes(viz.encode_jpeg(viz.open_sample("cat")))
    (tmp_path / "example.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path("example.py")
    assert names["picture"].dtype == np.uint8
    assert names["picture"].shape == names["x"].view.shape
    assert names["heat"].shape == names["x"].grid


@pytest.mark.parametrize(("english", "chinese"), TWINS.items())
def test_a_page_in_chinese_has_the_headings_the_programs_and_the_options_of_the_other(
    english: str, chinese: str
) -> None:
    one, other = (MADE.sub("", read(page)) for page in (english, chinese))
    for pattern in (
        r"^(#+) ",  # ranks of headings
        r"^(?:    .*|```.*\n[\s\S]*?^```)$",  # programs
        r"^\| (`[^|]*`) \|",  # rows of tables that name something
        r"^(\|).*\|$",  # how many rows there are
    ):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (one, other)]
        found = [[each.replace("、", ", ") for each in texts] for texts in found]
        assert found[0] == found[1], f"{chinese} is to say what {english} says"
    names = [Path(page).name for page in (english, chinese)]
    assert names[1] in read(english)
    assert names[0] in read(chinese)
