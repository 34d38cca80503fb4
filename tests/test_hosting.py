"""The files that host Heedmap agree with each other and with the app; no container is started."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from heedmap import __main__ as command
from heedmap.cluster import command as engine_command
from heedmap.serving import health
from heedmap.viz.photo.limits import MAX_BYTES

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
ENGINE = yaml.safe_load((ROOT / "compose.engine.yaml").read_text(encoding="utf-8"))
NGINX = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")


def lines(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)


def test_one_port_is_meant_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = lines("EXPOSE")
    entry = json.loads(lines("ENTRYPOINT")[0])
    started: list[str] = []
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(command.runpy, "run_module", lambda *_, **__: started.extend(sys.argv))
    command.main(entry[1:])
    assert f"--server.port={port}" in started
    assert "--server.headless=true" in started
    assert f'"{port}"' in re.findall(r"CMD (\[.*\])", lines("HEALTHCHECK")[0])[0]
    space = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert space["sdk"] == "docker"
    assert str(space["app_port"]) == port
    assert re.findall(r"server (\w+):(\d+);", NGINX) == [("front1", port), ("front2", port)]


def test_nothing_runs_as_root_or_writes_outside_its_folders() -> None:
    assert lines("USER") == ["heedmap"]
    for front in ("front1", "front2"):
        service = COMPOSE["services"][front]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "/tmp" in service["tmpfs"]
        assert service["volumes"] == ["data:/data"], "one store for both"


def test_settings_are_those_that_are_described() -> None:
    given = set(COMPOSE["services"]["front1"]["environment"])
    given |= set(ENGINE["services"]["front1"]["environment"])
    given |= set(re.findall(r"\b(HEEDMAP_\w+|HF_HOME)=", DOCKERFILE))
    for name in given:
        assert f"`{name}`" in HOSTING, name


def test_the_engine_is_where_the_front_ends_look_for_it() -> None:
    engine = ENGINE["services"]["engine"]
    name, word, *options = (
        re.sub(r"\$\{\w+-(\d+)\}", r"\1", each) for each in engine["entrypoint"]
    )
    assert (name, word in command.COMMANDS) == ("heedmap", True)
    started = engine_command._parser().parse_args(options)
    assert started.address == "0.0.0.0"
    for front in ("front1", "front2"):
        address = ENGINE["services"][front]["environment"]["HEEDMAP_ENGINE"]
        assert address == f"http://engine:{started.port}"
    assert engine["healthcheck"]["test"][-2:] == [str(started.port), "engine"]
    assert (ROOT / engine["build"]["args"]["REQUIREMENTS"]).is_file()
    assert "ports" not in engine, "nobody else reaches it"


def test_the_proxy_passes_on_what_the_app_needs() -> None:
    assert int(re.findall(r"client_max_body_size (\d+)m", NGINX)[0]) * 2**20 > MAX_BYTES
    for words in ("Upgrade $http_upgrade", "Host $http_host", "X-Forwarded-For $remote_addr"):
        assert f"proxy_set_header {words};" in NGINX
    assert "hash $visitor consistent;" in NGINX


def test_what_the_image_copies_and_installs_is_there() -> None:
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in lines("COPY"):
        for name in shlex.split(line)[:-1]:
            if name.startswith("requirements"):
                assert (ROOT / name).is_file()
    assert not {"models", "README.md", "LICENSE", "setup.py"} & set(left_out)


def test_health_is_asked_without_a_proxy() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "heedmap.serving.health", str(port)],
            env={**os.environ, "http_proxy": "http://127.0.0.1:1"},
            check=False,
        )
        assert done.returncode == 1
    assert not health.healthy(port)
