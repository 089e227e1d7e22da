"""One's own data: all of it in one file, or gone, and free credits are not had twice."""

import io
import json
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from maquette.api.app import create_app
from maquette.core.errors import InvalidRequest, NotFound, StorageUnavailable
from maquette.core.ids import new_id
from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.tables import metadata
from maquette.jobs.store import end_job
from maquette.ledger.accounts import get_balance
from maquette.ledger.holds import holds_of, post_hold
from maquette.ledger.verify import verify
from maquette.library.assets import add_asset
from maquette.library.blobs import Blobs
from maquette.library.object_blobs import ObjectBlobs
from maquette.library.thumbnails import Thumbnails
from maquette.payments.manual_plans import PaidByHand
from maquette.payments.stripe_payments import StripePayments
from maquette.people.keys import add_key
from maquette.people.mail_tokens import issue_token
from maquette.service.own_data import delete
from maquette.service.payments import Payments
from maquette.service.people import People
from maquette.service.studio import Studio
from maquette.service.sweep import Sweeper
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, Someone, open_to_all, someone_new
from tests.payments.stripe_server import SECRET as OF_WEBHOOKS
from tests.payments.stripe_server import StripeServer, event, signed, stripe_server
from tests.payments.test_stripe_plans import Customer
from tests.waiting import PATIENCE_S, wait_until

ADA = {"email": "ada.lovelace@example.org", "password": PASSWORD, "name": "Ada Lovelace"}
SIGN_IN = {name: ADA[name] for name in ("email", "password")}
STREET = "12 St James's Square"
SECRET = "a boat that no one else knows of"


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with stripe_server() as server:
        yield server


@pytest.fixture
def shop(rooms: Rooms, stripe: StripeServer) -> Payments:
    return Payments(rooms.database, stripe=StripePayments(stripe.api(), OF_WEBHOOKS))


def _sign_up(rooms: Rooms, http: TestClient, email: str = ADA["email"]) -> Someone:
    """Someone who has shown their address."""
    ada = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA | {"email": email}))
    with rooms.database.begin() as connection:
        token = issue_token(connection, "verify", email, ada.account_id)
    assert ada.post("/v1/verify-email", {"token": token}).status_code == 204
    return ada


def _with_things(rooms: Rooms, ada: Someone, content: bytes = b"a picture of Ada's") -> str:
    """A request under way and a picture, whose hash is given."""
    body, once = {"prompt": SECRET, "width": 64, "height": 64}, {"Idempotency-Key": "once"}
    asked = ada.post("/v1/generations", body, headers=once)
    assert asked.status_code == 202, asked.text
    content_hash = rooms.blobs.put(content)
    with rooms.database.begin() as connection:
        add_key(connection, ada.account_id, "a program", ["read"])
        add_asset(
            connection,
            asset_id=new_id(),
            job_id=asked.json()["generation_id"],
            account_id=ada.account_id,
            position=0,
            media_type="image/png",
            content_hash=content_hash,
            size_bytes=len(content),
        )
    return content_hash


def test_all_that_is_ones_own_comes_in_one_file(
    rooms: Rooms, http: TestClient, shop: Payments, stripe: StripeServer
) -> None:
    ada = _sign_up(rooms, http)
    content_hash = _with_things(rooms, ada)
    _pay(rooms, shop, stripe, ada.account_id)
    shop.plans.start_by_hand(PaidByHand("local", ada.account_id, "a transfer"), "studio")
    answer = ada.get("/v1/me/export")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="maquette.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        assert file.read(f"pictures/{content_hash}.png") == b"a picture of Ada's"
        person = json.loads(file.read("person.json"))
        (request,) = json.loads(file.read("requests.json"))
        *_, transfer = json.loads(file.read("transfers.json"))
        payments = json.loads(file.read("payments.json"))
        everything = b"".join(file.read(name) for name in file.namelist())
    assert (person["email"], person["name"]) == (ADA["email"], ADA["name"])
    assert [one["name"] for one in person["keys"]] == ["a program"]
    assert request["request"]["params"]["prompt"] == SECRET
    assert request["pictures"] == [content_hash]
    assert transfer["reason"] == "free credits of a new account"
    plan, (invoice, _), paid = (payments[name] for name in ("plan", "invoices", "payments"))
    assert (plan["plan_id"], plan["state"]) == ("studio", "active")
    assert (invoice["number"][4:], invoice["price_cents"]) == ("-000002", 2400)
    assert [(one["what"], one["provider"]) for one in paid[1:]] == [("1,000 credits", "stripe")]
    assert b"argon2" not in everything


