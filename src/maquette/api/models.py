"""Which models there are, and what they can be asked for."""

from fastapi import APIRouter

from maquette.api.schemas import ModelList, ModelOut
from maquette.engines.catalog import STARTERS
from maquette.service.models import starter_subjects
from maquette.service.studio import IMAGE

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("")
def list_models() -> ModelList:
    """The models by name, with their usual values and limits."""
    starter = ModelOut(id=STARTERS[IMAGE].model_id, subjects=starter_subjects())
    return ModelList(data=[starter])
