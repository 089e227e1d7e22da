"""Someone whose plan Stripe is paid for, and what Stripe tells of it."""

import time

import sqlalchemy as sa

from maquette.ledger.grants import get_grants
from maquette.payments.subscriptions import Subscription
from maquette.payments.terms import Terms
from maquette.service.payments import Payments
from tests.payments.stripe_server import MONTH_S, Json, StripeServer, event, signed

MILLION = 10**6
HOME = "https://studio.example"


class Customer:
    """Who has a plan at Stripe; what it tells is heard at once or kept to be heard."""

    def __init__(
        self, shop: Payments, stripe: StripeServer, account_id: str = "ada", plan_id: str = "sketch"
    ) -> None:
        self.shop, self.stripe, self.account_id = shop, stripe, account_id
        self.start_s = int(time.time()) - 60
        self.told: list[Json] = []
        self.sub = stripe.subscribed(shop.plans.sell(account_id, plan_id, HOME), self.start_s)

    def tell(self, kind: str, thing: Json, hear: bool = True) -> Json:
        told = event(kind, dict(thing), f"evt_{self.sub['id']}_{len(self.told)}")
        self.told.append(told)
        if hear:
            self.hear(told)
        return told

    def hear(self, *told: Json) -> None:
        for one in told:
            webhook = signed(one)
            self.shop.hear_stripe(webhook.body, webhook.signature)

    def pay(
        self,
        reason: str,
        cents: int,
        after_s: int = 0,
        hear: bool = True,
        subtotal: int | None = None,
    ) -> Json:
        """An invoice that is paid: `subtotal` where a part is, or all of it, by other means."""
        invoice = self.stripe.invoice(self.sub, reason, cents, self.start_s + after_s, subtotal)
        self.tell("invoice.paid", invoice, hear)
        return invoice

    def upgrade(self, plan_id: str, before_id: str) -> None:
        """Has Stripe change the plan, as the studio asks it to."""
        plan, before = (self.shop.catalog.plan(one) for one in (plan_id, before_id))
        metadata = Terms.of(self.account_id, plan, before).metadata()
        self.stripe.api().change_plan(self.sub["id"], plan, metadata, pay_now=True)

    def draft(self) -> Json:
        """The invoice of the next month, an hour before it is final: what it asks for is fixed."""
        after_s = self.next_month()
        cents = int(self.stripe.objects[self.sub["items"]["data"][0]["price"]["id"]]["unit_amount"])
        return self.stripe.invoice(self.sub, "subscription_cycle", cents, self.start_s + after_s)

    def finalise(self, draft: Json) -> None:
        """It takes a copy of what is promised by now, and is paid."""
        details = draft["parent"]["subscription_details"]
        details["metadata"] = dict(self.sub["metadata"])
        self.tell("invoice.paid", draft)

    def next_month(self) -> int:
        """Seconds from the start to the month that begins."""
        [item] = self.sub["items"]["data"]
        began_s = item["current_period_end"]
        item["current_period_end"] += MONTH_S
        return began_s - self.start_s

    def has(self) -> Subscription | None:
        return self.shop.plans.current(self.account_id)


def expiries(database: sa.Engine, account_id: str = "ada") -> list[tuple[int, int]]:
    """Credits and seconds at which they end, of each grant."""
    with database.connect() as connection:
        grants = get_grants(connection, account_id)
    return [
        (one.amount_microcredits // MILLION, int(one.expires_at.timestamp()))
        for one in grants
        if one.expires_at
    ]