def _pay(rooms: Rooms, shop: Payments, stripe: StripeServer, account_id: str) -> None:
    """A pack by Stripe, which is told the buyer's name and where she lives."""
    url = shop.sell_pack(account_id, "pack-1000", ORIGIN)
    buyer = {"name": ADA["name"], "email": ADA["email"], "address": {"line1": STREET}}
    session = stripe.objects[url.rpartition("/")[2]] | {"payment_status": "paid"}
    paid = event("checkout.session.completed", session | {"customer_details": buyer}, account_id)
    told = signed(paid)
    shop.hear_stripe(told.body, told.signature)
    (invoice,) = shop.invoices(account_id)
    assert STREET in invoice.buyer


def test_no_transaction_waits_for_pictures_and_no_file_is_left(
    rooms: Rooms, http: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the database cuts one that stands still, and what names someone is not to lie about."""
    ada = _sign_up(rooms, http)
    _with_things(rooms, ada)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    waiting += "AND state = 'idle in transaction'"
    seen: list[int] = []

    def away(_: Blobs, content_hash: str) -> bytes:
        with rooms.database.connect() as connection:
            seen.append(connection.execute(sa.text(waiting)).scalar_one())
        raise StorageUnavailable(f"no {content_hash}; wait")

    monkeypatch.setattr(Blobs, "get", away)
    assert [ada.get("/v1/me/export").status_code for _ in range(6)] == [503] * 5 + [429]
    assert seen == [0] * 5
    assert [*(tmp_path / "temporary").iterdir()] == []


def test_who_goes_leaves_nothing_that_names_them(
    rooms: Rooms, http: TestClient, shop: Payments, stripe: StripeServer
) -> None:
    """But for their invoices, which the law has a studio keep."""
    ada = _sign_up(rooms, http)
    content_hash = _with_things(rooms, ada)
    team = ada.post("/v1/teams", {"name": "Lovelace Engines"}).json()["account_id"]
    for account_id in (ada.account_id, team):
        _pay(rooms, shop, stripe, account_id)
    assert ada.post("/v1/me/delete", {"password": "another password"}).status_code == 400
    assert ada.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    assert ada.get("/v1/me").status_code == 401
    assert Someone(http).post("/v1/sign-in", SIGN_IN).status_code == 401
    with pytest.raises(KeyError):
        rooms.blobs.get(content_hash)
    as_bytes = [word.encode().hex() for word in (ADA["name"], SECRET)]  # as PostgreSQL says them
    with rooms.database.connect() as connection:
        for table in metadata.sorted_tables:  # whatever it is, in whichever table
            row = sa.cast(sa.literal_column(f'"{table.name}"'), sa.Text)
            rows = connection.execute(sa.select(row).select_from(table))
            said = " ".join(rows.scalars())
            if table.name == "invoice":
                assert said.count(STREET) == 2
                continue
            for word in ("ada.lovelace", "Lovelace", STREET, SECRET, content_hash, *as_bytes):
                assert word not in said, (table.name, word)
        there = get_balance(connection, ada.account_id)  # the ledger's rows are as they were
    assert (there.posted_microcredits, there.held_microcredits) == (1100 * 10**6, 0)
    assert list(verify(rooms.database)) == []


def test_free_credits_are_not_had_twice(rooms: Rooms, http: TestClient) -> None:
    ada = _sign_up(rooms, http)
    assert ada.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    again = _sign_up(rooms, http)
    assert again.account_id != ada.account_id
    with rooms.database.connect() as connection:
        assert get_balance(connection, again.account_id).posted_microcredits == 0


def test_a_picture_that_others_have_too_stays(rooms: Rooms, http: TestClient) -> None:
    ada = _sign_up(rooms, http)
    content_hash = _with_things(rooms, ada)
    bob = Someone(http).keep(Someone(http).post("/v1/sign-up", {**ADA, "email": "b@example.org"}))
    query = sa.text("INSERT INTO upload VALUES (:account_id, :content_hash, 18)")
    with rooms.database.begin() as connection:
        row = {"account_id": bob.account_id, "content_hash": content_hash}
        connection.execute(query, row)
    assert ada.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    assert bob.get(f"/v1/pictures/{content_hash}").content == b"a picture of Ada's"


def test_no_one_goes_while_stripe_charges_for_their_plan(
    rooms: Rooms, http: TestClient, shop: Payments, stripe: StripeServer
) -> None:
    """Their own, and that of a team of which no one would be left."""
    ada = _sign_up(rooms, http)
    team = ada.post("/v1/teams", {"name": "Engines"}).json()["account_id"]
    customers = [Customer(shop, stripe, one) for one in (ada.account_id, team)]
    for one in customers:
        one.pay("subscription_create", 900)
    for one, whose in zip(customers, ("this account", "Engines"), strict=True):
        refused = ada.post("/v1/me/delete", {"password": PASSWORD})
        assert refused.status_code == 400
        assert f"charging for plan sketch of {whose};" in refused.json()["error"]
        assert ada.get("/v1/me").json()["teams"] != []  # nothing is done by halves
        shop.plans.cancel(one.account_id)
    assert ada.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    for one in customers:
        assert one.sub["cancel_at_period_end"] is True
        with pytest.raises(InvalidRequest, match="there is no plan"):
            shop.plans.resume(one.account_id)  # which was asked for in the same moment
        one.tell("customer.subscription.updated", one.sub)  # its last month is not over yet
        assert one.has() is None


def test_a_page_to_pay_is_closed_when_its_account_goes_and_a_sweep_closes_what_is_left(
    rooms: Rooms, http: TestClient, shop: Payments, stripe: StripeServer
) -> None:
    assert isinstance(http.app, FastAPI)
    http.app.state.payments = shop
    people = [_sign_up(rooms, http, f"{name}@example.org") for name in ("ada", "bob", "cy")]
    asked = [{"pack_id": "pack-1000"}, {"plan_id": "sketch"}, {"pack_id": "pack-1000"}]
    urls = [
        one.post("/v1/payments/checkout", what).json()["url"]
        for one, what in zip(people, asked, strict=True)
    ]
    pages = [stripe.objects[url.rpartition("/")[2]] for url in urls]
    assert people[0].post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    assert [one["status"] for one in pages] == ["expired", "open", "open"]
    with rooms.database.begin() as connection:  # as the command line does, without Stripe's key
        delete(connection, people[1].account_id, "local")
    with Sweeper(rooms.blobs, rooms.queue, rooms.snapshots, 30, shop):
        wait_until(lambda: pages[1]["status"] != "open")
    assert pages[2]["status"] == "open"


def test_a_month_that_stripe_tries_to_be_paid_is_ended_first(
    rooms: Rooms, http: TestClient, shop: Payments, stripe: StripeServer
) -> None:
    ada = someone_new(rooms, http)
    customer = Customer(shop, stripe, ada.account_id)
    customer.pay("subscription_create", 900)
    customer.sub |= {"status": "past_due", "cancel_at_period_end": True}
    customer.tell("customer.subscription.updated", customer.sub)
    with (
        pytest.raises(InvalidRequest, match="end that plan first"),
        rooms.database.begin() as connection,
    ):
        delete(connection, ada.account_id, "local")
    shop.plans.cancel(ada.account_id)
    assert customer.sub["status"] == "canceled"
    with rooms.database.begin() as connection:
        delete(connection, ada.account_id, "local")


def test_a_plan_that_is_paid_by_hand_ends_with_its_account(
    rooms: Rooms, http: TestClient, shop: Payments
) -> None:
    ada = someone_new(rooms, http)
    shop.plans.start_by_hand(PaidByHand("local", ada.account_id, "a transfer"), "sketch")
    with rooms.database.begin() as connection:
        delete(connection, ada.account_id, "local")
    assert shop.plans.current(ada.account_id) is None


def test_what_cannot_go_at_once_goes_with_a_sweep(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The storage is away, or the process dies, once the deletion is committed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "someone")
    thumbnails = tmp_path / "thumbnails"
    away = ObjectBlobs("s3://studio", "http://127.0.0.1:1")
    studio = Studio(rooms.database, away, rooms.queue, thumbnails=thumbnails)
    people = People(rooms.database, Settings(), on_loopback=False)
    app = create_app(studio, rooms.database, people=people)
    with TestClient(app, base_url=ORIGIN, client=ELSEWHERE) as http:
        ada, bob = (_sign_up(rooms, http, f"{name}@example.org") for name in ("ada", "bob"))
        files = [_kept(rooms, ada, "red", thumbnails), _kept(rooms, bob, "teal", thumbnails)]
        assert ada.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
        assert "waits for a sweep: the storage s3://studio refuses" in caplog.text
        monkeypatch.setattr(studio, "drop_bytes", lambda: None)
        assert bob.post("/v1/me/delete", {"password": PASSWORD}).status_code == 204
    assert all(path.exists() for pair in files for path in pair)
    with Sweeper(rooms.blobs, rooms.queue, rooms.snapshots, 30, thumbnails=thumbnails):
        wait_until(lambda: not any(path.exists() for pair in files for path in pair))


def _kept(rooms: Rooms, who: Someone, colour: str, thumbnails: Path) -> tuple[Path, Path]:
    """Where a picture of someone's and its small version are."""
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), colour).save(picture, "PNG")
    content_hash = _with_things(rooms, who, picture.getvalue())
    Thumbnails(thumbnails).get(content_hash, 256, picture.getvalue)
    [small] = thumbnails.rglob(f"{content_hash}*")
    return rooms.blobs.path(content_hash), small


