"""The folder that holds this file is the package `heedmap`: viz/ is imported as `heedmap.viz`."""

from pathlib import Path

from setuptools import setup

ROOMS = (
    "languages",
    "models",
    "store",
    "viz",
    "views",
    "pages",
    "serving",
    "batch",
    "api",
    "cluster",
)  # installed, with the .py files beside this

files = [path for room in ROOMS for path in Path(room).rglob("*") if path.is_file()]
modules = [path for path in files if path.suffix == ".py"]
data = [path.as_posix() for path in files if path.suffix not in {".py", ".pyc"}]

setup(
    script_name="setup.py",  # so that it is not installed itself
    packages=["heedmap", *sorted({".".join(["heedmap", *path.parent.parts]) for path in modules})],
    package_dir={"heedmap": "."},
    package_data={"heedmap": ["py.typed", ".streamlit/config.toml", *data]},
)
