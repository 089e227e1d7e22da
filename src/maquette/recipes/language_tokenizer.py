"""Trains the language model's tokenizer: byte-level BPE, a Chinese character a token."""

from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from maquette.world.writing.lessons import lesson

END, PAD = "<|end|>", "<|pad|>"
TURNS = {role: f"<|{role}|>" for role in ("system", "user", "assistant")}
# Merges across characters would learn whole clauses of Chinese, which has no spaces, as tokens
# that no other clause shares; so would merges across digits.
_ALONE = Regex(r"[㐀-䶿一-鿿\p{P}]|\d|\n")
_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim "
    "+ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def train_language_tokenizer(
    out: Path, context_tokens: int, vocabulary_tokens: int = 6144, lessons: int = 30_000
) -> None:
    """Writes a tokenizer that `AutoTokenizer.from_pretrained` loads, with its chat template.

    No text is ever unknown to it: every byte is in its alphabet.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_ALONE, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_tokens,
        special_tokens=[PAD, END, *TURNS.values()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(lessons), trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        model_max_length=context_tokens,
        chat_template=_TEMPLATE,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(out)


def _texts(lessons: int) -> Iterator[str]:
    for number in range(lessons):
        for message in lesson(number).messages:
            yield message.content
