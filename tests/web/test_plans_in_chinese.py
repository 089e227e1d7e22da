"""The plan page in Chinese: one that runs, one that is to change, one that ends, one not paid."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.payments.stripe_server import StripeServer
from tests.web.conftest import Site
from tests.web.door import Door, closed
from tests.web.paying import becomes, hear, plans_of, subscribes, toasts

DAY = r"(\d+年)?\d+月\d+日"


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


def _no_english(page: Page) -> None:
    """But for names: of plans, packs and money."""
    said = page.get_by_role("main").inner_text()
    assert not re.search(r"[a-z]+ [a-z]+", said), said


def _with_plan(door: Door, stripe: StripeServer) -> Page:
    page = door.enter("Ola", "buy", locale="zh-CN")
    subscribes(page, stripe, partial(hear, door))
    page.get_by_role("button", name=f"订阅 {plans_of(door)[0].name}").click()
    expect(page.locator(".current")).to_contain_text(f"您的套餐是 {plans_of(door)[0].name}。")
    return page


def test_a_plan_runs_changes_and_ends(door: Door, stripe: StripeServer) -> None:
    dear, cheap = plans_of(door)[:2]
    door.add("Ola", credits=1)
    page = _with_plan(door, stripe)
    current = page.locator(".current")
    expect(current).to_contain_text(re.compile(f"将于 ?{DAY}续订"))
    _no_english(page)
    change = page.get_by_role("button", name=f"换成 {cheap.name}")
    change.click()
    expect(page.get_by_text("从下一期起更换？")).to_be_visible()
    _no_english(page)
    change.click()
    expect(current).to_contain_text(re.compile(f"从 ?{DAY}起换成 {cheap.name}"))
    expect(toasts(page)).to_contain_text(re.compile(f"从 ?{DAY}起换成 {cheap.name}"))
    page.get_by_role("button", name=f"保留 {dear.name}").click()
    expect(toasts(page)).to_contain_text(f"{dear.name} 保持不变。")
    page.get_by_role("button", name="取消套餐").click()
    asked = page.get_by_role("group", name=re.compile(f"取消 {dear.name}？可用到 ?{DAY}"))
    asked.get_by_role("button", name="取消套餐").click()
    expect(current).to_contain_text(re.compile(f"将于 ?{DAY}结束"))
    expect(page.get_by_role("button", name="更换银行卡")).to_have_count(0)
    _no_english(page)
    page.get_by_role("button", name="继续使用").click()
    expect(current).to_contain_text(re.compile(f"将于 ?{DAY}续订"))
    page.context.close()


@pytest.mark.parametrize("owes", [False, True])
def test_the_card_is_changed_on_a_page_of_stripe(
    door: Door, stripe: StripeServer, owes: bool
) -> None:
    door.add("Ola", credits=1)
    page = _with_plan(door, stripe)
    if owes:
        becomes(door, stripe, "past_due")
        page.reload()
        expect(page.get_by_text("上次付款失败，将再次尝试。")).to_be_visible()
        _no_english(page)

    def come_back(route: Route) -> None:
        session = stripe.objects[route.request.url.rpartition("/")[2]]
        route.fulfill(status=303, headers={"Location": session["return_url"]})

    page.route("https://billing.stripe.com/**", come_back)
    with page.expect_request("https://billing.stripe.com/**"):
        page.get_by_role("button", name="付款或更换银行卡" if owes else "更换银行卡").click()
    expect(page.get_by_role("heading", name="获取点数")).to_be_visible()
    page.context.close()
