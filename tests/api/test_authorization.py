"""Who may do what: every route, by each of `WHO`.

A new route needs a row here. What a row says is the status for each of them in turn; the member
owns what a path names. Where no body is given, who may come in is told that it is missing (422).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, get_args
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from maquette.api.scopes import scope_of
from maquette.copydesk.brand_voices import add_voice
from maquette.copydesk.campaigns import Plan, add_campaign
from maquette.copydesk.documents import About, add_document
from maquette.copydesk.voice import Voice
from maquette.core.ids import new_id
from maquette.core.requests import SamplingParams
from maquette.library.assets import add_asset
from maquette.payments.manual import TopUp
from maquette.people.keys import Scope, add_key
from maquette.people.sessions import list_sessions
from maquette.people.teams import account_of, add_member
from maquette.service.payments import Payments
from maquette.service.people_admin import set_suspended
from maquette.service.studio import Studio
from maquette.service.teams import choose_payer, found_team
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, Someone, open_to_all, someone_new

# `teammate` is a plain member of the member's team, which pays; `suspended` still has a key for
# everything. `key` is the member's, for all but this; `program` has one for everything, of a twin
# who owns the like. The member last, who may destroy it.
WHO = (
    *("nobody", "other", "teammate", "suspended", "operator", "admin"),
    *("key", "program", "member"),
)
GENERATION = {"prompt": "a cat", "width": 64, "height": 64}
COPY = {"template": "tagline", "inputs": {"product": "Alder, a kettle"}}
FACTS = {"inputs": COPY["inputs"], "templates": ["tagline"]}
CAMPAIGN = {"name": "Spring", **FACTS}
CODE = {"prompt": "a red boat", "kind": "svg"}
TEXT = {"messages": [{"role": "user", "content": "A tagline for a kettle."}]}


@dataclass(frozen=True)
class Row:
    """The statuses of a route for nobody, member, other member, operator and admin; and where they
    are told apart, for a teammate, who else is as any other, and for a program, as its member.
    """

    nobody: int
    member: int
    other: int
    operator: int
    admin: int
    send: Mapping[str, Any] = field(default_factory=dict)  # a body, or a query
    teammate: int | None = None
    program: int | None = None

    def status(self, who: str) -> int:
        if who in ("key", "suspended"):
            return 403 if self.nobody == 401 else self.nobody
        as_another = {"teammate": self.other, "program": self.member}
        told = getattr(self, who)
        return as_another[who] if told is None else told


def everyone(status: int, **send: Any) -> Row:
    return Row(status, status, status, status, status, send)


def signed_in(status: int, **send: Any) -> Row:
    """For whoever is signed in, each for themselves."""
    return Row(401, status, status, status, status, send)


def own(status: int, **send: Any) -> Row:
    """For whose it is; to others it is not there."""
    return Row(401, status, 404, 404, 404, send)


def in_person(row: Row) -> Row:
    """For no program, whatever its key opens."""
    return replace(row, program=403)


def of_owners(row: Row) -> Row:
    """Of what is a team's, for its owners."""
    return replace(row, teammate=403)


def operators(status: int, **send: Any) -> Row:
    return Row(401, 403, 403, status, status, send)


def admins(status: int, **send: Any) -> Row:
    return Row(401, 403, 403, 403, status, send)


