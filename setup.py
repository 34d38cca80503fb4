"""The folder that holds this file is the package `heedmap`: viz/ is imported as `heedmap.viz`."""

from setuptools import find_packages, setup

ROOMS = ("models", "viz", "views", "pages")

packages = find_packages(include=[name for room in ROOMS for name in (room, f"{room}.*")])
setup(
    packages=["heedmap", *(f"heedmap.{name}" for name in packages)],
    package_dir={"heedmap": "."},
)
