"""Campaigns as rows: one set of facts, the templates it goes through, and the jobs of its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.brand_voices import get_voice
from maquette.copydesk.template import Given, Language, find_template
from maquette.copydesk.voice import Voice
from maquette.core.errors import InvalidRequest, NotFound, QuotaExceeded, did_you_mean
from maquette.core.ids import new_id
from maquette.db.tables.copydesk import campaign, campaign_job

MOST_CAMPAIGNS = 1_000  # of an account
MOST_TEMPLATES = 24  # of a campaign
# What a template calls what another calls otherwise: a post on a product is about it, too.
STANDS_FOR = {"topic": "product", "product": "topic"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign says, and where: of the inputs each template takes those that it knows."""

    name: str
    inputs: Mapping[str, Given]
    templates: Sequence[str]
    language: Language
    tone: str = ""
    voice_id: UUID | None = None

    def assignments(self, voice: Voice | None) -> Mapping[str, Assignment]:
        """What is to be written, by template. Raises InvalidRequest, NotFound."""
        found: dict[str, Assignment] = {}
        for name in self.templates:
            asked = Assignment(
                template=name,
                inputs=self._inputs_of(name),
                language=self.language,
                tone=self.tone,
                voice=voice,
            )
            asked.messages()  # which says what is missing
            found[name] = asked
        return found

    def _inputs_of(self, template: str) -> dict[str, Given]:
        taken: dict[str, Given] = {}
        for one in find_template(template).inputs:
            value = self.inputs.get(one.name) or (
                self.inputs.get(STANDS_FOR.get(one.name, ""), "") if one.required else ""
            )
            if value and one.kind != "lines" and not isinstance(value, str):
                value = "\n".join(value) if one.kind == "text" else "; ".join(value)
            if value:
                taken[one.name] = value
        return taken


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, and of each template the job that it was last run by, where it was."""

    campaign_id: UUID
    account_id: str
    plan: Plan
    jobs: Mapping[str, UUID]
    created_at: datetime
    changed_at: datetime


def add_campaign(connection: sa.Connection, account_id: str, plan: Plan) -> Campaign:
    """A new one. Raises InvalidRequest, NotFound, QuotaExceeded."""
    assignments_of(connection, account_id, plan)
    count = sa.select(sa.func.count()).where(campaign.c.account_id == account_id)
    if (there := connection.execute(count).scalar_one()) >= MOST_CAMPAIGNS:
        raise QuotaExceeded(f"{there} campaigns are as many as may be kept; delete one first")
    campaign_id = new_id()
    row = {"campaign_id": campaign_id, "account_id": account_id, **_columns(plan)}
    connection.execute(sa.insert(campaign).values(row))
    return get_campaign(connection, account_id, campaign_id)


def list_campaigns(
    connection: sa.Connection,
    account_id: str,
    limit: int = MOST_CAMPAIGNS,
    before: datetime | None = None,
) -> Sequence[Campaign]:
    """An account's campaigns, those first that were changed last; `before` that moment."""
    query = sa.select(campaign).where(campaign.c.account_id == account_id)
    if before is not None:
        query = query.where(campaign.c.changed_at < before)
    query = query.order_by(campaign.c.changed_at.desc(), campaign.c.campaign_id.desc())
    rows = connection.execute(query.limit(limit)).all()
    jobs = _jobs(connection, [row.campaign_id for row in rows])
    return [_campaign(row, jobs[row.campaign_id]) for row in rows]


def get_campaign(connection: sa.Connection, account_id: str, campaign_id: UUID) -> Campaign:
    """Raises NotFound where there is none, or it is another's."""
    row = connection.execute(sa.select(campaign).where(_own(account_id, campaign_id))).one_or_none()
    if row is None:
        raise NotFound(f"{campaign_id} is not here")
    return _campaign(row, _jobs(connection, [campaign_id])[campaign_id])


def change_campaign(
    connection: sa.Connection, account_id: str, campaign_id: UUID, plan: Plan
) -> Campaign:
    """Has it say something else; what was made stays. Raises NotFound, InvalidRequest."""
    assignments_of(connection, account_id, plan)
    values = {**_columns(plan), "changed_at": sa.func.now()}
    query = sa.update(campaign).where(_own(account_id, campaign_id)).values(values)
    if not connection.execute(query).rowcount:
        raise NotFound(f"{campaign_id} is not here")
    return get_campaign(connection, account_id, campaign_id)


def delete_campaign(connection: sa.Connection, account_id: str, campaign_id: UUID) -> None:
    """Lets it go; the texts that it was run for stay. Raises NotFound."""
    if not connection.execute(sa.delete(campaign).where(_own(account_id, campaign_id))).rowcount:
        raise NotFound(f"{campaign_id} is not here")


def note_jobs(connection: sa.Connection, campaign_id: UUID, jobs: Mapping[str, UUID]) -> None:
    """Says which job is whose template's."""
    rows = [
        {"campaign_id": campaign_id, "template": template, "job_id": job_id}
        for template, job_id in jobs.items()
    ]
    connection.execute(sa.insert(campaign_job), rows)


def assignments_of(
    connection: sa.Connection, account_id: str, plan: Plan
) -> Mapping[str, Assignment]:
    """What an account's campaign has written, by template. Raises InvalidRequest, NotFound."""
    if not 1 <= len(plan.templates) <= MOST_TEMPLATES:
        raise InvalidRequest(
            f"{len(plan.templates)} templates; a campaign has between 1 and {MOST_TEMPLATES}"
        )
    for name in plan.templates:
        if find_template(name).is_edit:
            raise InvalidRequest(f"{name} changes a text, and a campaign has none; leave it out")
    known = {one.name for name in plan.templates for one in find_template(name).inputs}
    known |= {STANDS_FOR[name] for name in known & STANDS_FOR.keys()}
    if unknown := sorted(plan.inputs.keys() - known):
        hint = did_you_mean(unknown[0], known)
        raise InvalidRequest(f"no template of this campaign has an input {unknown[0]!r}; {hint}")
    voice = None if plan.voice_id is None else get_voice(connection, account_id, plan.voice_id)
    return plan.assignments(voice and voice.voice)


def _jobs(connection: sa.Connection, campaign_ids: Sequence[UUID]) -> dict[UUID, dict[str, UUID]]:
    """The newest job of each template: ids sort by the time they were made."""
    found: dict[UUID, dict[str, UUID]] = {one: {} for one in campaign_ids}
    query = sa.select(campaign_job).where(campaign_job.c.campaign_id.in_(campaign_ids))
    for row in connection.execute(query.order_by(campaign_job.c.job_id)):
        found[row.campaign_id][row.template] = row.job_id
    return found


def _columns(plan: Plan) -> dict[str, Any]:
    names = ("name", "inputs", "templates", "language", "tone", "voice_id")
    values = {name: getattr(plan, name) for name in names}
    return {**values, "inputs": dict(plan.inputs), "templates": list(dict.fromkeys(plan.templates))}


def _own(account_id: str, campaign_id: UUID) -> sa.ColumnElement[bool]:
    return (campaign.c.campaign_id == campaign_id) & (campaign.c.account_id == account_id)


def _campaign(row: sa.Row[Any], jobs: Mapping[str, UUID]) -> Campaign:
    told = dict(row._mapping)
    names = ("name", "inputs", "templates", "language", "tone", "voice_id")
    plan = Plan(**{name: told.pop(name) for name in names})
    return Campaign(plan=plan, jobs=jobs, **told)
