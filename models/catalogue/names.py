"""What people type for a model: an id of the list or of the hub, its URL, or a name from timm."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from heedmap.errors import UnknownModelError, short
from heedmap.languages import Phrase
from heedmap.models.catalogue import local, policy
from heedmap.models.catalogue.entries import CATALOGUE, Model

ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(@[\w./-]{1,200})?")
TIMM = re.compile(r"[a-z][a-z0-9_]{2,99}(\.[a-z0-9_]{1,99})?")
REVISIONS = ("tree", "blob", "resolve", "commit")  # in a URL of the hub, before a revision
NEAREST = 3


def is_id(text: str) -> bool:
    """Whether a text has the form "owner/name" or "owner/name@revision"."""
    return ID.fullmatch(text) is not None


def listed() -> Iterator[Model]:
    """The models of the catalogue, then the host's own, whether visitors may load them or not."""
    yield from CATALOGUE
    yield from local.records()


def canonical(text: str) -> str:
    """One id for one model, however it was typed; unknown names come back as they are.

    Raises:
        UnknownModelError: not a text, or an empty one.
    """
    if not isinstance(text, str) or not text.strip():
        raise UnknownModelError(
            "A model id is a name such as 'bundled-vit' or 'owner/name', not {text}: choose "
            "one of models.ids().",
            text=short(text),
        )
    name = _from_url(text.strip())
    if name.startswith(local.PREFIX) or any(model.id == name for model in CATALOGUE):
        return name
    if not is_id(name):
        name = _from_timm(name) or name
    return next((model.id for model in CATALOGUE if model.repo == name), name)


def unknown(id: str) -> UnknownModelError:
    """The sentence for an id that names no model."""
    close = near(id)
    hint = (
        Phrase("did you mean {close}?", close=close)
        if close
        else Phrase("choose one of models.ids(), for example 'bundled-vit'.")
    )
    return UnknownModelError("There is no model {id}: {hint}", id=short(id), hint=hint)


def near(text: str) -> str:
    """The nearest names that a text could have been: "'a', 'b' or 'c'", "" where none is near."""
    known = [*_offered(), *(model.repo for model in CATALOGUE if model.repo)]
    if policy.pasted_ids():
        known += [f"timm/{name}" if "/" in text else name for name in _timm_names()]
    known_once = dict.fromkeys(name for name in known if name != text)
    found = difflib.get_close_matches(text[:100], known_once, NEAREST)
    *others, last = [repr(name) for name in found] or [""]
    if not others:
        return last
    return Phrase("{others} or {last}", others=", ".join(others), last=last)


def _offered() -> list[str]:
    return [model.id for model in listed() if policy.allowed(model)]


def _from_url(text: str) -> str:
    """The id in an address of the hub; any other text as it is."""
    if not re.match(r"https?://|huggingface\.co/|hf\.co/", text):
        return text
    from huggingface_hub import constants

    url = urlsplit(text if "://" in text else f"https://{text}")
    hosts = {*constants.HF_URL_HOSTS, urlsplit(constants.ENDPOINT).hostname}
    owner, name, kind, *revision = [*url.path.strip("/").split("/"), "", "", ""][:5]
    if (url.hostname or "").removeprefix("www.") not in hosts or not is_id(f"{owner}/{name}"):
        return text
    return f"{owner}/{name}" + (f"@{revision[0]}" if kind in REVISIONS and revision[0] else "")


def _from_timm(name: str) -> str | None:
    """The hub's id of a model that timm knows by this name, with or without a tag."""
    if not TIMM.fullmatch(name):
        return None
    import timm

    if not timm.is_model(name.split(".")[0]):
        return None
    try:
        config = timm.get_pretrained_cfg(name)
    except RuntimeError:  # no such tag
        return None
    return config.hf_hub_id if config and config.hf_hub_id else None


@cache
def _timm_names() -> tuple[str, ...]:
    import timm

    return tuple(timm.list_pretrained())
