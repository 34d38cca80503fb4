"""Which Heedmap a link was made by: it names its version, `v`, and an older one is said so.

What a release changes in the settings of links is told by the notices of the settings themselves;
this adds whose the link is, and names what is not known here. tests/pages/links.json keeps links of
each release.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from heedmap.languages import Phrase, join

NAME = "v"  # of the version in a link


@cache
def ours() -> str:
    """The version that runs here; "" in a checkout that is not installed."""
    try:
        return version("heedmap")
    except PackageNotFoundError:
        return ""


def said(theirs: str, missing: bool, unread: Collection[str]) -> str:
    """What a visitor is told of a link of another version; "" where it shows what it asks for.

    Args:
        theirs: the version that the link names, "" if it names none.
        missing: whether the link asks for something that is not available.
        unread: settings of the link that nothing here has read.
    """
    if theirs in ("", ours()) or not (missing or unread):
        return ""
    names = ", ".join(name[:40] for name in sorted(unread)[:5])
    said = Phrase(
        "The link was made by Heedmap {theirs}, this is {ours}: the view may differ.",
        theirs=theirs[:20],
        ours=ours(),
    )
    return (
        join([said, Phrase("{names} is not known here.", names=names)], "{one} {other}")
        if names
        else said
    )
