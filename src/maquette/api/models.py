"""Which models there are, and what they can be asked for."""

from dataclasses import asdict

from fastapi import APIRouter

from maquette.api.code_schemas import CodeModelOut
from maquette.api.dependencies import Account, CaptionersDep, StudioDep, TextServersDep
from maquette.api.schemas import (
    CaptionerModelOut,
    ImageModelOut,
    ModelList,
    SpeechModelOut,
    StyleOut,
    TextModelOut,
    problems,
)
from maquette.engines.catalog import SHIPPED
from maquette.engines.found_servers import OURS
from maquette.ledger.prices import PRICES
from maquette.service.code_price import starter_code_price
from maquette.service.models import starter_styles, starter_subjects
from maquette.service.queues import IMAGE, TEXT
from maquette.service.text_servers import SLASH

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", responses=problems())
def list_models(
    studio: StudioDep, servers: TextServersDep, captioners: CaptionersDep, account: Account
) -> ModelList:
    """The models by name, with their usual values and limits, and the adapters there are; those of
    other servers as NAME/MODEL.
    """
    known = {
        "subjects": starter_subjects(),
        "styles": [StyleOut.model_validate(style) for style in starter_styles()],
        "adapters": studio.adapters(),
    }
    images = [ImageModelOut(id=s.model_id, **asdict(s.usual), **known) for s in SHIPPED[IMAGE]]
    prices = {spec.model_id: PRICES[spec.model_id].microcredits for spec in SHIPPED[TEXT]}
    texts = [TextModelOut(id=id_, thousand_tokens_microcredits=of) for id_, of in prices.items()]
    for id_, of in servers.offered().items():
        texts.append(TextModelOut(id=id_, owned_by=_owner(id_), thousand_tokens_microcredits=of))
    voices = [
        SpeechModelOut(
            id=one.model,
            owned_by=_owner(one.model),
            thousand_characters_microcredits=one.thousand_characters_microcredits,
        )
        for one in studio.voices.list()
    ]
    code = CodeModelOut(piece_microcredits=starter_code_price())
    seeing = [
        CaptionerModelOut(id=id_, thousand_tokens_microcredits=of)
        for id_, of in captioners.own().items()
    ]
    return ModelList(data=[*images, *texts, *voices, code, *seeing])


def _owner(model: str) -> str:
    return model.partition(SLASH)[0] if SLASH in model else OURS
