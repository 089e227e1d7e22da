"""Voices that are models of `transformers`: VITS with MMS, and Bark, from their folders."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForTextToWaveform,
    AutoProcessor,
    AutoTokenizer,
    TextToAudioPipeline,
)

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.engines.catalog import ModelSpec, load_whole, reading
from maquette.speech.delivering import say_by_delivery
from maquette.speech.languages import family, guess_language
from maquette.speech.own_voices import KINDS, PHONEME_LANGUAGE
from maquette.speech.phonemes import Phonemes, phonemes_of
from maquette.speech.script import Delivery, Sentence
from maquette.speech.voice import SaidWord, Samples, Spoken

Say = Callable[[str, Delivery], Spoken]
SEED = 0  # of each sentence: the same text sounds the same again
TYPED = str.maketrans("’‘“”–—", "''\"\"--")


class SpeechModel:
    """A text-to-waveform checkpoint. `phonemes` are espeak-ng's, by text and language, for those
    that were trained on them: the library's own way would load it into this process.

    VITS tells the times of its words, where its letters are those of the text. Raises
    WeightsDamaged if the weights are not whole, InvalidRequest for a family that is not supported.
    """

    def __init__(
        self, spec: ModelSpec, device: torch.device, dtype: torch.dtype, phonemes: Phonemes
    ) -> None:
        self.spec = spec
        folder = spec.folder.absolute()
        with reading(spec):
            kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
            if kind not in KINDS:
                raise InvalidRequest(f"models of the kind {kind!r} do not speak; vits and bark do")
            model: Any = load_whole(AutoModelForTextToWaveform, folder, dtype=dtype)
            model.to(device).eval()
            if kind == "vits":
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                self._speaker: _Vits | _Bark = _Vits(spec.model_id, model, tokenizer, phonemes)
            else:
                processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
                self._speaker = _Bark(model, processor)

    @property
    def voice_id(self) -> str:
        return self.spec.model_id

    def usual_language(self, text: str, speaker: str) -> str:
        """Its own; by the letters where it has several."""
        return self._speaker.language or guess_language(text)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest for another language or an unknown speaker."""
        language = self._speaker.language
        if language and family(delivery.language) != family(language):
            raise InvalidRequest(
                f"{self.voice_id} speaks {language}, not {delivery.language!r}; "
                "choose another voice"
            )
        if delivery.voice not in self._speaker.speakers:
            hint = did_you_mean(delivery.voice, self._speaker.speakers)
            raise InvalidRequest(f"unknown voice {delivery.voice!r} of {self.voice_id}; {hint}")

    def say(self, sentence: Sentence) -> Spoken:
        """Raises InvalidRequest where the model has no letters for what is to be said."""
        return say_by_delivery(sentence, self._say, self._speaker.has_speed)

    @torch.inference_mode()
    def _say(self, text: str, delivery: Delivery) -> Spoken:
        with torch.random.fork_rng():  # the models draw from the generator of all
            torch.manual_seed(SEED)
            return self._speaker.say(text, delivery)


