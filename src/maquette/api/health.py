"""Whether it lives, whether it can work, and its figures for Prometheus."""

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from maquette.api.dependencies import operator_or_machine
from maquette.api.schemas import problems
from maquette.service.readiness import Readiness, look

router = APIRouter(tags=["health"])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"model": Readiness}})
def readyz(request: Request, response: Response) -> Readiness:
    """Whether a request would be carried out now: database, worker, and room on the disk; and how
    long the first request waits, and since when no worker was heard of.
    """
    state = request.app.state
    found = look(state.database, state.people.settings.data, state.worker_ready())
    response.status_code = 200 if found.ready else 503
    return found


@router.get(
    "/metrics",
    response_class=Response,
    responses=problems(),
    dependencies=[Depends(operator_or_machine)],
)
def metrics(request: Request) -> Response:
    """Figures in Prometheus' text format, for this machine and for operators."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
