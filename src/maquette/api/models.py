"""Which models there are, and what they can be asked for."""

from dataclasses import asdict

from fastapi import APIRouter

from maquette.api.dependencies import Account, StudioDep
from maquette.api.schemas import ModelList, ModelOut, StyleOut, problems
from maquette.engines.catalog import SHIPPED
from maquette.service.models import starter_styles, starter_subjects
from maquette.service.queues import IMAGE

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", responses=problems())
def list_models(studio: StudioDep, account: Account) -> ModelList:
    """The models by name, with their usual values and limits, and the adapters there are."""
    known = {
        "subjects": starter_subjects(),
        "styles": [StyleOut.model_validate(style) for style in starter_styles()],
        "adapters": studio.adapters(),
    }
    models = [ModelOut(id=s.model_id, **asdict(s.usual), **known) for s in SHIPPED[IMAGE]]
    return ModelList(data=models)
