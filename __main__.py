"""The command `heedmap`: alone it opens the app in the browser, `heedmap --help` lists the rest.

`python -m heedmap` is the same.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

APP = Path(__file__).with_name("server.py")  # Streamlit reads .streamlit/config.toml beside it

# Each command is a line: its help, and the module that parses its arguments and does the work.
COMMANDS = {
    "batch": ("map a folder of photos into Parquet files", "heedmap.batch.command"),
    "engine": ("hold models and run passes for front ends", "heedmap.cluster.command"),
    "report": ("show photos x models x layers in one HTML file", "heedmap.views.report_command"),
    "film": ("show where a model looks in a film", "heedmap.views.film_command"),
    "convert": ("convert a pickled checkpoint to safetensors", "heedmap.models.convert"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Open the app, or run the command that the arguments name."""
    parser = _parser()
    options, rest = parser.parse_known_args(argv)
    if options.command:
        _run(COMMANDS[options.command][1], [f"heedmap {options.command}", *rest])
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    else:
        _run("streamlit", ["streamlit", "run", str(APP), *_flags(options)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="heedmap",
        usage="%(prog)s [options] [COMMAND ...]",
        description="See what a vision model looks at: open the app in the browser.",
    )
    add = parser.add_argument
    add("--version", action="version", version=f"Heedmap {version('heedmap')}")
    add("--address", default="localhost", help="where to listen; 0.0.0.0 lets others in")
    add("--port", type=_port, help="default: 8501, or the next free one")
    add("--no-browser", action="store_true", help="only start the server")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, (what, _) in COMMANDS.items():
        commands.add_parser(name, help=what, add_help=False)
    return parser


def _flags(options: argparse.Namespace) -> list[str]:
    """The options as Streamlit calls them; without a display it opens no browser by itself."""
    flags = [f"--server.address={options.address}"]
    if options.port is not None:
        flags.append(f"--server.port={options.port}")
    if options.no_browser:
        flags.append("--server.headless=true")
    return flags


def _run(module: str, argv: list[str]) -> None:
    """Run a module as `python -m` does, in this process."""
    sys.argv = argv
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
