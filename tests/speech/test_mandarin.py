"""Mandarin for Kokoro: what espeak-ng says in the IPA of pinyin that misaki has for it."""

import pytest

from maquette.speech.espeak import EspeakVoice
from maquette.speech.mandarin import mandarin

# As misaki 0.9 with pypinyin gives them, their words apart as espeak-ng takes them.
SAID = {
    "你好世界": "ni↓xau↓ ʂɨ↘ ʨje↘",
    "今天天气很好": "ʨi→n tʰjɛ→n tʰjɛ→n ʨʰi↘ xə↓nxau↓",
    "我们去银行取钱": "wo↓ mən ʨʰy↘ i↗nxa↗ŋ ʨʰy↓ ʨʰjɛ↗n",
    "公园散步": "kʊ→ŋ ɥɛ↗n sa↘n pu↘",
    "小红书": "ɕjau↓ xʊ↗ŋ ʂu→",
    "船是红的": "ꭧʰwa↗n ʂɨ↘ xʊ↗ŋ tɤ",
    "资次四": "ʦɨ→ ʦʰɨ↘ sɨ↘",
    "女绿学云": "ny↓ ly↘ ɕɥe↗ y↗n",
    "日热水贵": "ɻɨ↘ ɻɤ↘ʂwei↓ kwei↘",
    "瓦外万王翁": "wa↓ wai↘ wa↘n wa↗ŋ wə→ŋ",
    "难安": "na↗n a→n",
    "二儿": "ɚ↘ ɚ↗",
}


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_syllables_have_their_sounds_and_their_tones(
    espeak: EspeakVoice, text: str, said: str
) -> None:
    assert mandarin(text, lambda one: espeak.phonemes(one, "cmn", ipa=False)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("熊猫", "ɕjʊ↗ŋ mau→"),  # which espeak-ng spells in English
        ("兄弟", "ɕjʊ→ŋ ti↘"),
        ("贫穷", "pʰi↗n ʨʰjʊ↗ŋ"),
        ("花儿", "xwa→ ɚ↗"),  # a word that its list has wrongly
    ],
)
def test_what_espeak_spells_in_english_is_said_in_chinese(
    espeak: EspeakVoice, text: str, said: str
) -> None:
    assert "(en)" in espeak.phonemes(text, "cmn", ipa=False)
    assert mandarin(text, lambda one: espeak.phonemes(one, "cmn", ipa=False)) == said
