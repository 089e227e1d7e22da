"""Mails, as a real server gets them: what their links prove, once, and what they bring."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pyotp import TOTP

from maquette.core.errors import InvalidSettings
from maquette.db.tables.people import mail_token, rate
from maquette.ledger.accounts import get_balance
from maquette.payments.stripe_payments import StripePayments
from maquette.people.identities import add_identity, find_identity
from maquette.people.mailer import Mailer
from maquette.people.peppered import peppered
from maquette.people.rate_limits import SIGN_IN_AS, count_try
from maquette.service.payments import Payments
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, Someone, open_to_all, someone_new
from tests.letterbox import Letterbox, mail_server
from tests.payments.customer import Customer
from tests.payments.stripe_server import SECRET, event, signed, stripe_server

ADA = {"email": "ada@example.org", "password": PASSWORD}
ANOTHER = "a heron and three kettles"


@pytest.fixture
def letterbox() -> Iterator[tuple[Letterbox, str]]:
    with mail_server() as found:
        yield found


def _token(box: Letterbox, purpose: str) -> str:
    """That of the link in the newest mail."""
    found = re.search(rf"{re.escape(ORIGIN)}/#{purpose}=(\S+)", box.mails[-1].get_content())
    assert found, box.mails[-1].get_content()
    return found[1]


@pytest.fixture
def http(rooms: Rooms, letterbox: tuple[Letterbox, str]) -> Iterator[TestClient]:
    app = open_to_all(rooms, smtp=letterbox[1], public_url=ORIGIN)
    with TestClient(app, base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


@pytest.fixture
def box(letterbox: tuple[Letterbox, str]) -> Letterbox:
    return letterbox[0]


def _available(rooms: Rooms, account_id: str) -> int:
    with rooms.database.connect() as connection:
        return get_balance(connection, account_id).available_microcredits


def _sign_up(http: TestClient, **more: str) -> Someone:
    return Someone(http).keep(Someone(http).post("/v1/sign-up", {**ADA, **more}))


def test_free_credits_come_once_the_address_is_shown(
    rooms: Rooms, http: TestClient, box: Letterbox
) -> None:
    ada = _sign_up(http)
    assert _available(rooms, ada.account_id) == 0
    token = _token(box, "verify")
    (mail,) = box.mails
    assert (mail["To"], mail["From"]) == (ADA["email"], "studio@example.org")
    assert mail["Subject"] == "Is this your address?"
    assert ada.post("/v1/verify-email", {"token": token}).status_code == 204
    assert ada.get("/v1/me").json()["email_verified"]
    assert _available(rooms, ada.account_id) == 100 * 10**6
    again = ada.post("/v1/verify-email", {"token": token})
    assert again.status_code == 400
    assert "was used or is over" in again.json()["error"]
    assert ada.post("/v1/verify-email/send").status_code == 400  # there is nothing to be shown
    assert _available(rooms, ada.account_id) == 100 * 10**6


def test_a_link_is_for_who_signed_up(rooms: Rooms, http: TestClient, box: Letterbox) -> None:
    eve = _sign_up(http)  # with an address that is Ada's, who opens the link in her browser
    asked = {"token": _token(box, "verify")}
    ada, other = Someone(http), someone_new(rooms, http)
    for who in (ada, other):
        refused = who.post("/v1/verify-email", asked)
        assert (refused.status_code, refused.json()["needs"]) == (401, "password")
    guessed = [{**asked, "password": f"a guess, number {n}"} for n in range(11)]
    told = [ada.post("/v1/verify-email", one) for one in guessed]
    assert [one.status_code for one in told] == [401] * 10 + [429]
    assert not eve.get("/v1/me").json()["email_verified"]
    with rooms.database.begin() as connection:
        connection.execute(sa.update(rate).values(resets_at=sa.func.now()))
    # Who signed up themselves, on another machine, has the password.
    assert ada.post("/v1/verify-email", {**asked, "password": PASSWORD}).status_code == 204
    assert eve.get("/v1/me").json()["email_verified"]


def test_an_account_that_another_prepared_is_handed_over_with_its_ways_in_shut(
    rooms: Rooms, http: TestClient, box: Letterbox
) -> None:
    eve = _sign_up(http)  # with an address that is Ada's
    scopes = ["read", "generate", "account"]
    key = eve.post("/v1/keys", {"name": "k", "scopes": scopes}).json()["key"]
    program = Someone(http, {"Authorization": f"Bearer {key}"})
    assert program.get("/v1/me").status_code == 200
    team = eve.post("/v1/teams", {"name": "Eve's"}).json()
    eve.send("PATCH", "/v1/me", json={"payer_account_id": team["account_id"]})
    begun = eve.post("/v1/me/two-factor", {"password": PASSWORD}).json()
    eve = eve.keep(eve.post("/v1/me/two-factor/confirm", {"code": TOTP(begun["secret"]).now()}))
    with rooms.database.begin() as connection:
        add_identity(connection, "acme", "https://acme", "eve", eve.account_id)
    assert Someone(http).post("/v1/password-reset", {"email": ADA["email"]}).status_code == 202
    asked = {"token": _token(box, "reset"), "password": ANOTHER}
    assert Someone(http).post("/v1/password-reset/confirm", asked).status_code == 204
    ada = Someone(http).keep(Someone(http).post("/v1/sign-in", {**ADA, "password": ANOTHER}))
    me = ada.get("/v1/me").json()
    assert (me["account_id"], me["email_verified"], me["two_factor"]) == (
        eve.account_id, True, False,
    )  # fmt: skip
    assert me["payer"]["account_id"] == ada.account_id
    assert [one.get("/v1/me").status_code for one in (eve, program)] == [401, 401]
    assert ada.get("/v1/keys").json() == []
    with rooms.database.connect() as connection:
        assert find_identity(connection, "https://acme", "eve") is None
    # What is made after that stays: the address is Ada's.
    key = ada.post("/v1/keys", {"name": "k", "scopes": scopes}).json()["key"]
    assert Someone(http).post("/v1/password-reset", {"email": ADA["email"]}).status_code == 202
    asked = {"token": _token(box, "reset"), "password": PASSWORD}
    assert Someone(http).post("/v1/password-reset/confirm", asked).status_code == 204
    assert Someone(http, {"Authorization": f"Bearer {key}"}).get("/v1/me").status_code == 200


def test_a_link_is_over_in_time_and_once_there_is_a_newer_one(
    rooms: Rooms, http: TestClient, box: Letterbox
) -> None:
    ada = _sign_up(http)
    first = _token(box, "verify")
    assert ada.post("/v1/verify-email/send").status_code == 202
    assert Someone(http).post("/v1/verify-email", {"token": first}).status_code == 400
    second = _token(box, "verify")
    for wrong in (second[:-1], second + "x", "", second.swapcase()):
        assert Someone(http).post("/v1/verify-email", {"token": wrong}).status_code == 400
    # One for another purpose is none for this.
    reset = {"token": second, "password": ANOTHER}
    assert Someone(http).post("/v1/password-reset/confirm", reset).status_code == 400
    with rooms.database.begin() as connection:
        past = mail_token.c.expires_at - timedelta(days=2)
        connection.execute(sa.update(mail_token).values(expires_at=past))
    assert Someone(http).post("/v1/verify-email", {"token": second}).status_code == 400


def test_only_a_hash_of_a_link_is_kept(rooms: Rooms, http: TestClient, box: Letterbox) -> None:
    _sign_up(http)
    token = _token(box, "verify")
    with rooms.database.connect() as connection:
        (kept,) = connection.execute(sa.select(mail_token.c.token_hash)).scalars()
    assert token.encode() not in kept


def test_who_has_an_account_is_told_so_by_mail_alone(
    rooms: Rooms, http: TestClient, box: Letterbox
) -> None:
    ada = someone_new(rooms, http)
    address = ada.get("/v1/me").json()["email"]
    pretender = _sign_up(http, email=address)
    (mail,) = box.mails
    assert mail["Subject"] == "You have an account already"
    assert "verify=" not in mail.get_content()
    assert pretender.post("/v1/verify-email/send").status_code == 202
    token = _token(box, "verify")  # who gets it has the address, and an account that has it
    answer = pretender.post("/v1/verify-email", {"token": token})
    assert (answer.status_code, "has an account" in answer.text) == (400, True)
    assert ada.get("/v1/me").json()["email_verified"]


def test_mails_are_in_the_persons_language(http: TestClient, box: Letterbox) -> None:
    _sign_up(http, language="zh")
    assert box.mails[-1]["Subject"] == "请确认您的邮箱"
    assert "两天内有效" in box.mails[-1].get_content()


def test_a_password_is_chosen_anew_by_mail(rooms: Rooms, http: TestClient, box: Letterbox) -> None:
    ada = _sign_up(http)
    told = {
        (answer.status_code, answer.text)
        for email in (ADA["email"], "nobody@example.org", "no address")
        for answer in [Someone(http).post("/v1/password-reset", {"email": email})]
    }
    assert told == {(202, "null")}
    assert len(box.mails) == 2  # the first was to show the address
    token = _token(box, "reset")
    weak = Someone(http).post("/v1/password-reset/confirm", {"token": token, "password": "x"})
    assert weak.status_code == 400  # and the link still works
    asked = {"token": token, "password": ANOTHER}
    assert Someone(http).post("/v1/password-reset/confirm", asked).status_code == 204
    assert Someone(http).post("/v1/password-reset/confirm", asked).status_code == 400
    assert ada.get("/v1/me").status_code == 401  # signed out everywhere
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 401
    me = Someone(http).post("/v1/sign-in", {**ADA, "password": ANOTHER}).json()
    assert me["email_verified"]  # for the link was in a mail to it
    assert _available(rooms, ada.account_id) == 100 * 10**6


def test_who_tries_too_often_waits_even_after_a_restart(rooms: Rooms, http: TestClient) -> None:
    _sign_up(http)
    wrong = {**ADA, "password": "another password"}
    statuses = [Someone(http).post("/v1/sign-in", wrong).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as restarted:
        refused = Someone(restarted).post("/v1/sign-in", ADA)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
        unknown = {**wrong, "email": "nobody@example.org"}  # is counted and told alike
        assert Someone(restarted).post("/v1/sign-in", unknown).status_code == 401
        with rooms.database.begin() as connection:
            connection.execute(sa.update(rate).values(resets_at=sa.func.now()))
        assert Someone(restarted).post("/v1/sign-in", ADA).status_code == 200


def test_no_one_is_shut_out_by_what_others_try(rooms: Rooms, http: TestClient) -> None:
    _sign_up(http)
    wrong = {**ADA, "password": "another password"}
    app = open_to_all(rooms)
    for house in range(9):
        with TestClient(app, base_url=ORIGIN, client=(f"203.0.113.{house + 100}", 1)) as eve:
            statuses = [Someone(eve).post("/v1/sign-in", wrong).status_code for _ in range(11)]
            assert statuses == [401] * 10 + [429]
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 200  # from where Ada is
    with rooms.database.begin() as connection:  # but a crowd does not guess for ever
        connection.execute(sa.update(rate).values(tries=rate.c.tries * 0))
        count_try(connection, SIGN_IN_AS, ADA["email"])
        name = peppered(f"{SIGN_IN_AS.what} {ADA['email']}")
        full = sa.update(rate).where(rate.c.name == name).values(tries=SIGN_IN_AS.most)
        connection.execute(full)
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 429


def test_what_is_right_at_last_counts_from_nought(http: TestClient) -> None:
    _sign_up(http)
    for _ in range(3):
        for _ in range(5):
            wrong = {**ADA, "password": "another password"}
            assert Someone(http).post("/v1/sign-in", wrong).status_code == 401
        assert Someone(http).post("/v1/sign-in", ADA).status_code == 200


def test_no_one_is_flooded_with_mails(rooms: Rooms, http: TestClient, box: Letterbox) -> None:
    asked = {"email": ADA["email"]}
    ada = _sign_up(http)
    statuses = [Someone(http).post("/v1/password-reset", asked).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    again = [ada.post("/v1/verify-email/send").status_code for _ in range(5)]
    assert again == [202] * 4 + [429]
    assert len(box.mails) == 10
    # Nor do invitations take the place of a mail that is needed.
    with rooms.database.begin() as connection:
        connection.execute(sa.delete(rate))
    host = someone_new(rooms, http)
    team = host.post("/v1/teams", {"name": "Tea house"}).json()["team_id"]
    url = f"/v1/teams/{team}/invitations"
    statuses = [host.post(url, asked).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    assert Someone(http).post("/v1/password-reset", asked).status_code == 202
    assert ada.post("/v1/verify-email/send").status_code == 202
    # Nor does one person invite all the world.
    others = [{"email": f"guest{n}@example.org"} for n in range(16)]
    statuses = [host.post(url, one).status_code for one in others]
    assert statuses == [202] * 15 + [429]


def test_where_no_smtp_is_set_the_log_has_the_link(
    rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as http:
        _sign_up(http)
    assert "/#verify=" in caplog.text


def test_a_server_that_is_away_is_no_ones_fault(
    rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    app = open_to_all(rooms, smtp="smtp://127.0.0.1:1?from=studio@example.org")
    with TestClient(app, base_url=ORIGIN, client=ELSEWHERE) as http:
        assert Someone(http).post("/v1/sign-up", ADA).status_code == 201
    assert "cannot be sent" in caplog.text


def test_whose_plan_could_not_be_paid_is_told_and_led_to_stripes_page(
    rooms: Rooms, http: TestClient, box: Letterbox
) -> None:
    assert isinstance(http.app, FastAPI)
    with stripe_server() as stripe:
        shop = Payments(
            rooms.database, stripe=StripePayments(stripe.api(), SECRET), public_url=ORIGIN
        )
        http.app.state.payments = shop
        ada = someone_new(rooms, http)
        customer = Customer(shop, stripe, ada.account_id)
        customer.pay("subscription_create", 900)
        draft = customer.draft()
        customer.sub["status"] = "past_due"
        told = signed(event("invoice.payment_failed", draft, "evt_1"))
        header = {"Stripe-Signature": told.signature or ""}
        for _ in range(2):
            answer = http.post("/v1/payments/stripe/webhook", content=told.body, headers=header)
            assert answer.status_code == 204
        [mail] = box.mails
        assert mail["To"] == f"{ada.account_id}@example.org"
        assert f"{ORIGIN}/#/buy" in mail.get_content()
        assert ada.get("/v1/subscription").json()["state"] == "past_due"
        url = ada.post("/v1/subscription/portal").json()["url"]
        assert stripe.objects[url.rpartition("/")[2]]["return_url"] == f"{ORIGIN}/#/buy"


def test_a_password_in_the_url_of_a_server_is_not_said() -> None:
    for url in ("smtp://me:hush/hush@host?from=a@b", "smtp://me:hush#@host", "smtp://me:[hush@h"):
        with pytest.raises(InvalidSettings) as refused:
            Mailer(url)
        assert "hush" not in refused.value.message
