"""The command `heedmap`: alone it opens the app in the browser, `heedmap --help` lists the rest.

`python -m heedmap` is the same. A command is one parser below and the function that it runs.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from heedmap.errors import HeedmapError

APP = Path(__file__).with_name("server.py")  # Streamlit reads .streamlit/config.toml beside it


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that `argv` names; an error that we raise is one line and exit code 1."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        options.run(options)
    except HeedmapError as error:
        parser.exit(1, f"{error}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="heedmap",
        description="See what a vision model looks at: open the app in the browser.",
    )
    parser.add_argument("--version", action="version", version=f"Heedmap {version('heedmap')}")
    parser.add_argument(
        "--address", default="localhost", help="listen here; 0.0.0.0 lets others in (%(default)s)"
    )
    parser.add_argument("--port", type=_port, help="default: 8501, or the next free one")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.add_argument(
        "--reload", action="store_true", help="for developers: rerun when a source file is saved"
    )
    parser.set_defaults(run=open_app)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    convert = commands.add_parser("convert", help="convert a pickled checkpoint to safetensors")
    convert.add_argument("source", type=Path, metavar="FILE", help="a file that torch.save wrote")
    convert.add_argument(
        "target", type=Path, nargs="?", help="default: beside FILE, with the ending .safetensors"
    )
    convert.set_defaults(run=convert_checkpoint)
    return parser


def open_app(options: argparse.Namespace) -> None:
    """Start the server, and open the app in the browser where there is a display."""
    flags = [f"--server.address={options.address}"]
    if options.port is not None:
        flags.append(f"--server.port={options.port}")
    if options.no_browser:
        flags.append("--server.headless=true")
    if options.reload:
        flags += ["--server.fileWatcherType=auto", "--server.runOnSave=true"]
    sys.argv = ["streamlit", "run", str(APP), *flags]
    runpy.run_module("streamlit", run_name="__main__")


def convert_checkpoint(options: argparse.Namespace) -> None:
    """Write a checkpoint's tensors to a safetensors file and print its path."""
    from heedmap.models.convert import convert

    print(convert(options.source, options.target))


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
