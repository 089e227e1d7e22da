"""What a client meets where it pays: options, codes, and what only operators may do."""

import pytest
from fastapi.testclient import TestClient

from maquette.api.dependencies import Caller, _caller
from maquette.core.ids import new_id
from maquette.ledger.accounts import open_account
from maquette.payments.stripe_payments import StripePayments
from maquette.people.emails import read_email
from maquette.people.persons import add_person
from maquette.service.payments import Payments
from maquette.service.teams import found_team
from tests.api.conftest import Rooms
from tests.credits import enrich
from tests.payments.conftest import posted
from tests.payments.stripe_server import SECRET, event, signed, stripe_server

BOTH = "name a pack_id or a plan_id, not both"


@pytest.fixture
def http(rooms: Rooms) -> TestClient:
    with rooms.database.begin() as connection:
        open_account(connection, "team/7")
    return rooms.client


def test_what_can_be_bought_is_listed(http: TestClient) -> None:
    options = http.get("/v1/payments/options").json()
    assert options["providers"] == ["codes"]
    assert {
        "pack_id": "pack-1000",
        "name": "1,000 credits",
        "credits_microcredits": 10**9,
        "price_cents": 1000,
        "currency": "usd",
    } in options["packs"]
    assert all(one["monthly_microcredits"] > 0 for one in options["plans"])


def test_a_code_is_made_and_redeemed_for_the_team_that_pays(http: TestClient, rooms: Rooms) -> None:
    asked = {"amount_microcredits": 5, "count": 2, "expires_at": "2999-01-01T00:00:00Z"}
    codes = http.post("/v1/operator/codes", json=asked).json()["codes"]
    rooms.app.dependency_overrides[_caller] = lambda: Caller("kim", "team/7", "member")
    answer = http.post("/v1/payments/redeem", json={"code": codes[0]})
    assert answer.json() == {"amount_microcredits": 5}
    assert posted(rooms.database, "team/7") == 5
    again = http.post("/v1/payments/redeem", json={"code": codes[0]})
    assert (again.status_code, list(again.json())) == (400, ["error"])
    wrong = [http.post("/v1/payments/redeem", json={"code": "x"}) for _ in range(11)]
    assert [one.status_code for one in wrong] == [404] * 10 + [429]
    assert 0 < int(wrong[-1].headers["retry-after"]) <= 3600


def test_operators_top_up_and_refund(http: TestClient) -> None:
    asked = {"amount_microcredits": 5, "reason": "bank", "price_cents": 100, "currency": "eur"}
    made = http.post("/v1/operator/accounts/team/7/top-up", json=asked).json()
    assert (made["account_id"], made["state"]) == ("team/7", "paid")
    url = f"/v1/operator/payments/{made['payment_id']}/refund"
    back = http.post(url, json={"reason": "asked for"}).json()
    assert back == made | {"state": "refunded", "refunded_cents": 100}
    assert http.get("/v1/operator/payments").json() == [back | {"account_name": None}]
    assert http.post(url, json={"reason": "again"}).status_code == 400
    none = http.post("/v1/operator/accounts/nobody/top-up", json=asked)
    assert (none.status_code, none.json()) == (404, {"error": "no account nobody"})


def test_operators_see_by_name_whose_payments_they_are(http: TestClient, rooms: Rooms) -> None:
    """Where there is one: an address counts once it was shown."""
    ids = {name: str(new_id()) for name in ("ada", "bob")}
    with rooms.database.begin() as connection:
        for name, account_id in ids.items():
            open_account(connection, account_id)
            email = read_email(f"{name}@example.org")
            add_person(connection, account_id, email=email, verified=name == "ada")
        team = found_team(connection, "Engines", ids["ada"]).account_id
    for account_id in (ids["ada"], ids["bob"], team, "team/7"):
        asked = {"amount_microcredits": 5, "reason": "bank"}
        http.post(f"/v1/operator/accounts/{account_id}/top-up", json=asked)
    found = http.get("/v1/operator/payments").json()
    assert {one["account_id"]: one["account_name"] for one in found} == {
        ids["ada"]: "ada@example.org",
        ids["bob"]: None,
        team: "Engines",
        "team/7": None,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/operator/codes", {"amount_microcredits": 5}),
        ("POST", "/v1/operator/accounts/local/top-up", {"amount_microcredits": 5, "reason": "x"}),
        ("POST", "/v1/operator/accounts/local/plan", {"plan_id": "studio", "reason": "x"}),
        ("POST", "/v1/operator/accounts/local/plan/renew", {"reason": "x"}),
        ("POST", "/v1/operator/accounts/local/plan/upgrade", {"plan_id": "studio", "reason": "x"}),
        ("GET", "/v1/operator/payments", None),
    ],
)
def test_members_do_none_of_it(
    http: TestClient, rooms: Rooms, method: str, path: str, body: object
) -> None:
    rooms.app.dependency_overrides[_caller] = lambda: Caller("kim", "kim", "member")
    assert http.request(method, path, json=body).status_code == 403


