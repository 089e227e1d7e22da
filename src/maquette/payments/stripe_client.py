"""What Stripe is asked for, by its own library, which only a studio with a key needs."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from maquette.core.errors import (
    InvalidSettings,
    PaymentRefused,
    PaymentUnavailable,
    first_line,
)
from maquette.payments.catalog import Pack, Plan
from maquette.payments.terms import terms_of_price

PATIENCE_S, RETRIES = 20, 2
ALREADY_REFUNDED = "charge_already_refunded"  # as Stripe says of a charge that is, as a whole


class StripeApi:
    """The few calls that payments need. All raise PaymentUnavailable where Stripe does not answer,
    PaymentRefused where it says no. However often the library tries a call, it acts once; a call
    that has a key of idempotency of ours does so even if it is made again within a day.
    """

    def __init__(self, key: str, address: str | None = None) -> None:
        """Raises InvalidSettings where the library is missing."""
        try:
            from stripe import RequestsClient, StripeClient
        except ModuleNotFoundError:
            raise InvalidSettings(
                "stripe_key is given and Stripe's library is missing; run: pip install "
                "'maquette[stripe]'"
            ) from None
        self._client = StripeClient(
            key,
            base_addresses={"api": address} if address else None,
            http_client=RequestsClient(timeout=PATIENCE_S),
            max_network_retries=RETRIES,
        )

    def sell_pack(self, payment_id: UUID, pack: Pack, back_to: str) -> tuple[str, str]:
        """The id of a Checkout session where a pack is paid, and its URL."""
        with _told():
            made = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": str(payment_id),
                    "metadata": {"payment_id": str(payment_id)},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": pack.currency,
                                "unit_amount": pack.price_cents,
                                "product_data": {"name": pack.name},
                            },
                        }
                    ],
                    "success_url": f"{back_to}/?checkout=done",
                    "cancel_url": f"{back_to}/?checkout=left",
                },
                {"idempotency_key": f"checkout/{payment_id}"},
            )
        assert made.url is not None  # of a session that was just made, to be shown by Stripe
        return made.id, made.url

    def sell_plan(self, plan: Plan, metadata: dict[str, str], back_to: str) -> tuple[str, str]:
        """The id of a Checkout session where a plan is begun, and its URL."""
        with _told():
            made = self._client.v1.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "client_reference_id": metadata["account_id"],
                    "line_items": [{"quantity": 1, "price": self._price(plan)}],
                    "subscription_data": {"metadata": metadata},
                    "success_url": f"{back_to}/?checkout=done",
                    "cancel_url": f"{back_to}/?checkout=left",
                }
            )
        assert made.url is not None
        return made.id, made.url

    def close_page(self, session_id: str) -> None:
        """Has a Checkout session expire. Raises PaymentRefused where it is not open any more."""
        with _told():
            self._client.v1.checkout.sessions.expire(session_id)

    def subscription(self, reference: str) -> Mapping[str, Any]:
        """How a subscription is by now."""
        with _told():
            return self._client.v1.subscriptions.retrieve(reference).to_dict()

    def terms_of(self, price: str) -> Mapping[str, Any]:
        """What each month of a price brings, as `terms` has it."""
        with _told():
            return self._client.v1.prices.retrieve(price).to_dict()["metadata"]

    def change_plan(
        self, reference: str, plan: Plan, metadata: dict[str, str], pay_now: bool
    ) -> None:
        """Another price from now on, the difference paid at once or not at all."""
        with _told():
            [item] = self.subscription(reference)["items"]["data"]
            self._client.v1.subscriptions.update(
                reference,
                {
                    "items": [{"id": item["id"], "price": self._price(plan)}],
                    "metadata": metadata,
                    "proration_behavior": "always_invoice" if pay_now else "none",
                    "payment_behavior": "error_if_incomplete",
                },
            )

    def due_now(self, reference: str, plan: Plan) -> int:
        """What such a change would ask for at this moment, in the smallest unit of its money."""
        with _told():
            [item] = self.subscription(reference)["items"]["data"]
            invoice = self._client.v1.invoices.create_preview(
                {
                    "subscription": reference,
                    "subscription_details": {
                        "items": [{"id": item["id"], "price": self._price(plan)}],
                        "proration_behavior": "always_invoice",
                    },
                }
            )
        return invoice.amount_due

    def cancel_at_end(self, reference: str, cancels: bool) -> None:
        """Whether it ends with its period."""
        with _told():
            self._client.v1.subscriptions.update(reference, {"cancel_at_period_end": cancels})

    def cancel_now(self, reference: str) -> None:
        """It ends; one that has ended, or is gone, stays so."""
        if self.subscription(reference)["status"] not in ("canceled", "incomplete_expired"):
            with _told():
                self._client.v1.subscriptions.cancel(reference)

    def portal(self, reference: str, back_to: str) -> str:
        """The URL of Stripe's page for whoever pays a subscription: its card, and what is open."""
        customer = self.subscription(reference)["customer"]
        with _told():
            made = self._client.v1.billing_portal.sessions.create(
                {"customer": customer, "return_url": back_to}
            )
        return made.url

    def _price(self, plan: Plan) -> str:
        """The price of a plan in Stripe, made when it is first needed; where it costs or brings
        something else, another.
        """
        rolls = "/rolls-over" if plan.rolls_over else ""
        brings = f"{plan.monthly_microcredits}{rolls}"
        name = f"maquette/{plan.plan_id}/{plan.currency}/{plan.price_cents}/{brings}"
        found = self._client.v1.prices.list({"lookup_keys": [name], "active": True})
        if found.data:
            return found.data[0].id
        made = self._client.v1.prices.create(
            {
                "lookup_key": name,
                "currency": plan.currency,
                "unit_amount": plan.price_cents,
                "recurring": {"interval": "month"},
                "product_data": {"name": plan.name},
                "metadata": terms_of_price(plan),
            },
            {"idempotency_key": name},
        )
        return made.id

    def refund(self, payment_id: UUID, payment_intent: str, failed: int) -> bool:
        """Sends the rest of the money back, after so many refunds that came to nothing: to the same
        key Stripe would give the same answer for a day. False where all of it went back before.
        """
        from stripe import InvalidRequestError

        with _told():
            try:
                self._client.v1.refunds.create(
                    {
                        "payment_intent": payment_intent,
                        "reason": "requested_by_customer",
                        "metadata": {"payment_id": str(payment_id)},
                    },
                    {"idempotency_key": f"refund/{payment_id}/{failed}"},
                )
            except InvalidRequestError as error:
                if error.code != ALREADY_REFUNDED:
                    raise
                return False
        return True


@contextmanager
def _told() -> Generator[None]:
    from stripe import CardError, InvalidRequestError, StripeError

    try:
        yield
    except StripeError as error:
        why = error.user_message or first_line(error)
        if isinstance(error, (CardError, InvalidRequestError)):
            raise PaymentRefused(f"Stripe refuses: {why}; put that right and try again") from None
        raise PaymentUnavailable(f"Stripe did not do it: {why}; try again later") from None
