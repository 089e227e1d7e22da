"""Payments by Stripe: paid on its pages, told of by its webhooks."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.core.errors import InvalidRequest, PaymentUnavailable
from maquette.db.locks import hold
from maquette.db.tables.payments import payment as payments
from maquette.db.tables.payments import stripe_charge, stripe_event
from maquette.payments.catalog import Pack
from maquette.payments.store import Payment, add_payment, fail
from maquette.payments.stripe_client import StripeApi
from maquette.payments.stripe_events import HANDLERS, Told

TOLERANCE = timedelta(minutes=5)  # of a webhook's age, as Stripe advises


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
        return url

    def receive(self, connection: sa.Connection, proof: Webhook) -> Payment | None:
        """Does what a webhook tells of. None where it is known already, or nothing of ours.

        Raises InvalidRequest where it is not Stripe's, was altered, or is too old.
        """
        event = self._checked(connection, proof)
        hold(connection, "stripe")  # events are few, and none of them is to see half of another
        row = {"event_id": event["id"], "kind": event["type"]}
        seen = postgresql.insert(stripe_event).values(row).on_conflict_do_nothing()
        handler = HANDLERS.get(event["type"])
        if not connection.execute(seen).rowcount or handler is None:
            return None
        return handler(connection, event["data"]["object"])

    def give_back(self, connection: sa.Connection, payment: Payment) -> bool:
        """Has Stripe send the money back, which tells when that is done. Raises InvalidRequest,
        PaymentUnavailable.
        """
        of_payment = stripe_charge.c.reference == payment.reference
        query = sa.select(stripe_charge.c.payment_intent).where(of_payment)
        intent = connection.execute(query).scalars().first()
        if intent is None:
            raise InvalidRequest(
                f"Stripe has not said which charge payment {payment.payment_id} is; refund it in "
                "Stripe's dashboard"
            )
        self._api.refund(payment.payment_id, intent)
        return True

    def _checked(self, connection: sa.Connection, proof: Webhook) -> Told:
        from stripe import SignatureVerificationError, WebhookSignature

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
        return json.loads(proof.body)
