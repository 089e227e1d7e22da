"""A pack that is bought on Stripe's page, and what Stripe tells of its payment."""

from maquette.payments.store import Payment
from maquette.service.payments import Payments
from tests.payments.stripe_server import Json, StripeServer, signed

CREDITS = 1_000 * 10**6  # of the pack that is bought
REFUND = "charge.refunded"
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
BUYER = {
    "name": "王小明",
    "email": "ming@example.org",
    "address": {"line1": "1 Main St", "city": "Ghent", "postal_code": "9000", "country": "BE"},
}


def buy(shop: Payments, stripe: StripeServer, account_id: str = "ada") -> Json:
    """A Checkout session for a pack, as Stripe has it when it was paid."""
    url = shop.sell_pack(account_id, "pack-1000", "https://studio.example")
    session = stripe.objects[url.rpartition("/")[2]]
    return session | {
        "payment_status": "paid",
        "payment_intent": f"pi_{session['id']}",
        "customer_details": BUYER,
        "amount_total": 1000,
        "currency": "usd",
    }


def charge_of(session: Json, refunded: int) -> Json:
    return {
        "id": f"ch_{session['id']}",
        "object": "charge",
        "payment_intent": session["payment_intent"],
        "amount": 1000,
        "amount_refunded": refunded,
    }


def dispute_of(session: Json) -> Json:
    return {"id": f"dp_{session['id']}", "payment_intent": session["payment_intent"]}


def hear(shop: Payments, *told: Json) -> None:
    for one in told:
        webhook = signed(one)
        shop.hear_stripe(webhook.body, webhook.signature)


def only(shop: Payments) -> Payment:
    [one] = shop.payments(10)
    return one
