"""Language models for `benchmarks.models`: random weights, at a number of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import measure

RECORD, HEAD, EAGER = "record", "one head", "output_attentions"


@dataclass(frozen=True)
class TextCase:
    """A language model at one number of tokens.

    Attributes:
        title: its name for people.
        size: tokens.
        passes: how often it is timed.
        build: makes the model, which attends in a way of Transformers.
        eager: whether it is also run eagerly; long texts would take gigabytes.
    """

    title: str
    size: int
    passes: int
    build: Callable[[str], Any]
    eager: bool = True
    unit: str = "tokens"

    @property
    def ways(self) -> tuple[str, ...]:
        """What is measured."""
        return (measure.PLAIN, RECORD, EAGER if self.eager else HEAD)

    def run(self, name: str) -> Callable[[], object]:
        """One way through the model, ready to run."""
        import torch
        from heedmap import viz
        from heedmap.models import Encoded, TextAdapter

        torch.manual_seed(0)
        module = self.build("eager" if name == EAGER else "sdpa").eval().requires_grad_(False)
        ids = torch.randint(5, 1000, (1, self.size))
        kinds = ("cls", *["word"] * (self.size - 2), "sep")
        x = Encoded({"input_ids": ids}, ("word",) * self.size, kinds, (0,) * self.size)
        adapter = TextAdapter(module, "benchmark", self.title, None)
        ways: dict[str, Callable[[], object]] = {
            measure.PLAIN: lambda: adapter.read(x),
            RECORD: lambda: viz.record_encoded(adapter, x),
            HEAD: lambda: viz.text_head(adapter, x, -1, 0),
        }

        def eager() -> object:
            with torch.inference_mode():
                return module(ids, output_attentions=True).attentions

        return ways.get(name, eager)


def bert_base(attention: str) -> Any:
    """BERT base, with positions for 4,096 tokens."""
    import transformers

    config = transformers.BertConfig(max_position_embeddings=4096)
    config._attn_implementation = attention
    return transformers.BertModel(config)


def gpt2(attention: str) -> Any:
    """GPT-2 of 12 layers, whose attention is causal."""
    import transformers

    config = transformers.GPT2Config()
    config._attn_implementation = attention
    return transformers.GPT2Model(config)


CASES = (
    TextCase("BERT-base", 128, 15, bert_base),
    TextCase("BERT-base", 512, 7, bert_base),
    TextCase("GPT-2", 128, 15, gpt2),
    TextCase("GPT-2", 512, 7, gpt2),
    TextCase("BERT-base", 4096, 1, bert_base, eager=False),
)
