"""Models of transformers that speak, by tiny random checkpoints of the real architectures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    BarkConfig,
    BarkModel,
    BarkProcessor,
    BertTokenizer,
    EncodecConfig,
    SpeechT5Config,
    SpeechT5ForTextToSpeech,
    VitsModel,
    VitsTokenizer,
)
from transformers.models.bark.generation_configuration_bark import BarkGenerationConfig

from maquette.core.errors import InvalidRequest, WeightsDamaged
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.engines.catalog import ModelSpec
from maquette.engines.speech_model import SEED, SpeechModel
from maquette.speech.espeak import EspeakVoice
from maquette.speech.narrate import narrate
from maquette.speech.script import Delivery, Piece, Sentence
from maquette.speech.voice import Spoken
from tests.engines.tiny_vits import write_vits

PHONEMES = "_abdefhijklmnoprstuvwzæðŋɐɑɔəɚɛɜɡɪɹʃʊʌʒˈˌːθ ,.?!"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakVoice]:
    with EspeakVoice() as voice:
        yield voice


@pytest.fixture(scope="module")
def vits_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vits(tmp_path_factory.mktemp("speech") / "tiny")


def load(folder: Path, espeak: EspeakVoice) -> SpeechModel:
    return SpeechModel(ModelSpec(folder.name, folder), CPU, torch.float32, espeak.phonemes)


@pytest.fixture(scope="module")
def vits(vits_folder: Path, espeak: EspeakVoice) -> SpeechModel:
    return load(vits_folder, espeak)


def say(model: SpeechModel, text: str, **delivery: object) -> Spoken:
    given = {"language": "en", "voice": "default", **delivery}
    return model.say(Sentence((Piece(text, text, Delivery(**given)),)))  # type: ignore[arg-type]


def test_vits_says_what_transformers_does(vits: SpeechModel, vits_folder: Path) -> None:
    text = "Hello there, my friend!"
    tokens = VitsTokenizer.from_pretrained(vits_folder)(text, return_tensors="pt")
    model = VitsModel.from_pretrained(vits_folder).eval()
    torch.manual_seed(SEED)
    with torch.inference_mode():
        theirs = model(**tokens).waveform[0].numpy()
    ours = say(vits, text)
    assert ours.rate == 16_000
    assert np.array_equal(ours.samples, theirs)
    assert np.array_equal(ours.samples, say(vits, text).samples)


def test_it_leaves_the_random_numbers_of_others_alone(vits: SpeechModel) -> None:
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    say(vits, "hello")
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.7])
def test_the_words_of_vits_fill_its_samples(vits: SpeechModel, rate: float) -> None:
    text = "  Hello, the-re  friend"
    spoken = say(vits, text, rate=rate)
    assert spoken.words is not None
    assert [text[word.at :].split()[0] for word in spoken.words] == ["Hello,", "the-re", "friend"]
    times = [time for word in spoken.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    # Before the first letter and behind the last there is a blank, of a frame or more.
    frame_s = 256 / 16_000
    assert 0 < times[0] < 40 * frame_s
    assert times[-1] == pytest.approx(len(spoken.samples) / spoken.rate, abs=40 * frame_s)


def test_the_durations_of_all_tokens_are_the_length(vits: SpeechModel) -> None:
    spoken = say(vits, "abc")
    speaker: Any = vits._speaker
    frames = torch.ceil(torch.exp(speaker._durations)).sum().item()
    assert frames * 256 == len(spoken.samples)


def test_its_speed_is_its_own(vits: SpeechModel) -> None:
    usual, fast = (len(say(vits, "a long sentence", rate=r).samples) for r in (1.0, 2.0))
    assert 0.4 < fast / usual < 0.8  # frames are whole, and these are few


def test_a_narration_with_words_by_a_model(vits: SpeechModel) -> None:
    said = narrate(SpeechRequest("It’s fine. Good-bye, my friend!"), vits)
    assert [one.text for one in said.words] == ["It’s", "fine.", "Good-bye,", "my", "friend!"]
    assert said.rate == 16_000


def test_letters_that_it_does_not_have_are_refused_by_their_word(vits: SpeechModel) -> None:
    with pytest.raises(InvalidRequest, match="tiny has no letter '2', as in '25,'; write that in"):
        narrate(SpeechRequest("It is 25, I think."), vits)
    with pytest.raises(InvalidRequest, match="tiny cannot say '&'; write it in words"):
        narrate(SpeechRequest("&"), vits)


def test_another_language_and_speaker_are_refused(vits: SpeechModel) -> None:
    assert vits.usual_language("x", "default") == "eng"
    vits.check(Delivery("en-GB", "default"))
    with pytest.raises(InvalidRequest, match="tiny speaks eng, not 'zh'; choose another voice"):
        narrate(SpeechRequest("ni hao", SpeechParams(language="zh")), vits)
    with pytest.raises(InvalidRequest, match="unknown voice '1' of tiny; known are default"):
        narrate(SpeechRequest("hello", SpeechParams(voice="1")), vits)


def test_speakers_go_by_their_numbers(tmp_path: Path, espeak: EspeakVoice) -> None:
    voice = load(write_vits(tmp_path / "several", speakers=3), espeak)
    voice.check(Delivery("en", "2"))
    with pytest.raises(InvalidRequest, match="unknown voice '3' of several"):
        voice.check(Delivery("en", "3"))
    first, other = say(voice, "hello"), say(voice, "hello", voice="2")
    assert np.array_equal(first.samples, say(voice, "hello", voice="0").samples)
    assert not np.array_equal(first.samples[:1000], other.samples[:1000])


def test_one_that_was_trained_on_phonemes_is_given_those_of_espeak(
    tmp_path: Path, espeak: EspeakVoice
) -> None:
    folder = write_vits(tmp_path / "ipa", PHONEMES, language=None, phonemize=True, normalize=True)
    asked: list[str] = []

    def phonemes(text: str, language: str) -> str:
        asked.append(text)
        return espeak.phonemes(text, language)

    voice = SpeechModel(ModelSpec("ipa", folder), CPU, torch.float32, phonemes)
    assert voice.usual_language("x", "default") == "en-us"
    spoken = say(voice, "Hello, 25 dogs.")
    assert asked == ["Hello", " 25 dogs"]
    assert spoken.words is None
    assert len(spoken.samples) > 1000


def write_bark(folder: Path) -> Path:
    folder.mkdir()
    torch.manual_seed(0)
    tiny = {"num_layers": 1, "num_heads": 1, "hidden_size": 8}
    codec = EncodecConfig(
        target_bandwidths=[6.0],
        num_filters=2,
        hidden_size=8,
        num_residual_layers=1,
        codebook_dim=8,
        num_lstm_layers=1,
    )
    config = BarkConfig(
        semantic_config={"input_vocab_size": 129_600, "output_vocab_size": 10_048, **tiny},
        coarse_acoustics_config={"input_vocab_size": 12_096, "output_vocab_size": 12_096, **tiny},
        fine_acoustics_config={"input_vocab_size": 1056, "output_vocab_size": 1056, **tiny},
        codec_config=codec.to_dict(),
    )
    BarkModel(config).save_pretrained(folder)
    # Written out, for transformers 5 cannot save what it reads here.
    generation = BarkGenerationConfig(semantic_config={"max_new_tokens": 16})
    told = {
        name: value.to_dict() if hasattr(value, "to_dict") else value
        for name, value in vars(generation).items()
    }
    (folder / "generation_config.json").write_text(json.dumps(told))
    letters = [chr(ord("a") + n) for n in range(26)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BarkProcessor(BertTokenizer(str(folder / "vocab.txt"))).save_pretrained(folder)
    return folder


def test_bark_speaks_by_the_pipeline_of_transformers(tmp_path: Path, espeak: EspeakVoice) -> None:
    voice = load(write_bark(tmp_path / "bark"), espeak)
    assert voice.usual_language("你好", "default") == "zh"
    said = narrate(SpeechRequest("Hello there. And you?", SpeechParams(speed=0.5)), voice)
    assert said.rate == 24_000
    assert [one.text for one in said.sentences] == ["Hello there.", "And you?"]
    assert said.words == ()
    once, slow = say(voice, "Hello"), say(voice, "Hello", rate=0.5)
    assert len(slow.samples) == pytest.approx(2 * len(once.samples), abs=2)
    assert np.array_equal(once.samples, say(voice, "Hello").samples)


def test_weights_that_are_not_whole_are_refused(tmp_path: Path, espeak: EspeakVoice) -> None:
    folder = write_vits(tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-500])
    with pytest.raises(WeightsDamaged, match="does not hold a whole model"):
        load(folder, espeak)


def test_a_model_of_another_kind_is_refused(tmp_path: Path, espeak: EspeakVoice) -> None:
    config = SpeechT5Config(
        hidden_size=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
    )
    SpeechT5ForTextToSpeech(config).save_pretrained(tmp_path / "t5")
    with pytest.raises(InvalidRequest, match="models of the kind 'speecht5' do not speak; vits"):
        load(tmp_path / "t5", espeak)
