"""How tokens are shown: as the tokenizer cuts them, and what cannot be seen spelled out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

MASK = "[MASK]"  # how a masked token is written, whatever a model calls it
SPACE = "·"  # stands for a space before a word
UNSEEN = {"\n": "↵", "\r": "↩", "\t": "⇥"}
SPECIAL = ("cls", "sep", "mask", "pad")
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def shown(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """Each token as text: "##ing" of WordPiece as it is, "·the" for "Ġthe" and "▁the".

    A piece of a character, as byte-level vocabularies have them, is shown as its bytes: "F0 9F"; a
    row of the model that is no token of the tokenizer as its number.
    """
    found = tokenizer.convert_ids_to_tokens(list(ids))
    pieces = [
        f"#{id}" if piece is None else str(piece) for id, piece in zip(ids, found, strict=True)
    ]
    special = set(tokenizer.all_special_ids)
    by_bytes = _counts_bytes(tokenizer)
    return [
        piece if id in special else _shown(piece, by_bytes)
        for id, piece in zip(ids, pieces, strict=True)
    ]


def kinds(tokenizer: Any, ids: Sequence[int], texts: Sequence[str], pads: int) -> list[str]:
    """What each token is: "cls", "sep", "mask", "pad", "special", "punctuation" or "word".

    Args:
        texts: the tokens as they are `shown`.
        pads: how many of the last tokens fill up the text.
    """
    named = {getattr(tokenizer, f"{name}_token_id", None): name for name in reversed(SPECIAL)}
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    found = []
    for place, (id, text) in enumerate(zip(ids, texts, strict=True)):
        if place >= len(ids) - pads:
            found.append("pad")
        elif id in special:
            name = named.get(id, "special")
            found.append("special" if name == "pad" else name)
        else:
            found.append("punctuation" if _is_punctuation(text) else "word")
    return found


def _shown(piece: str, by_bytes: bool) -> str:
    if byte := _BYTE.fullmatch(piece):
        code = int(byte[1], 16)
        return _seen(chr(code)) if code < 0x80 else byte[1]
    ends = piece.endswith("</w>")
    piece = piece.removesuffix("</w>")
    if by_bytes and all(letter in _bytes() for letter in piece):
        raw = bytes(_bytes()[letter] for letter in piece)
        try:
            piece = raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.hex(" ").upper()
    text = _seen(piece.replace("▁", " "))
    return text if text or not ends else "∅"


def _seen(text: str) -> str:
    """A text whose spaces, control characters and marks without width can be seen."""
    return "".join(UNSEEN.get(letter) or _spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    if letter == " ":
        return SPACE
    return f"U+{ord(letter):04X}" if unicodedata.category(letter).startswith("C") else letter


def _is_punctuation(text: str) -> bool:
    bare = text.removeprefix("##").strip(SPACE)
    return bool(bare) and all(unicodedata.category(letter).startswith("P") for letter in bare)


def _counts_bytes(tokenizer: Any) -> bool:
    """Whether a vocabulary is one of bytes, written as letters."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = (getattr(backend, name, None) for name in ("decoder", "pre_tokenizer", "model"))
    if backend is None:
        return hasattr(tokenizer, "byte_decoder")
    return any("ByteLevel" in repr(part)[:2000] for part in parts)


@cache
def _bytes() -> dict[str, int]:
    """The letters that stand for bytes: those that can be seen for themselves, the others from
    U+0100 on (A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [code for code in range(256) if code not in plain]
    letters = [(chr(code), code) for code in plain]
    return dict(letters + [(chr(0x100 + place), code) for place, code in enumerate(rest)])
