"""Requests for speech, and the voices there are."""

from fastapi import APIRouter, status

from maquette.api.dependencies import Account, CallerDep, StudioDep
from maquette.api.generations import PROBLEMS
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationOut, problems
from maquette.api.speech_schemas import LanguageOut, SpeechIn, SpeechQuoteOut, VoiceList, VoiceOut
from maquette.core import logs
from maquette.service.submissions import of_speech

router = APIRouter(prefix="/v1", tags=["generations"])


@router.post("/speech", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_speech(
    asked: SpeechIn, studio: StudioDep, caller: CallerDep, once: OnceDep
) -> GenerationOut:
    """Accept a request for speech and hold its price. It is kept before this answers; watch its
    events for how many sentences are said. Its assets are the sound, the captions as SRT and as
    WebVTT, and as JSON from when to when each sentence and each of its words is heard.
    """
    request = asked.request()
    job, outcome = studio.accept(
        caller.account_id,
        lambda: of_speech(request, asked.model, studio.voices, asked.captions),
        caller.payer_id,
        asked.priority,
        once(status.HTTP_202_ACCEPTED, GenerationOut.of),
        caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    return GenerationOut.of(job, outcome)


@router.post("/speech/quotes", responses=PROBLEMS)
def quote_speech(asked: SpeechIn, studio: StudioDep, caller: CallerDep) -> SpeechQuoteOut:
    """What a request for speech would cost, without making it; refuses what that would."""
    request = asked.request()
    submission = of_speech(request, asked.model, studio.voices, asked.captions)
    return SpeechQuoteOut(
        model=asked.model,
        characters=submission.request["characters"],
        price_microcredits=submission.price_microcredits,
    )


@router.get("/voices", tags=["models"], responses=problems())
def list_voices(studio: StudioDep, account: Account) -> VoiceList:
    """The voices by the models that speak as them, their languages and prices; those of other
    servers as NAME/MODEL.
    """
    return VoiceList(
        data=[
            VoiceOut(
                model=one.model,
                voices=[*one.speakers],
                languages=[
                    LanguageOut(language=tag, name=name) for tag, name in one.languages.items()
                ],
                tells_words=one.tells_words,
                has_others=one.has_others,
                thousand_characters_microcredits=one.thousand_characters_microcredits,
            )
            for one in studio.voices.list()
        ]
    )
