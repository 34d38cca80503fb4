"""Tiny tokenizers and language models with random weights, for tests."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

WORDS = [
    *("the", "cat", "sat", "on", "a", "mat", "and", "dog", "s", "not", "good", "movie"),
    *("was", "it", "##s", "##ing", ",", ".", "!", "?"),
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TEXT, PAIR = "the cat sat on the mat, and it was good.", "the dog was not good!"


def wordpiece() -> PreTrainedTokenizerFast:
    """As BERT's: CLS and SEP around one text or two."""
    vocabulary = {word: place for place, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask", "token_type_ids"],
    )  # fmt: skip


def byte_level() -> PreTrainedTokenizerFast:
    """As GPT-2's: bytes and a few merges, nothing around a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT, PAIR] * 9, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>"
    )


SHAPE = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 96, "pad_token_id": 0,
}  # fmt: skip
GROUPED: dict[str, Any] = {"num_key_value_heads": 2, "head_dim": 8}
NEAR: dict[str, Any] = {"sliding_window": 5}
RELATIVE: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"],
                            "type_vocab_size": 0}  # fmt: skip
GPT2 = {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 96}

# name: class of the config, class of the model, what is set besides
ENCODERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "BERT": ("BertConfig", "BertForMaskedLM", {}),
    "DistilBERT": ("DistilBertConfig", "DistilBertForMaskedLM",
                   {"dim": 32, "n_heads": 4, "n_layers": 2, "hidden_dim": 48}),
    "RoBERTa": ("RobertaConfig", "RobertaForMaskedLM", {"type_vocab_size": 2}),
    "DeBERTa": ("DebertaConfig", "DebertaForMaskedLM", RELATIVE),
    "DeBERTa v2": ("DebertaV2Config", "DebertaV2ForMaskedLM",
                   {**RELATIVE, "position_buckets": 8, "share_att_key": True}),
    "ModernBERT": ("ModernBertConfig", "ModernBertForMaskedLM",
                   {"local_attention": 6, "global_attn_every_n_layers": 2}),
    "SigLIP": ("SiglipTextConfig", "SiglipTextModel", {}),
}  # fmt: skip
DECODERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "GPT-2": ("GPT2Config", "GPT2LMHeadModel", GPT2),
    "Llama": ("LlamaConfig", "LlamaForCausalLM", GROUPED),
    "Qwen2": ("Qwen2Config", "Qwen2ForCausalLM", {"num_key_value_heads": 2}),
    "Qwen3": ("Qwen3Config", "Qwen3ForCausalLM", GROUPED),
    "Gemma": ("GemmaConfig", "GemmaForCausalLM", GROUPED),
    "Gemma 2": ("Gemma2Config", "Gemma2ForCausalLM", {**GROUPED, **NEAR}),
    "Gemma 3": ("Gemma3TextConfig", "Gemma3ForCausalLM", {**GROUPED, **NEAR}),
    "Mistral": ("MistralConfig", "MistralForCausalLM", {**GROUPED, **NEAR}),
    "CLIP": ("CLIPTextConfig", "CLIPTextModel", {}),
}
ALL = ENCODERS | DECODERS


def build(name: str, attention: str | None = None, vocabulary: int = 310) -> Any:
    """A model of a family with random weights, the same at each call."""
    config, model, more = ALL[name]
    made = getattr(transformers, config)(**{**SHAPE, "vocab_size": vocabulary, **more})
    for token in ("bos", "eos", "cls", "sep"):
        setattr(made, f"{token}_token_id", 1)
    if attention:
        made._attn_implementation = attention
    torch.manual_seed(3)
    return getattr(transformers, model)(made).eval()
