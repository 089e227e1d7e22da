"""Payments by Stripe: paid on its pages, told of by its webhooks."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.core.errors import InvalidRequest, PaymentRefused, PaymentUnavailable
from maquette.db.locks import lock_name
from maquette.db.tables.payments import payment as payments
from maquette.db.tables.payments import stripe_charge, stripe_event
from maquette.payments.catalog import Pack, Plan
from maquette.payments.checkout_pages import add_page
from maquette.payments.store import Payment, add_payment, fail, refund_failed
from maquette.payments.stripe_client import StripeApi
from maquette.payments.stripe_events import HANDLERS, Told
from maquette.payments.stripe_subscriptions import (
    SUBSCRIPTION_HANDLERS,
    price_of,
    subscription_of,
)
from maquette.payments.subscriptions import Subscription
from maquette.payments.terms import Terms

TOLERANCE = timedelta(minutes=5)  # of a webhook's age, as Stripe advises

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """What came to the webhook's address: the body as it was sent, and the header that signs it."""

    body: bytes
    signature: str | None


class StripePayments:
    """Payments that Stripe takes."""

    name: Literal["stripe"] = "stripe"

    def __init__(self, api: StripeApi, webhook_secret: str) -> None:
        self._api, self._webhook_secret = api, webhook_secret

    def sell_pack(self, database: sa.Engine, account_id: str, pack: Pack, back_to: str) -> str:
        """The URL where a pack is paid. Raises PaymentUnavailable."""
        with database.begin() as connection:
            made = add_payment(
                connection,
                account_id,
                self.name,
                pack.name,
                pack.credits_microcredits,
                pack.price_cents,
                pack.currency,
                item_id=pack.pack_id,
            )
        try:
            session_id, url = self._api.sell_pack(made.payment_id, pack, back_to)
        except PaymentUnavailable:
            with database.begin() as connection:
                fail(connection, made)
            raise
        with database.begin() as connection:
            this = payments.c.payment_id == made.payment_id
            connection.execute(sa.update(payments).where(this).values(reference=session_id))
            add_page(connection, session_id, account_id)
        return url

    def sell_plan(self, database: sa.Engine, account_id: str, plan: Plan, back_to: str) -> str:
        """The URL where a plan is paid. Raises PaymentUnavailable."""
        metadata = Terms.of(account_id, plan).metadata()
        session_id, url = self._api.sell_plan(plan, metadata, back_to)
        with database.begin() as connection:
            add_page(connection, session_id, account_id)
        return url

    def close_page(self, session_id: str) -> None:
        """Has a page where something can be paid expire. Raises PaymentUnavailable, and
        PaymentRefused where it was paid or is over.
        """
        self._api.close_page(session_id)

    def change_plan(self, one: Subscription, plan: Plan, before: Plan | None = None) -> None:
        """Has Stripe ask for another plan from now on. With the plan `before` it is an upgrade: the
        difference for what is left of the month is paid at once, or nothing changes. Raises
        PaymentUnavailable.
        """
        metadata = Terms.of(one.account_id, plan, before).metadata()
        self._api.change_plan(str(one.reference), plan, metadata, pay_now=before is not None)

    def due_now(self, one: Subscription, plan: Plan) -> int:
        """What an upgrade to a plan would ask for at this moment. Raises PaymentUnavailable."""
        return self._api.due_now(str(one.reference), plan)

    def cancel(self, one: Subscription, cancels: bool) -> None:
        """Has it end with its period, or go on. Raises PaymentUnavailable."""
        self._api.cancel_at_end(str(one.reference), cancels)

    def portal(self, one: Subscription, back_to: str) -> str:
        """The URL where its card is changed and what is open is paid. Raises PaymentUnavailable."""
        return self._api.portal(str(one.reference), back_to)

    def end(self, one: Subscription) -> None:
        """Has it end now; nothing is paid any more. Raises PaymentUnavailable."""
        self._api.cancel_now(str(one.reference))

    def receive(self, connection: sa.Connection, proof: Webhook) -> Payment | None:
        """Does what a webhook tells of. None where it is known already, or nothing of ours.

        Raises InvalidRequest where it is not Stripe's, was altered, is too old, or of a version of
        Stripe's API that is not read here.
        """
        event = self._checked(connection, proof)
        kind, thing = event["type"], event["data"]["object"]
        row = {"event_id": event["id"], "kind": kind}
        new = postgresql.insert(stripe_event).values(row).on_conflict_do_nothing()
        if connection.execute(new.returning(stripe_event.c.event_id)).first() is None:
            return None
        about = subscription_of(kind, thing) if kind in SUBSCRIPTION_HANDLERS else None
        now_is: Told = {}
        sold: Told = {}
        if about is not None:
            lock_name(connection, f"stripe/{about}")  # or an older answer might be written last
            now_is = self._api.subscription(about)
            if (price := price_of(thing)) is not None:
                sold = self._api.terms_of(price)
        # Events are few, and none of them is to see half of another.
        lock_name(connection, "stripe")
        if about is not None:
            done = SUBSCRIPTION_HANDLERS[kind](connection, thing, now_is, sold)
        else:
            done = HANDLERS[kind](connection, thing) if kind in HANDLERS else None
        if kind == "invoice.paid" and done is None:
            log.warning("invoice %s was paid at Stripe and brings no credits here", thing["id"])
        return done

    def give_back(self, connection: sa.Connection, payment: Payment) -> bool:
        """Has Stripe send the money back, which tells when that is done; False where Stripe says
        that it went back before. Raises InvalidRequest, PaymentUnavailable, and PaymentRefused,
        which is counted in a transaction of its own.
        """
        of_payment = stripe_charge.c.reference == payment.reference
        query = sa.select(stripe_charge.c.payment_intent).where(of_payment)
        intent = connection.execute(query).scalars().first()
        if intent is None:
            raise InvalidRequest(
                f"Stripe has not said which charge payment {payment.payment_id} is; refund it in "
                "Stripe's dashboard"
            )
        try:
            sent = self._api.refund(payment.payment_id, intent, payment.failed_refunds)
            if not sent and payment.came_back_cents:  # Stripe may mean the one that came back
                raise PaymentRefused(
                    f"Stripe says that payment {payment.payment_id} was refunded, and money of "
                    "that came back; see its dashboard, and send it another way"
                )
        except PaymentRefused:
            with connection.engine.begin() as apart:
                refund_failed(apart, payment)
            raise
        return sent

    def _checked(self, connection: sa.Connection, proof: Webhook) -> Told:
        from stripe import (
            SignatureVerificationError,
            WebhookSignature,
            api_version,
            major_api_version,
        )

        try:
            WebhookSignature.verify_header(proof.body, proof.signature, self._webhook_secret)
        except (SignatureVerificationError, UnicodeDecodeError):
            raise InvalidRequest(
                "this webhook is not signed by Stripe; check stripe_webhook_secret"
            ) from None
        # The first time in the header is the one that was signed. By the database's clock, for the
        # library would take this machine's.
        parts = [part.partition("=") for part in (proof.signature or "").split(",")]
        signed_s = next(int(value) for name, _, value in parts if name == "t")
        now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        if now - datetime.fromtimestamp(signed_s, UTC) > TOLERANCE:
            raise InvalidRequest("this webhook was signed too long ago; Stripe sends it anew")
        event = json.loads(proof.body)
        version = str(event.get("api_version"))
        # What events look like changes with the name, not with the day. What cannot be read is
        # refused before it is written down as known, so that it counts when it is sent again.
        if version.rpartition(".")[2] != major_api_version:
            refused = InvalidRequest(
                f"this webhook is of Stripe's API version {version}; have its endpoint send "
                f"{api_version}"
            )
            log.error("%s", refused.message)
            raise refused
        return event
