"""Getting credits: packs paid on Stripe's page, codes, and what an operator sees of both."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from maquette.payments.catalog import Plan
from maquette.payments.manual_plans import PaidByHand
from maquette.payments.stripe_payments import Webhook
from maquette.people.teams import add_member
from maquette.service.teams import choose_payer, found_team
from tests.payments.stripe_server import (
    StripeServer,
    event,
    signed,
)
from tests.web.conftest import Site
from tests.web.door import Door, closed
from tests.web.paying import becomes, hear, newest_subscription, plans_of, subscribes, toasts


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


def _pays(page: Page, door: Door, stripe: StripeServer) -> None:
    """Stripe's own page: whoever comes to it pays at once and is sent back."""

    def pay(route: Route) -> None:
        session = stripe.objects[route.request.url.rpartition("/")[2]]
        amount = int(session["line_items"]["0"]["price_data"]["unit_amount"])
        paid = session | {
            "payment_status": "paid",
            "payment_intent": f"pi_{session['id']}",
            "customer_details": {"email": "ola@example.org", "name": "Ola", "address": None},
            "amount_total": amount,
            "currency": "usd",
        }
        told = signed(event("checkout.session.completed", paid, f"evt_{session['id']}"))
        door.site.app.state.payments.hear_stripe(told.body, told.signature)
        route.fulfill(status=303, headers={"Location": session["success_url"]})

    page.route("https://checkout.stripe.com/**", pay)


def test_a_pack_is_paid_elsewhere_and_its_credits_are_there(
    door: Door, stripe: StripeServer
) -> None:
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    _pays(page, door, stripe)
    page.get_by_role("list").get_by_role("button", name="Buy").first.click()
    expect(page.get_by_role("status").get_by_text("Thank you.")).to_be_visible()
    expect(page).to_have_title("Get credits · Maquette")
    expect(page.locator(".account .amounts b")).not_to_have_text("1.00")
    page.get_by_role("link", name="Credits", exact=True).click()
    expect(page.get_by_text("Bought")).to_be_visible()
    page.context.close()


def test_what_was_paid_has_an_invoice(door: Door, stripe: StripeServer) -> None:
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    expect(page.get_by_role("list").get_by_role("button", name="Buy").first).to_be_visible()
    expect(page.get_by_role("heading", name="Invoices")).to_have_count(0)
    _pays(page, door, stripe)
    pack = door.site.app.state.payments.catalog.packs[0]
    page.get_by_role("button", name=f"Buy {pack.name}", exact=True).click()
    row = page.get_by_role("table", name="Invoices").get_by_role("row").nth(1)
    expect(row).to_contain_text(pack.name)
    expect(row).to_contain_text(f"US${pack.price_cents / 100:.2f}")
    link = row.get_by_role("link", name=re.compile(r"^Invoice \d{4}-\d{6} as PDF$"))
    answer = page.request.get(door.site.url + str(link.get_attribute("href")))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.body().startswith(b"%PDF")
    door.add("Eve")
    stranger = door.enter("Eve", "buy")
    expect(stranger.get_by_role("heading", name="Redeem a code")).to_be_visible()
    expect(stranger.get_by_role("table", name="Invoices")).to_have_count(0)
    refused = stranger.request.get(answer.url)
    assert refused.status == 404
    for one in (page, stranger):
        one.context.close()


def test_a_plan_is_taken_ended_kept_and_changed(door: Door, stripe: StripeServer) -> None:
    dear, cheap = plans_of(door)[:2]
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    subscribes(page, stripe, partial(hear, door))
    page.get_by_role("button", name=f"Subscribe to {dear.name}").click()
    expect(page.get_by_role("status").get_by_text("Thank you.")).to_be_visible()
    expect(page.get_by_text(f"Your plan is {dear.name}.")).to_be_visible()
    expect(page.locator(".account .amounts b")).not_to_have_text("1.00")
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_role("group", name=f"Cancel {dear.name}").get_by_role(
        "button", name="Cancel plan"
    ).click()
    expect(page.get_by_text(re.compile(r"It ends on \d+ \w+ \d+\."))).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text(re.compile("It renews on"))).to_be_visible()
    change = page.get_by_role("button", name=f"Change to {cheap.name}")
    change.click()
    expect(page.get_by_text("Change with the next month?")).to_be_visible()
    change.click()
    outlook = page.locator(".current")
    expect(outlook).to_contain_text(re.compile(f"From .* it is {cheap.name}"))
    expect(toasts(page)).to_contain_text(re.compile(f"From .* it is {cheap.name}"))
    expect(page.get_by_role("button", name="Change to")).to_have_count(0)
    page.get_by_role("button", name=f"Keep {dear.name}").click()
    expect(toasts(page)).to_contain_text(f"It stays {dear.name}.")
    expect(outlook).to_contain_text("It renews on")
    expect(page.get_by_role("button", name=f"Keep {dear.name}")).to_have_count(0)
    expect(change).to_be_visible()
    page.context.close()


