"""The language model: a small Llama that answers lessons, as many as a run has time for.

Touvron et al. 2023, https://arxiv.org/abs/2302.13971; that so small a one can be coherent in a
narrow world is TinyStories' finding (Eldan & Li 2023, https://arxiv.org/abs/2305.07759).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import accumulate
from math import ceil
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from maquette.recipes.language_copies import keep_learned
from maquette.recipes.language_tokenizer import TURNS, train_language_tokenizer
from maquette.recipes.pictures import Item, batches, first_number
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import LoopSettings, train
from maquette.world.writing.lessons import lesson

CONTEXT_TOKENS = 1024  # that the model reads; lessons are shorter
MOST_TOKENS = 640  # of a lesson; one in some thousands has more, and is left out
BATCHES_A_POOL, LESSONS_A_POOL = 16, 440  # so that a batch has about four thousand tokens


@dataclass(frozen=True, slots=True)
class LanguageSize:
    """Width, depth and vocabulary of the model."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    lessons: int  # that the tokenizer is trained on


SIZES = {
    "tiny": LanguageSize(64, 2, 2, 128, 2048, 500),
    "starter": LanguageSize(256, 8, 4, 704, 6144, 30_000),
}


class Answering(nn.Module):
    """The model with its loss: how surprised it is by the answers of lessons."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, learned: Tensor) -> Tensor:
        """tokens: (B, T), a lesson a row; learned: (B, T), whether a token is to be foreseen. The
        mean loss, a scalar.
        """
        states = self.model.model(input_ids=tokens, use_cache=False).last_hidden_state
        chosen = learned[:, 1:]
        logits = self.model.lm_head(states[:, :-1][chosen])
        return F.cross_entropy(logits.float(), tokens[:, 1:][chosen])


def train_language(
    out: Path,
    settings: LoopSettings,
    size: str = "starter",
    workers: int = 1,
    seed: int = 0,
) -> Path:
    """Trains tokenizer and model; returns the folder of the averaged weights, fp16, as they ship,
    with what keeps them from the sentences of their lessons.

    A run that was stopped goes on where it was.
    """
    tokens = out / "tokenizer"
    if not (tokens / "tokenizer.json").exists():
        shape = SIZES[size]
        train_language_tokenizer(tokens, CONTEXT_TOKENS, shape.vocabulary, shape.lessons)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config_of(size, tokens))
    make = partial(batch_of_lessons, folder=tokens)
    finished, updates = out / "model", 0

    def feed(step: int) -> Iterator[Item]:
        for batch in batches(make, 1, workers, first_number(seed, step, 1)):
            yield {name: one[0] for name, one in batch.items()}

    def save(weights: Mapping[str, Tensor], step: int) -> None:
        nonlocal updates
        updates = step
        write_model(finished, weights, size, tokens)

    train(Answering(model), _loss, feed, settings, out, save, divisible=True)
    keep_learned(finished, lessons_of(updates, seed), workers)
    return finished


def lessons_of(updates: int, seed: int = 0) -> range:
    """The numbers of the lessons that a run of so many updates had, whole pools of them."""
    first = first_number(seed, 0, 1) // BATCHES_A_POOL
    last = first + ceil(updates / BATCHES_A_POOL)
    return range(first * LESSONS_A_POOL, last * LESSONS_A_POOL)


def write_model(out: Path, weights: Mapping[str, Tensor], size: str, tokens: Path) -> None:
    """Writes weights of the model, or of it in `Answering`, as a checkpoint in fp16, with the
    tokenizer.
    """
    model = LlamaForCausalLM(config_of(size, tokens))
    own = {name.replace("model.model.", "model."): weight for name, weight in weights.items()}
    left = model.load_state_dict(own, strict=False)
    if set(left.missing_keys) - {"lm_head.weight"} or left.unexpected_keys:  # the head is tied
        raise ValueError(f"weights of another model: {left}")
    model.tie_weights()
    tokenizer = _tokenizer(tokens)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
    )
    model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)


def batch_of_lessons(number: int, folder: Path) -> Item:
    """Lessons of about one length, (B, T): short ones are more, so that all batches cost alike."""
    pool, place = divmod(number, BATCHES_A_POOL)
    return _pool(pool, folder)[place]


@lru_cache(maxsize=2)
def _pool(number: int, folder: Path) -> list[Item]:
    first = number * LESSONS_A_POOL
    lessons = [lesson_tokens(first + place, folder) for place in range(LESSONS_A_POOL)]
    lessons = sorted(
        (one for one in lessons if len(one[0]) <= MOST_TOKENS), key=lambda x: len(x[0])
    )
    ends = list(accumulate(len(tokens) for tokens, _ in lessons))
    groups: list[list[tuple[list[int], list[bool]]]] = [[] for _ in range(BATCHES_A_POOL)]
    for one, end in zip(lessons, ends, strict=True):
        groups[min(BATCHES_A_POOL - 1, end * BATCHES_A_POOL // ends[-1])].append(one)
    made = [_padded(group) for group in groups]
    Random(number).shuffle(made)
    return made


def _padded(group: Sequence[tuple[list[int], list[bool]]]) -> Item:
    length = max(len(tokens) for tokens, _ in group)
    empty = [length - len(tokens) for tokens, _ in group]
    pairs = list(zip(group, empty, strict=True))
    return {
        "tokens": torch.tensor([tokens + [0] * more for (tokens, _), more in pairs]),
        "learned": torch.tensor([learned + [False] * more for (_, learned), more in pairs]),
    }


def lesson_tokens(number: int, folder: Path) -> tuple[list[int], list[bool]]:
    """A lesson's tokens as the chat template has them, and which of them are of its answer."""
    tokenizer = _tokenizer(folder)
    tokens: list[int] = []
    learned: list[bool] = []
    for message in lesson(number).messages:
        content = tokenizer(message.content.strip()).input_ids
        turn = tokenizer.convert_tokens_to_ids(TURNS[message.role])
        tokens += [turn, *content, tokenizer.eos_token_id]
        is_answer = message.role == "assistant"
        learned += [False, *[is_answer] * (len(content) + 1)]
    return tokens, learned


def _loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    return model(batch["tokens"], batch["learned"]), {}


def config_of(size: str, tokens: Path) -> LlamaConfig:
    """The shape of a model whose tokenizer is in a folder."""
    shape, tokenizer = SIZES[size], _tokenizer(tokens)
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        attn_implementation="eager",  # which learns faster on a CPU at these lengths
        max_position_embeddings=CONTEXT_TOKENS,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


@cache
def _tokenizer(folder: Path):  # whatever class it is
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
