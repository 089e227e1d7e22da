"""Trains the bilingual tokenizer: byte-level BPE in CLIP's own form, from captions of the world."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

from maquette.recipes.pictures import captioned
from maquette.world.compose import compose

CONTEXT_TOKENS = 64
_START, _END = "<|startoftext|>", "<|endoftext|>"


def train_tokenizer(out: Path, vocabulary_tokens: int = 1536, captions: int = 40_000) -> None:
    """Writes a tokenizer that `CLIPTokenizer.from_pretrained` loads.

    No text is ever unknown to it: every byte is in its alphabet, inside and at the end of a word.
    The vocabulary is small on purpose: Chinese has no spaces, and a larger one would learn "red
    small boat" as one token, which no other colour shares.
    """
    tokenizer = CLIPTokenizer(model_max_length=CONTEXT_TOKENS)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_tokens,
        special_tokens=[_START, _END],
        initial_alphabet=ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    backend = tokenizer.backend_tokenizer
    backend.train_from_iterator(_texts(captions), trainer)
    model = json.loads(backend.to_str())["model"]
    # As in CLIP the specials come last: models take the highest id of a text for its end.
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda x: x[1])]
    tokens = [t for t in tokens if t not in (_START, _END)] + [_START, _END]
    trained = CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[tuple(m) for m in model["merges"]],
        model_max_length=CONTEXT_TOKENS,
    )
    trained.save_pretrained(out)


def _texts(captions: int) -> Iterator[str]:
    for number in range(captions):
        yield captioned(compose(number), number)
    # Words of one character, so that any byte may also end a word.
    letters = [chr(c) for c in (*range(33, 0x250), *range(0x3041, 0x30FF), *range(0x4E00, 0x9FA0))]
    random.Random(0).shuffle(letters)
    yield " ".join(letters)
