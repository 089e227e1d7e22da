"""Campaigns: one set of facts, carried through several templates at once."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.copy_schemas import CopyQuoteOut, TextOrLines
from maquette.api.dependencies import (
    Account,
    CallerDep,
    PeopleDep,
    StudioDep,
    TextServersDep,
    Transaction,
)
from maquette.api.fields import Int
from maquette.api.generations import PROBLEMS
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationOut
from maquette.copydesk import campaigns
from maquette.copydesk.campaigns import MOST_TEMPLATES, Campaign, Plan
from maquette.copydesk.template import Language, Plain
from maquette.copydesk.voice import Line
from maquette.core.text_requests import MOST_TEXTS
from maquette.engines.catalog import SHIPPED
from maquette.service.copydesk import Made, quote_campaign, run_campaign
from maquette.service.queues import TEXT
from maquette.service.studio import Studio
from maquette.service.text_servers import price_in

router = APIRouter(prefix="/v1/campaigns", tags=["copy"])


class FactsIn(BaseModel):
    """What is true, and by which templates it is said; of the inputs each takes those it knows."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, TextOrLines]
    templates: Annotated[list[str], Field(max_length=MOST_TEMPLATES)]
    language: Language = "en"
    tone: Annotated[Plain, Field(max_length=100)] = ""
    voice_id: UUID | None = None

    def plan(self, name: str = "") -> Plan:
        """What was asked for, by a name."""
        return Plan(name, **{one: getattr(self, one) for one in FactsIn.model_fields})


class CampaignIn(FactsIn):
    """A campaign as it is kept."""

    name: Annotated[Line, Field(max_length=100)]


class CampaignQuoteIn(FactsIn):
    """A campaign that may not be kept, and how it is to be written."""

    model: str = SHIPPED[TEXT][0].model_id
    count: Annotated[Int, Field(ge=1, le=MOST_TEXTS, description="Variants of each.")] = 1


class RunIn(BaseModel):
    """How a campaign is to be written."""

    model_config = ConfigDict(extra="forbid")

    model: str = SHIPPED[TEXT][0].model_id
    count: Annotated[Int, Field(ge=1, le=MOST_TEXTS, description="Variants of each.")] = 1
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None


class PieceOut(BaseModel):
    """What came of a template so far; null where it was not run."""

    template: str
    generation: GenerationOut | None


class CampaignOut(BaseModel):
    """A campaign of yours, and a piece for each of its templates."""

    campaign_id: UUID
    name: str
    inputs: dict[str, str | list[str]]
    language: Language
    tone: str
    voice_id: UUID | None
    pieces: list[PieceOut]
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, found: Campaign, shown: Mapping[UUID, Made]) -> "CampaignOut":
        """With what is `shown` of its jobs; those that were deleted are not."""
        plan = found.plan
        return cls(
            campaign_id=found.campaign_id,
            name=plan.name,
            inputs={name: _plain(value) for name, value in plan.inputs.items()},
            language=plan.language,
            tone=plan.tone,
            voice_id=plan.voice_id,
            pieces=[_piece(one, shown.get(found.jobs.get(one, _NO_JOB))) for one in plan.templates],
            created_at=found.created_at,
            changed_at=found.changed_at,
        )


_NO_JOB = UUID(int=0)


def _piece(template: str, made: Made | None) -> PieceOut:
    return PieceOut(template=template, generation=None if made is None else GenerationOut.of(*made))


def _told(studio: Studio, found: Sequence[Campaign]) -> list[CampaignOut]:
    """With what their jobs came to by now, read at once, and by no one who holds a connection."""
    asked = [(one.account_id, job_id) for one in found for job_id in one.jobs.values()]
    shown = {key[1]: made for key, made in studio.shown(asked).items()} if asked else {}
    return [CampaignOut.of(one, shown) for one in found]


def _plain(value: object) -> str | list[str]:
    return value if isinstance(value, str) else list(value)  # type: ignore[call-overload]


@router.get("", responses=PROBLEMS)
def list_campaigns(
    people: PeopleDep,
    studio: StudioDep,
    account: Account,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: datetime | None = None,
) -> list[CampaignOut]:
    """Your campaigns, those first that were changed last; `before` is when the last one of the page
    before was changed.
    """
    with people.database.connect() as connection:
        found = campaigns.list_campaigns(connection, account, limit, before)
    return _told(studio, found)


@router.post("", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def add_campaign(asked: CampaignIn, connection: Transaction, account: Account) -> CampaignOut:
    """Keep a new campaign; nothing is written until it is run."""
    return CampaignOut.of(campaigns.add_campaign(connection, account, asked.plan(asked.name)), {})


@router.post("/quotes", responses=PROBLEMS)
def create_campaign_quote(
    asked: CampaignQuoteIn, people: PeopleDep, caller: CallerDep, servers: TextServersDep
) -> CopyQuoteOut:
    """What a campaign would cost at most, all its templates together, without keeping or running
    it; refuses what that would.
    """
    with people.database.connect() as connection:
        found = campaigns.assignments_of(connection, caller.account_id, asked.plan())
    price = quote_campaign(found.values(), asked.model, asked.count, servers.price_of)
    return CopyQuoteOut(model=asked.model, price_microcredits=price)


@router.get("/{campaign_id}", responses=PROBLEMS)
def get_campaign(
    campaign_id: UUID, people: PeopleDep, studio: StudioDep, account: Account
) -> CampaignOut:
    """A campaign with all that came of it so far."""
    with people.database.connect() as connection:
        found = campaigns.get_campaign(connection, account, campaign_id)
    return _told(studio, [found])[0]


@router.put("/{campaign_id}", responses=PROBLEMS)
def change_campaign(
    campaign_id: UUID, asked: CampaignIn, people: PeopleDep, studio: StudioDep, account: Account
) -> CampaignOut:
    """Change what a campaign says; what was written stays until it is run again."""
    with people.database.begin() as connection:
        plan = asked.plan(asked.name)
        changed = campaigns.change_campaign(connection, account, campaign_id, plan)
    return _told(studio, [changed])[0]


@router.delete("/{campaign_id}", status_code=status.HTTP_204_NO_CONTENT, responses=PROBLEMS)
def delete_campaign(campaign_id: UUID, connection: Transaction, account: Account) -> None:
    """Delete a campaign; the texts that were written for it stay among your requests."""
    campaigns.delete_campaign(connection, account, campaign_id)


@router.post("/{campaign_id}/run", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def run(
    campaign_id: UUID,
    asked: RunIn,
    studio: StudioDep,
    people: PeopleDep,
    caller: CallerDep,
    once: OnceDep,
    servers: TextServersDep,
) -> CampaignOut:
    """Have all of it written, a request a template, or nothing where not all can be."""
    seed = partial(secrets.randbits, 32) if asked.seed is None else (lambda: asked.seed or 0)
    found, made = run_campaign(
        studio,
        people.database,
        partial(price_in, servers.offered()),
        caller,
        campaign_id,
        asked.model,
        asked.count,
        seed,
        once(status.HTTP_202_ACCEPTED, CampaignOut.of),
    )
    return CampaignOut.of(found, made)