def test_a_pack_is_bought_and_stripes_word_is_heard(http: TestClient, rooms: Rooms) -> None:
    refused = http.post("/v1/payments/checkout", json={"pack_id": "pack-1000"})
    assert (refused.status_code, "nothing is sold here" in refused.text) == (400, True)
    with stripe_server() as stripe:
        shop = Payments(rooms.database, stripe=StripePayments(stripe.api(), SECRET))
        rooms.app.state.payments = shop
        assert http.get("/v1/payments/options").json()["providers"] == ["stripe", "codes"]
        rooms.app.dependency_overrides[_caller] = lambda: Caller("kim", "team/7", "member")
        url = http.post("/v1/payments/checkout", json={"pack_id": "pack-1000"}).json()["url"]
        session = stripe.objects[url.rpartition("/")[2]] | {"payment_status": "paid"}
        assert session["success_url"] == "http://testserver/?checkout=done"
        told = signed(event("checkout.session.completed", session, "evt_1"))
        header = {"Stripe-Signature": told.signature or ""}
        webhook = "/v1/payments/stripe/webhook"
        altered = http.post(webhook, content=told.body + b" ", headers=header)
        assert (altered.status_code, list(altered.json())) == (400, ["error"])
        for _ in range(3):
            assert http.post(webhook, content=told.body, headers=header).status_code == 204
        assert posted(rooms.database, "team/7") == 10**9
        stripe.refuses = "Try another card."
        declined = http.post("/v1/payments/checkout", json={"pack_id": "pack-1000"})
        assert declined.status_code == 502
        assert "Try another card." in declined.json()["error"]


def test_a_plan_is_begun_changed_and_ended(http: TestClient, rooms: Rooms) -> None:
    enrich(rooms.database, "kim", 1)
    assert http.get("/v1/subscription").json() is None
    assert http.post("/v1/subscription/cancel").status_code == 400
    asked = {"plan_id": "studio", "reason": "a transfer"}
    begun = http.post("/v1/operator/accounts/kim/plan", json=asked).json()
    assert (begun["plan_id"], begun["state"], begun["cancels_at"]) == ("studio", "active", None)
    url = "/v1/operator/accounts/kim/plan/"
    renewed = http.post(url + "renew", json={"reason": "the next month"}).json()
    assert renewed["renews_at"] > begun["renews_at"]
    above = http.post(url + "upgrade", json=asked | {"plan_id": "atelier"}).json()
    assert above["plan_id"] == "atelier"
    rooms.app.dependency_overrides[_caller] = lambda: Caller("kim", "kim", "member")
    assert http.get("/v1/subscription").json() == above
    changed = http.post("/v1/subscription/change", json={"plan_id": "sketch"}).json()
    assert (changed["plan_id"], changed["next_plan_id"]) == ("atelier", "sketch")
    cancelled = http.post("/v1/subscription/cancel").json()
    assert (cancelled["renews_at"], cancelled["cancels_at"]) == (None, renewed["renews_at"])
    assert http.post("/v1/subscription/resume").json() == changed
    both = http.post("/v1/payments/checkout", json={"pack_id": "pack-1000", "plan_id": "studio"})
    assert (both.status_code, both.json()) == (400, {"error": BOTH})


def test_invoices_are_listed_and_drawn_and_revenue_is_told(http: TestClient) -> None:
    assert http.get("/v1/invoices").json() == []
    asked = {"amount_microcredits": 5, "reason": "bank", "price_cents": 100, "currency": "eur"}
    http.post("/v1/operator/accounts/local/top-up", json=asked)
    [one] = http.get("/v1/invoices").json()
    assert (one["what"], one["price_cents"], one["number"][4:]) == ("bank", 100, "-000001")
    answer = http.get(f"/v1/invoices/{one['invoice_id']}/pdf")
    assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    revenue = http.get("/v1/operator/revenue").json()
    total = {"currency": "eur", "payments": 1, "price_cents": 100, "refunded_cents": 0}
    assert revenue["totals"] == [total]
    assert revenue["by_provider"] == [total | {"provider": "manual"}]
    assert [day["price_cents"] for day in revenue["by_day"]] == [100]
