"""Check the arguments of the recording functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heedmap.errors import SettingError, short


def check_call(adapter: Any, x: Any) -> None:
    """Raise a SettingError unless `x` is a photo that the adapter `adapter` prepared."""
    from heedmap.models import Adapter, Prepared

    if not isinstance(adapter, Adapter):
        raise SettingError(
            f"{short(adapter)} is not a model to record: pass what models.load or models.wrap "
            "returns."
        )
    if not isinstance(x, Prepared):
        raise SettingError(
            f"{short(x)} is not a prepared photo: pass what adapter.prepare returns."
        )
    if (x.patch, x.prefix) != (adapter.patch, adapter.prefix):
        raise SettingError(
            f"This photo was prepared for patches of {x.patch} px after {x.prefix} tokens, and "
            f"{adapter.title} has {adapter.patch} px after {adapter.prefix}: "
            "prepare it with adapter.prepare."
        )


def names_of(layers: Any) -> tuple[str, ...]:
    """Names of layers as a tuple.

    Raises:
        SettingError: a single string, or something that is not a name.
    """
    whole = isinstance(layers, Sequence | set | frozenset) and not isinstance(layers, str | bytes)
    if not whole or not all(isinstance(name, str) for name in layers):
        raise SettingError(f"layers={short(layers)} is not a list of names: give ['NAME', ...].")
    return tuple(layers)