def test_who_goes_while_a_worker_ends_a_request_waits_for_it(
    rooms: Rooms, http: TestClient
) -> None:
    ada = _sign_up(rooms, http)
    asked = [
        ada.post("/v1/generations", {"prompt": SECRET, "width": 64, "height": 64, "count": 1})
        for _ in range(2)
    ]
    last = UUID(max(one.json()["generation_id"] for one in asked))
    with rooms.database.connect() as worker, ThreadPoolExecutor() as pool:
        assert end_job(worker, last, "succeeded")
        going = pool.submit(_go, rooms, ada)
        time.sleep(0.5)
        held = holds_of(worker, [last])[last]
        post_hold(worker, held.hold_id, held.amount_microcredits)  # or they waited for each other
        worker.commit()
        going.result(PATIENCE_S)
    with rooms.database.connect() as connection:
        there = get_balance(connection, ada.account_id)
    assert there.held_microcredits == 0
    assert there.posted_microcredits == 100 * 10**6 - held.amount_microcredits


def test_what_is_asked_for_while_one_goes_is_not_taken_in(rooms: Rooms, http: TestClient) -> None:
    ada = _sign_up(rooms, http)
    studio = Studio(rooms.database, rooms.blobs, rooms.queue)
    with rooms.database.connect() as connection, ThreadPoolExecutor() as pool:
        delete(connection, ada.account_id, ada.account_id)
        asking = pool.submit(studio.submit, ada.account_id, SamplingParams(SECRET))
        time.sleep(0.5)
        assert not asking.done()
        connection.commit()
        with pytest.raises(NotFound, match=f"no person {ada.account_id}"):
            asking.result(PATIENCE_S)
    assert studio.jobs(ada.account_id, 10) == []


def _go(rooms: Rooms, someone: Someone) -> None:
    with rooms.database.begin() as connection:
        delete(connection, someone.account_id, someone.account_id)
