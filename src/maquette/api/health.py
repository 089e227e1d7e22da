"""Whether it lives, whether it can work, and its figures for Prometheus."""

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from maquette.api.dependencies import StudioDep, operator_or_machine
from maquette.api.schemas import problems

router = APIRouter(tags=["health"])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"model": dict[str, bool]}})
def readyz(request: Request, response: Response, studio: StudioDep) -> dict[str, bool]:
    """Whether a request would be carried out now: database and worker."""
    checks = {"database": studio.is_ready(), "worker": request.app.state.worker_ready()}
    response.status_code = 200 if all(checks.values()) else 503
    return checks


@router.get(
    "/metrics",
    response_class=Response,
    responses=problems(),
    dependencies=[Depends(operator_or_machine)],
)
def metrics(request: Request) -> Response:
    """Figures in Prometheus' text format, for this machine and for operators."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
