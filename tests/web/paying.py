"""What Stripe's own pages would do, and tell the studio of: plans taken, owed and ended."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route

from maquette.payments.catalog import Plan
from maquette.payments.stripe_payments import Webhook
from tests.payments.stripe_server import Json, StripeServer, event, signed
from tests.web.door import Door


def hear(door: Door, told: Webhook) -> None:
    door.site.app.state.payments.hear_stripe(told.body, told.signature)


def subscribes(page: Page, stripe: StripeServer, tell: Callable[[Webhook], None]) -> None:
    """Likewise for a plan: Stripe tells of its first invoice, which is paid."""
    start_s = int(time.time()) - 60

    def pay(route: Route) -> None:
        subscription = stripe.subscribed(route.request.url, start_s)
        invoice = stripe.invoice(subscription, "subscription_create", 900, start_s)
        tell(signed(event("invoice.paid", invoice, f"evt_{invoice['id']}")))
        back = stripe.objects[route.request.url.rpartition("/")[2]]["success_url"]
        route.fulfill(status=303, headers={"Location": back})

    page.route("https://checkout.stripe.com/**", pay)


def plans_of(door: Door) -> list[Plan]:
    """The dearest first."""
    return sorted(door.site.app.state.payments.catalog.plans, key=lambda p: -p.price_cents)


def newest_subscription(stripe: StripeServer) -> Json:
    return [one for one in stripe.objects.values() if one["object"] == "subscription"][-1]


def toasts(page: Page) -> Locator:
    return page.locator(".toasts")


def becomes(door: Door, stripe: StripeServer, status: str) -> None:
    """Stripe tells how the newest subscription is."""
    changed = newest_subscription(stripe) | {"status": status}
    stripe.objects[changed["id"]] = changed
    name = f"evt_{changed['id']}_{status}"
    hear(door, signed(event("customer.subscription.updated", changed, name)))
