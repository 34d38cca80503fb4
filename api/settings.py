"""Whether the interface is on, and who may use it, as the environment says."""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import dataclass

from heedmap.errors import SettingError, short
from heedmap.models.catalogue import policy
from starlette.datastructures import Headers

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST = 16  # characters of a key


@dataclass(frozen=True)
class Access:
    """Who may use the interface.

    Attributes:
        keys: of which a request has to send one; none at all lets everybody in.
    """

    keys: tuple[str, ...] = ()

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request may be answered."""
        return not self.keys or self.knows(headers)

    def knows(self, headers: Headers) -> bool:
        """Whether a request carries one of the keys."""
        kind, _, sent = headers.get("authorization", "").partition(" ")
        given = sent.strip().encode() if kind.lower() == "bearer" else b""
        return any(hmac.compare_digest(given, key.encode()) for key in self.keys)


def is_on(bound: str | None) -> bool:
    """Whether the interface is served by a server that listens at an address.

    Raises:
        SettingError: HEEDMAP_API is neither yes nor no.
    """
    said = _said()
    return not is_public(bound) if said is None else said


def is_asked_for() -> bool:
    """Whether the host has turned it on, rather than left it on.

    Raises:
        SettingError: as `is_on`.
    """
    return _said() is True


def is_public(bound: str | None) -> bool:
    """Whether others can reach a server: it listens beyond this machine, or a proxy names it."""
    return (bound or "") not in LOOPBACK or bool(os.environ.get("HEEDMAP_HOSTS", "").strip())


def access() -> Access:
    """Who may use it.

    Raises:
        SettingError: a key in HEEDMAP_API_KEYS that is too short or has other characters.
    """
    listed = [key for key in re.split(r"[,\s]+", os.environ.get("HEEDMAP_API_KEYS", "")) if key]
    for number, key in enumerate(listed, 1):
        if len(key) < _SHORTEST or not key.isascii() or not key.isprintable():
            raise SettingError(
                f"Key {number} of HEEDMAP_API_KEYS cannot be used: set keys of {_SHORTEST} or more "
                "letters, digits and signs of ASCII."
            )
    return Access(tuple(listed))


def check_environment() -> list[str]:
    """One sentence for each variable with a value that cannot be used."""
    problems = []
    for read in (_said, access):
        try:
            read()
        except SettingError as error:
            problems.append(str(error))
    return problems


def _said() -> bool | None:
    value = os.environ.get("HEEDMAP_API", "").strip()
    if not value:
        return None
    if value.lower() not in policy.YES | policy.NO:
        raise SettingError(f"HEEDMAP_API={short(value)} is neither yes nor no: set one of them.")
    return value.lower() in policy.YES