ROWS = {
    "GET /livez": everyone(200),
    "GET /readyz": everyone(200),
    "GET /metrics": operators(200),
    "GET /openapi.json": everyone(200),
    "GET /v1/sign-in/options": everyone(200),
    "POST /v1/sign-up": everyone(422),
    "POST /v1/sign-in": everyone(422),
    "POST /v1/sign-out": everyone(204),
    "POST /v1/verify-email": everyone(422),
    "POST /v1/verify-email/send": in_person(signed_in(400)),
    "POST /v1/password-reset": everyone(422),
    "POST /v1/password-reset/confirm": everyone(422),
    "GET /v1/oidc/{provider_id}": everyone(404),  # for there is none
    "GET /v1/oidc/{provider_id}/callback": everyone(404),
    "GET /v1/me": signed_in(200),
    "PATCH /v1/me": in_person(signed_in(200, json={"name": "Ada"})),
    "GET /v1/me/export": in_person(signed_in(200)),
    "POST /v1/me/delete": in_person(signed_in(422)),
    "GET /v1/me/sessions": in_person(signed_in(200)),
    "DELETE /v1/me/sessions/{session_id}": in_person(own(204)),
    "GET /v1/me/providers": in_person(signed_in(200)),
    "POST /v1/me/providers/{provider_id}/link": in_person(signed_in(404, json={})),
    "POST /v1/me/providers/{provider_id}/unlink": in_person(signed_in(404, json={})),
    "POST /v1/me/two-factor": in_person(signed_in(400, json={"password": "x"})),  # they have none
    "POST /v1/me/two-factor/confirm": in_person(signed_in(422)),
    "POST /v1/me/two-factor/remove": in_person(signed_in(422)),
    "GET /v1/teams": signed_in(200),
    "POST /v1/teams": in_person(signed_in(422)),
    "POST /v1/teams/{team_id}/invitations": in_person(
        of_owners(own(202, json={"email": "ann@example.org"}))
    ),
    "POST /v1/invitations/accept": in_person(signed_in(422)),
    "PATCH /v1/teams/{team_id}/members/{other_account_id}": in_person(
        of_owners(own(200, json={"role": "owner"}))
    ),
    "DELETE /v1/teams/{team_id}/members/{other_account_id}": in_person(of_owners(own(204))),
    "GET /v1/keys": in_person(signed_in(200)),
    "POST /v1/keys": in_person(signed_in(422)),
    "DELETE /v1/keys/{key_id}": in_person(own(204)),
    "GET /v1/operator/people": operators(200),
    "GET /v1/operator/people/{account_id}": operators(200),
    "PATCH /v1/operator/people/{other_account_id}": admins(200, json={"role": "operator"}),
    "GET /v1/operator/audit": operators(200),
    "GET /v1/models": signed_in(200),
    "POST /v1/generations": replace(signed_in(202, json=GENERATION), teammate=402),  # none is left
    "POST /v1/texts": replace(signed_in(202, json=TEXT), teammate=402),
    "GET /v1/templates": signed_in(200),
    "POST /v1/copy": replace(signed_in(202, json=COPY), teammate=402),
    "POST /v1/copy/quotes": signed_in(200, json=COPY),
    "POST /v1/copy/checks": signed_in(200, json={"text": "A kettle."}),
    "GET /v1/brand-voices": signed_in(200),
    "POST /v1/brand-voices": signed_in(201, json={"name": "Norvik"}),
    "POST /v1/brand-voices/learn": signed_in(400, json={"text": "too short"}),
    "GET /v1/brand-voices/{voice_id}": own(200),
    "PUT /v1/brand-voices/{voice_id}": own(200, json={"name": "Norvik"}),
    "DELETE /v1/brand-voices/{voice_id}": own(204),
    "GET /v1/campaigns": signed_in(200),
    "POST /v1/campaigns": signed_in(201, json=CAMPAIGN),
    "POST /v1/campaigns/quotes": signed_in(200, json=FACTS),
    "GET /v1/campaigns/{campaign_id}": own(200),
    "PUT /v1/campaigns/{campaign_id}": own(200, json=CAMPAIGN),
    "DELETE /v1/campaigns/{campaign_id}": own(204),
    "POST /v1/campaigns/{campaign_id}/run": own(202, json={}),
    "GET /v1/documents": signed_in(200),
    "POST /v1/documents": signed_in(201, json={"text": "A kettle."}),
    "GET /v1/documents/{document_id}": own(200),
    "PUT /v1/documents/{document_id}": own(200, json={"text": "Two kettles."}),
    "DELETE /v1/documents/{document_id}": own(204),
    "GET /v1/documents/{document_id}/versions": own(200),
    "GET /v1/documents/{document_id}/versions/1": own(200),
    "POST /v1/documents/{document_id}/versions/1/restore": own(200),
    "GET /v1/documents/{document_id}/export": own(200),
    "POST /v1/speech": replace(signed_in(202, json={"text": "Hello."}), teammate=402),
    "POST /v1/speech/quotes": signed_in(200, json={"text": "Hello."}),
    "GET /v1/voices": signed_in(200),
    "POST /v1/audio/speech": signed_in(400, json={"input": "Hi.", "voice": "nova", "speed": 9}),
    "POST /v1/code": replace(signed_in(202, json=CODE), teammate=402),
    "POST /v1/code/quotes": signed_in(200, json=CODE),
    "POST /v1/chat/completions": signed_in(400, json={**TEXT, "temperature": 9}),
    "GET /v1/generations": signed_in(200),
    "GET /v1/generations/{generation_id}": own(200),
    "GET /v1/generations/{generation_id}/events": own(200),
    "POST /v1/generations/{generation_id}/cancel": own(200),
    "DELETE /v1/generations/{generation_id}": own(204),
    "POST /v1/generations/{deleted_generation_id}/restore": own(204),
    "POST /v1/quotes": signed_in(200, json=GENERATION),
    "GET /v1/balance": signed_in(200),
    "GET /v1/transfers": signed_in(200),
    "GET /v1/payments/options": signed_in(200),
    "POST /v1/payments/checkout": of_owners(signed_in(400, json={"plan_id": "sketch"})),
    "POST /v1/payments/stripe/webhook": everyone(400),
    "POST /v1/payments/redeem": signed_in(404, json={"code": "no such code"}),
    "GET /v1/subscription": signed_in(200),
    "GET /v1/subscription/change": of_owners(signed_in(400, params={"plan_id": "sketch"})),
    "POST /v1/subscription/change": of_owners(signed_in(422)),
    "POST /v1/subscription/cancel": of_owners(signed_in(400)),
    "POST /v1/subscription/resume": of_owners(signed_in(400)),
    "POST /v1/subscription/portal": of_owners(signed_in(400)),
    "GET /v1/invoices": of_owners(signed_in(200)),
    "GET /v1/invoices/{invoice_id}/pdf": of_owners(own(200)),
    "GET /v1/operator/revenue": operators(200),
    "POST /v1/operator/accounts/{account_id}/plan": operators(422),
    "POST /v1/operator/accounts/{account_id}/plan/renew": operators(422),
    "POST /v1/operator/accounts/{account_id}/plan/upgrade": operators(422),
    "POST /v1/operator/accounts/{account_id}/top-up": operators(422),
    "POST /v1/operator/codes": operators(422),
    "GET /v1/operator/payments": operators(200),
    "POST /v1/operator/payments/{payment_id}/refund": operators(422),
    "GET /v1/operator/accounts/{account_id}/balance": operators(200),
    "GET /v1/operator/accounts/{account_id}/transfers": operators(200),
    "POST /v1/operator/transfers/{transfer_id}/reverse": operators(422),
    "GET /v1/operator/prices": operators(200),
    "GET /v1/operator/queue": operators(200),
    "GET /v1/operator/text-servers": operators(200),
    "POST /v1/operator/text-servers": operators(422),
    "GET /v1/operator/text-servers/found": operators(200),
    "PATCH /v1/operator/text-servers/{server_id}": operators(404, json={}),
    "DELETE /v1/operator/text-servers/{server_id}": operators(404),
    "POST /v1/operator/text-servers/{server_id}/check": operators(404),
    "GET /v1/operator/ledger/check": operators(200),
    "POST /v1/operator/ledger/check": operators(202),
    "GET /v1/assets/{asset_id}": own(200),
    "GET /v1/assets/{asset_id}/generation": own(200),
    "DELETE /v1/assets/{asset_id}": own(204),
    "POST /v1/assets/{deleted_asset_id}/restore": own(204),
    "POST /v1/pictures": signed_in(422),
    "GET /v1/pictures/{content_hash}": own(200),
}
# Streams that do not end: who may not is told so, who may watches (`test_streams.py`).
ENDLESS = {"GET /v1/events": 401}
PATHS = {
    "other_account_id": "account_id",
    "deleted_generation_id": "generation_id",
    "deleted_asset_id": "asset_id",
    "versions/1": "versions/{number}",
}
Things = dict[str, str]


