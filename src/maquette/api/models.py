"""Which models there are, and what they can be asked for."""

from fastapi import APIRouter

from maquette.api.schemas import ModelList, ModelOut
from maquette.engines.catalog import STARTERS
from maquette.service.studio import IMAGE

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("")
def list_models() -> ModelList:
    """The models by name, with their usual values and limits."""
    return ModelList(data=[ModelOut(id=STARTERS[IMAGE].model_id)])