class _Vits:
    """VITS (Kim et al. 2021, https://arxiv.org/abs/2106.06103), MMS-TTS among them."""

    has_speed = True

    def __init__(self, name: str, model: Any, tokenizer: Any, phonemes: Phonemes) -> None:
        self._name, self._model, self._tokenizer, self._phonemes = name, model, tokenizer, phonemes
        self._on_phonemes = bool(tokenizer.phonemize)
        if self._on_phonemes:
            tokenizer.phonemize = tokenizer.normalize = False
        self.language: str | None = (
            PHONEME_LANGUAGE if self._on_phonemes else tokenizer.language or None
        )
        several = range(model.config.num_speakers if model.config.num_speakers > 1 else 0)
        self.speakers = [DEFAULT_VOICE, *map(str, several)]
        self._rate = int(model.config.sampling_rate)
        self._frame = torch.tensor(model.config.upsample_rates).prod().item()
        self._durations: Tensor | None = None
        model.duration_predictor.register_forward_hook(self._keep_durations)

    def say(self, text: str, delivery: Delivery) -> Spoken:
        letters, places = self._letters(text)
        given = self._tokenizer(letters, return_tensors="pt").to(self._model.device)
        if len(self.speakers) > 1:
            given["speaker_id"] = 0 if delivery.voice == DEFAULT_VOICE else int(delivery.voice)
        speed = self._model.config.speaking_rate * delivery.rate
        waveform = self._model(**given, speaking_rate=speed).waveform[0]
        words = None
        if places is not None:
            starts_s = self._starts_s(1 / speed, len(places))
            words = tuple(_words(text, places, starts_s))
        return Spoken(_samples(waveform), self._rate, words)

    def _letters(self, text: str) -> tuple[str, list[int] | None]:
        """What the model reads, and of each of its letters the place in the text, where they are
        letters of the text.
        """
        known = self._tokenizer.get_vocab()
        if self._on_phonemes:
            letters = phonemes_of(text, PHONEME_LANGUAGE, self._phonemes)
            return "".join(one for one in letters if one in known), None
        found = [
            (letter, place)
            for place, one in enumerate(text.translate(TYPED))
            for letter in (one if one in known else one.lower())
        ]
        for letter, place in found:
            if letter not in known and letter.isalnum():
                word = text[: place + 1].split()[-1] + text[place + 1 :].partition(" ")[0]
                raise InvalidRequest(
                    f"{self._name} has no letter {letter!r}, as in {word!r}; write that in "
                    "words of its language, or choose another voice"
                )
        found = [(letter, place) for letter, place in found if letter in known]
        while found and found[0][0] == " ":
            del found[0]
        while found and found[-1][0] == " ":
            del found[-1]
        if not found:
            raise InvalidRequest(f"{self._name} cannot say {text[:40]!r}; write it in words")
        return "".join(letter for letter, _ in found), [place for _, place in found]

    def _keep_durations(self, _: Any, __: Any, log_durations: Tensor) -> None:
        self._durations = log_durations

    def _starts_s(self, length_scale: float, count: int) -> list[float]:
        """When each of so many letters begins, and when the last ends, in seconds; the model itself
        rounds the frames of each token up likewise.
        """
        assert self._durations is not None
        frames = torch.ceil(torch.exp(self._durations.float()) * length_scale).flatten().tolist()
        ends = [0.0, *accumulate(frames)]
        if self._tokenizer.add_blank:  # a blank before each letter, and one at the end
            ends = [*ends[1 : 2 * count : 2], ends[2 * count]]
        return [end * self._frame / self._rate for end in ends]


class _Bark:
    """Bark (https://github.com/suno-ai/bark), by the pipeline of `transformers`."""

    has_speed = False
    language: str | None = None
    speakers: Sequence[str] = (DEFAULT_VOICE,)

    def __init__(self, model: Any, processor: Any) -> None:
        self._pipeline = TextToAudioPipeline(
            model=model, tokenizer=processor.tokenizer, processor=processor, device=model.device
        )

    def say(self, text: str, delivery: Delivery) -> Spoken:
        said: Any = self._pipeline(text)
        return Spoken(_samples(torch.as_tensor(said["audio"])), said["sampling_rate"], None)


def _samples(waveform: Tensor) -> Samples:
    return waveform.float().cpu().flatten().numpy()


def _words(text: str, places: Sequence[int], starts_s: Sequence[float]) -> Iterator[SaidWord]:
    """The words between spaces, from their first letter to their last."""
    first: int | None = None
    for number, place in enumerate([*places, len(text)]):
        ends = number == len(places) or text[place].isspace()
        if first is not None and ends:
            yield SaidWord(places[first], starts_s[first], starts_s[number])
            first = None
        elif first is None and not ends:
            first = number