def routes_of(app: FastAPI) -> set[str]:
    """Every route that answers, by method and path."""
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        methods: set[str] = getattr(route, "methods", None) or set()
        path = (route.path or "").replace(":path", "")  # which lets a name have a slash
        found |= {f"{method} {path}" for method in methods - {"HEAD"}}
    return found


def as_written(route: str) -> str:
    for special, plain in PATHS.items():
        route = route.replace(special, plain)
    return route


def things_of(rooms: Rooms, member: Someone) -> Things:
    """One of each that a path can name, all of the member, made anew."""
    studio = Studio(rooms.database, rooms.blobs, rooms.queue)
    jobs = [studio.submit(member.account_id, SamplingParams("a cat", seed=1))[0] for _ in range(2)]
    studio.cancel(member.account_id, jobs[0].job_id)
    studio.delete_job(member.account_id, jobs[1].job_id)
    content_hash = rooms.blobs.put(b"a picture")
    guest = someone_new(rooms, member.http)
    with rooms.database.begin() as connection:
        assets = [
            add_asset(
                connection,
                asset_id=new_id(),
                job_id=jobs[0].job_id,
                account_id=member.account_id,
                position=position,
                media_type="image/png",
                content_hash=content_hash,
                size_bytes=9,
            )
            for position in range(2)
        ]
        (session, *_) = list_sessions(connection, member.account_id)
        key, _ = add_key(connection, member.account_id, "a key", ["read"])
        team = found_team(connection, "a team", member.account_id)
        add_member(connection, team.team_id, guest.account_id)
        voice = add_voice(connection, member.account_id, "Norvik", Voice())
        plan = Plan("Spring", {"product": "Alder, a kettle"}, ["tagline"], "en")
        campaign = add_campaign(connection, member.account_id, plan)
        document = add_document(connection, member.account_id, About("", "en"), "A kettle.")
    studio.delete(member.account_id, assets[1].asset_id)
    payments = Payments(rooms.database)
    payments.top_up(TopUp("boss", member.account_id, 5, "a transfer", 100, "eur"))
    return {
        "invoice_id": str(payments.invoices(member.account_id)[0].invoice_id),
        "generation_id": str(jobs[0].job_id),
        "deleted_generation_id": str(jobs[1].job_id),
        "asset_id": str(assets[0].asset_id),
        "deleted_asset_id": str(assets[1].asset_id),
        "content_hash": content_hash,
        "account_id": member.account_id,
        "team_id": str(team.team_id),
        "other_account_id": guest.account_id,
        "voice_id": str(voice.voice_id),
        "campaign_id": str(campaign.campaign_id),
        "document_id": str(document.document_id),
        "provider_id": "acme",
        "key_id": str(key.key_id),
        "transfer_id": str(new_id()),
        "payment_id": str(new_id()),
        "session_id": str(session.session_id),
        "server_id": str(new_id()),
    }


