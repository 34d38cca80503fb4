"""What the command refuses before anything is started."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from heedmap.cluster import command


@pytest.fixture(autouse=True)
def no_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Serve nor Ray is needed for a refusal."""
    monkeypatch.setattr(command, "_serve", lambda: None)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"cannot listen at 127.0.0.1:{port} \(Address al"):
            command.main(["--address", "127.0.0.1", "--port", str(port)])
    with pytest.raises(SystemExit, match=r"cannot listen at nowhere.invalid:8600"):
        command.main(["--address", "nowhere.invalid"])


def test_gpus_that_are_not_there_are_told_and_not_waited_for() -> None:
    with pytest.raises(command.SettingError, match=r"need 1.5 GPUs and Ray sees 1 on this machine"):
        command._check_gpus(3 * 0.5, 1.0)
    command._check_gpus(2 * 0.5, 1.0)


@pytest.mark.parametrize("words", [["--replicas", "0"], ["--port", "x"], ["--gpus", "-1"]])
def test_numbers_that_are_none_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(words)
    assert f"argument {words[0]}: " in capsys.readouterr().err


def test_nothing_of_ray_is_imported_before_it_is_needed() -> None:
    code = "import sys, heedmap.cluster.command, heedmap.batch.command, heedmap.views.passes; "
    code += "print([name for name in sys.modules if name.split('.')[0] == 'ray'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