def test_a_plan_that_is_told_of_late_shows_when_it_comes(door: Door, stripe: StripeServer) -> None:
    """Stripe's webhook comes after the redirect, as it usually does."""
    plan, late = plans_of(door)[0], list[Webhook]()
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    subscribes(page, stripe, late.append)
    subscribe = page.get_by_role("button", name=f"Subscribe to {plan.name}")
    subscribe.click()
    expect(page.get_by_role("status").get_by_text("Thank you.")).to_be_visible()
    expect(subscribe).to_be_visible()
    hear(door, late[0])
    expect(page.get_by_text(f"Your plan is {plan.name}.")).to_be_visible()
    expect(page.get_by_role("button", name="Subscribe to")).to_have_count(0)
    page.context.close()


def test_a_plan_above_is_there_when_it_is_paid(door: Door, stripe: StripeServer) -> None:
    above, below = plans_of(door)[:2]
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    subscribes(page, stripe, partial(hear, door))
    page.get_by_role("button", name=f"Subscribe to {below.name}").click()
    expect(page.get_by_text(f"Your plan is {below.name}.")).to_be_visible()
    change = page.get_by_role("button", name=f"Change to {above.name}")
    change.click()
    asked = page.get_by_text(re.compile(r"US\$\d+\.\d\d is charged now, for the rest of the month"))
    expect(asked).to_be_visible()
    change.click()
    waits = f"It is {above.name} as soon as the payment is confirmed."
    expect(toasts(page)).to_contain_text(waits)
    expect(page.locator(".current")).to_contain_text(waits)
    expect(page.get_by_role("button", name=f"Keep {below.name}")).to_have_count(0)
    changed = newest_subscription(stripe)
    invoice = stripe.invoice(changed, "subscription_update", 500, int(time.time()))
    hear(door, signed(event("invoice.paid", invoice, f"evt_{invoice['id']}")))
    expect(page.get_by_text(f"Your plan is {above.name}.")).to_be_visible()
    page.context.close()


def _owes(page: Page, door: Door, stripe: StripeServer, plan: Plan) -> None:
    """Takes a plan whose next month is not paid."""
    subscribes(page, stripe, partial(hear, door))
    page.get_by_role("button", name=f"Subscribe to {plan.name}").click()
    expect(page.get_by_text(f"Your plan is {plan.name}.")).to_be_visible()
    becomes(door, stripe, "past_due")
    page.reload()
    expect(page.get_by_text("The last payment failed; it will be tried again.")).to_be_visible()


def test_what_is_not_paid_leads_to_where_it_can_be(door: Door, stripe: StripeServer) -> None:
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    _owes(page, door, stripe, plans_of(door)[0])

    def pay(route: Route) -> None:
        session = stripe.objects[route.request.url.rpartition("/")[2]]
        becomes(door, stripe, "active")
        route.fulfill(status=303, headers={"Location": session["return_url"]})

    page.route("https://billing.stripe.com/**", pay)
    page.get_by_role("button", name="Pay or change the card").click()
    expect(page.get_by_role("button", name="Pay or change the card")).to_have_count(0)
    expect(page.locator(".current")).to_contain_text("It renews on")
    expect(page.get_by_text("The last payment failed")).to_have_count(0)
    page.context.close()


def test_what_an_operator_did_not_renew_is_paid_by_no_card(
    door: Door, stripe: StripeServer
) -> None:
    plans = door.site.app.state.payments.plans
    ola = door.add("Ola")
    begun = plans.start_by_hand(PaidByHand("boss", ola, "a transfer"), "studio")
    plans.sweep(begun.period_end + timedelta(days=1))
    page = door.enter("Ola", "buy")
    expect(page.get_by_text("Its month is over and the next is not paid")).to_be_visible()
    expect(page.locator(".current")).not_to_contain_text("It renews")
    expect(page.get_by_role("button", name="Pay or change the card")).to_have_count(0)
    page.context.close()


