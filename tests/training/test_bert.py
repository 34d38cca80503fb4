"""Texts of `bundled-bert`, and what is hidden of them."""

from __future__ import annotations

import torch

from training import bert, prose

NOUN = (
    "02121620 05 n 02 cat 0 true_cat 0 003 @ 02120997 n 0000 | feline mammal usually having thick "
    'soft fur; "the cat sat on the mat"; "two cats"'
)


def test_a_meaning_is_a_definition_and_its_examples() -> None:
    assert prose.meaning(NOUN) == (
        "cat, true cat: feline mammal usually having thick soft fur.",
        "the cat sat on the mat.",
        "two cats.",
    )


def test_texts_are_cut_padded_and_parted() -> None:
    texts = [prose.meaning(NOUN)] * 6
    tokenizer = bert.make_tokenizer(texts)
    found = bert.Sequences.of(texts, tokenizer, seed=0)
    batch = found.batch(0, len(found))
    ids, second = batch["input_ids"], batch["token_type_ids"]
    assert (ids[:, 0] == bert.CLS).all()
    assert ((ids == bert.SEP).sum(1) == 2).all()  # each has a first part and a second
    assert torch.equal(batch["attention_mask"].sum(1), torch.from_numpy(found.lengths))
    first = (ids == bert.SEP).int().argmax(1)
    assert all(
        not row[: at + 1].any() and row[at + 1] for row, at in zip(second, first, strict=True)
    )


def test_a_fifth_is_hidden_and_special_tokens_never() -> None:
    ids = torch.randint(0, 400, (300, 100), generator=torch.Generator().manual_seed(1))
    shown, asked = bert.hide(ids, 400, torch.Generator().manual_seed(0))
    assert not asked[ids < len(bert.SPECIAL)].any()
    assert abs(asked[ids >= len(bert.SPECIAL)].float().mean() - 0.2) < 0.01
    assert torch.equal(shown[~asked], ids[~asked])
    assert abs((shown[asked] == bert.MASK).float().mean() - 0.8) < 0.02
