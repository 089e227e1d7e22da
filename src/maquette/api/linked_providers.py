"""Providers by which one comes in: which there are, linked and unlinked."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from maquette.api.dependencies import BrowserDep, PeopleDep, SignedInDep
from maquette.api.me import ProofIn
from maquette.api.oidc import keep_attempt
from maquette.api.schemas import problems
from maquette.people.rate_limits import SIGN_IN_FROM, household
from maquette.service.linked_providers import begin_link, list_providers, unlink

router = APIRouter(prefix="/v1/me/providers", tags=["me"])
PROBLEMS = problems(400, 404, 429)


class LinkedProviderOut(BaseModel):
    """A provider, and since when you can sign in by it; null where you cannot."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    linked_at: datetime | None


class WayOut(BaseModel):
    """Where to go on."""

    url: str


@router.get("", responses=PROBLEMS)
def list_my_providers(caller: SignedInDep, people: PeopleDep) -> list[LinkedProviderOut]:
    """Who else could say who you are, and who may."""
    linked = list_providers(people, caller.account_id)
    return [LinkedProviderOut.model_validate(one) for one in linked]


@router.post("/{provider_id}/link", responses=PROBLEMS)
def link_provider(
    provider_id: str,
    asked: ProofIn,
    caller: SignedInDep,
    people: PeopleDep,
    browser: BrowserDep,
    response: Response,
) -> WayOut:
    """Begin to link a provider: go to `url` in this browser. Once you have said there who you are,
    it brings you back, and you can sign in by it.
    """
    people.count((SIGN_IN_FROM, household(browser.address)))
    url, attempt = begin_link(
        people, provider_id, caller.account_id, caller.session_id, asked.password
    )
    keep_attempt(response, attempt)
    return WayOut(url=url)


@router.post("/{provider_id}/unlink", status_code=204, responses=PROBLEMS)
def unlink_provider(
    provider_id: str, asked: ProofIn, caller: SignedInDep, people: PeopleDep
) -> None:
    """Sign in by it no more. Your last way in stays."""
    unlink(people, provider_id, caller.account_id, caller.session_id, asked.password)
