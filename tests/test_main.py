"""The command `heedmap`: what it passes on, and what it refuses in a sentence."""

from __future__ import annotations

import sys

import pytest
from heedmap import __main__ as command


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been run: the module and its arguments."""
    ran: list[str] = []
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(
        command.runpy, "run_module", lambda module, **_: ran.extend([module, *sys.argv])
    )
    return ran


def test_alone_it_opens_the_app_on_this_machine_only(started: list[str]) -> None:
    command.main([])
    assert started[:3] == ["streamlit", "streamlit", "run"]
    assert started[4:] == ["--server.address=localhost"]


def test_options_reach_the_server(started: list[str]) -> None:
    command.main(["--address", "0.0.0.0", "--port", "9000", "--no-browser"])
    assert set(started[4:]) == {
        "--server.address=0.0.0.0", "--server.port=9000", "--server.headless=true",
    }  # fmt: skip


def test_a_command_takes_its_own_options(started: list[str]) -> None:
    command.main(["convert", "model.pth", "--key", "ema", "--help"])
    assert started == [
        "heedmap.models.convert", "heedmap convert", "model.pth", "--key", "ema", "--help",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["--port", "99999"], "'99999' is not a port"),
        (["--port", "auto"], "'auto' is not a port"),
        (["paint"], "'paint'"),
        (["--fast"], "--fast"),
    ],
)
def test_a_mistake_is_told(
    argv: list[str], word: str, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(argv)
    assert end.value.code == 2
    assert word in capsys.readouterr().err
    assert started == []