def test_what_is_not_paid_ends_at_once(door: Door, stripe: StripeServer) -> None:
    plan = plans_of(door)[0]
    door.add("Ola", credits=1)
    page = door.enter("Ola", "buy")
    _owes(page, door, stripe, plan)
    expect(page.get_by_role("button", name="Change to")).to_have_count(0)
    page.get_by_role("button", name="Cancel plan").click()
    asked = page.get_by_role("group", name=f"Cancel {plan.name}? It ends at once.")
    asked.get_by_role("button", name="Cancel plan").click()
    expect(toasts(page)).to_contain_text(f"{plan.name} has ended.")
    expect(page.get_by_role("button", name=f"Subscribe to {plan.name}")).to_be_visible()
    page.context.close()


def test_a_team_plan_is_its_owners_to_choose(door: Door, stripe: StripeServer) -> None:
    """Others of the team see which it is, and may buy it credits."""
    database, payments = door.site.app.state.database, door.site.app.state.payments
    ola, kim = door.add("Ola"), door.add("Kim")
    with database.begin() as connection:
        team = found_team(connection, "Tea house", ola)
        add_member(connection, team.team_id, kim)
        for one in (ola, kim):
            choose_payer(connection, one, team.account_id)
    payments.plans.start_by_hand(PaidByHand("boss", team.account_id, "a transfer"), "studio")
    owner, other = door.enter("Ola", "buy"), door.enter("Kim", "buy")
    for page in (owner, other):
        expect(page.get_by_text("Your plan is Studio.")).to_be_visible()
        expect(page.get_by_role("list").get_by_role("button", name="Buy").first).to_be_visible()
    expect(other.get_by_text("Your team’s owners choose the plan.")).to_be_visible()
    for name in ("Cancel plan", "Change to"):
        expect(owner.get_by_role("button", name=name).first).to_be_visible()
        expect(other.get_by_role("button", name=name)).to_have_count(0)
    expect(owner.get_by_role("table", name="Invoices")).to_contain_text("Studio")
    expect(other.get_by_role("heading", name="Invoices")).to_have_count(0)
    for page in (owner, other):
        page.context.close()


def test_codes_bring_credits_and_payments_are_listed_and_refunded(door: Door) -> None:
    door.add("Ada", "admin")
    admin = door.enter("Ada", "operator/revenue")
    admin.get_by_label("Credits each").fill("7")
    admin.get_by_role("button", name="Make codes").click()
    code = admin.get_by_label("Codes", exact=True).inner_text()
    door.add("Ola", credits=1)
    theirs = door.enter("Ola", "buy")
    theirs.get_by_role("textbox", name="Code").fill("no such code")
    theirs.get_by_role("button", name="Redeem").click()
    expect(theirs.get_by_role("alert")).to_contain_text("there is no such code")
    door.site.errors.clear()  # the browser's own word of the refusal
    theirs.get_by_role("textbox", name="Code").fill(code)
    theirs.get_by_role("button", name="Redeem").click()
    expect(theirs.get_by_text("7.00 credits received.")).to_be_visible()
    balance = theirs.locator(".account .amounts b")
    expect(balance).to_have_text("8.00")
    admin.reload()
    row = admin.get_by_role("table", name="Payments").get_by_role("row").nth(1)
    expect(row).to_contain_text("Codes")
    row.get_by_role("button", name="Refund").click()
    row.get_by_label("Reason").fill("given by mistake")
    row.get_by_role("button", name="Refund", exact=True).click()
    expect(row).to_contain_text("Refunded")
    expect(balance).to_have_text("1.00")
    for page in (admin, theirs):
        page.context.close()


def test_where_nothing_is_sold_only_codes_are_taken(door: Door) -> None:
    door.add("Ola")
    page = door.enter("Ola", "buy")
    expect(page.get_by_role("heading", name="Redeem a code")).to_be_visible()
    expect(page.get_by_role("button", name="Buy")).to_have_count(0)
    page.context.close()