def program_of(rooms: Rooms, member: Someone, but: str = "") -> Someone:
    """Their program, whose key is for everything but a scope."""
    with rooms.database.begin() as connection:
        scopes = [one for one in get_args(Scope) if one != but]
        _, shown = add_key(connection, member.account_id, "a key", scopes)
    return Someone(member.http, {"Authorization": f"Bearer {shown}"}, member.account_id)


def teammate_of(rooms: Rooms, http: TestClient, things: Things) -> Someone:
    """A plain member of the team, which pays for them."""
    team_id, someone = UUID(things["team_id"]), someone_new(rooms, http)
    with rooms.database.begin() as connection:
        add_member(connection, team_id, someone.account_id)
        choose_payer(connection, someone.account_id, account_of(team_id))
    return someone


def suspended(rooms: Rooms, http: TestClient) -> Someone:
    program = program_of(rooms, someone_new(rooms, http))
    with rooms.database.begin() as connection:
        set_suspended(connection, "boss", "admin", program.account_id, True)
    return program


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    app = open_to_all(rooms)
    with TestClient(
        app, base_url=ORIGIN, client=ELSEWHERE, raise_server_exceptions=False
    ) as client:
        yield client


def test_every_route_has_a_row(http: TestClient) -> None:
    assert isinstance(http.app, FastAPI)
    written = {as_written(route) for route in (*ROWS, *ENDLESS)}
    assert routes_of(http.app) == written


def test_everyone_is_answered_as_the_matrix_says(
    rooms: Rooms, http: TestClient, subtests: pytest.Subtests
) -> None:
    shut_out = suspended(rooms, http)
    for route, row in ROWS.items():
        member, twin = someone_new(rooms, http), someone_new(rooms, http)
        things = things_of(rooms, member)
        method, path = route.format(**things).split(" ")
        twins = route.format(**things_of(rooms, twin)).split(" ")[1] if "{" in route else path
        its_scope = scope_of(path, method != "GET")
        made: dict[str, Callable[[], Someone]] = {
            "nobody": partial(Someone, http),
            "other": partial(someone_new, rooms, http),
            "teammate": partial(teammate_of, rooms, http, things),
            "suspended": lambda: shut_out,
            "operator": partial(someone_new, rooms, http, "operator"),
            "admin": partial(someone_new, rooms, http, "admin"),
            "key": partial(program_of, rooms, member, but=its_scope),
            "program": partial(program_of, rooms, twin),
            "member": partial(replace, member),
        }
        for who in WHO:
            named = twins if who == "program" else path
            answer = made[who]().send(method, named, **row.send)
            with subtests.test(route, who=who):
                assert answer.status_code == row.status(who), answer.text


def test_endless_streams_are_for_those_who_are_signed_in(http: TestClient) -> None:
    for route, status in ENDLESS.items():
        method, path = route.split(" ")
        assert Someone(http).send(method, path).status_code == status
