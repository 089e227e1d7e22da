"""One's own pages: keys, teams, the second factor, and leaving."""

import re
from collections.abc import Iterator

import httpx2 as httpx
import pyotp
import pytest
from playwright.sync_api import Browser, expect

from maquette.payments.manual import TopUp
from tests.web.conftest import Site
from tests.web.door import CREDIT, PASSWORD, Door, closed


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


def test_a_key_is_shown_once_spends_and_is_revoked(door: Door) -> None:
    door.add("Mei")
    page = door.enter("Mei", "api-keys")
    expect(page.get_by_text("No keys yet.")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    expect(page.get_by_label("What is it for?")).to_be_focused()
    page.get_by_label("What is it for?").fill("Blog")
    page.get_by_label("Budget in credits").fill("5")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="Blog is ready")).to_be_visible()
    key = page.get_by_role("status").locator("code").inner_text()
    answer = httpx.post(
        f"{door.site.url}/v1/generations",
        json={"prompt": "a red boat", "num_inference_steps": 2},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 202, answer.text
    page.reload()
    expect(page.get_by_text(key)).to_have_count(0)
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("of 5 a month")
    row.get_by_role("button", name="Revoke").click()
    expect(row.get_by_role("button", name="Cancel")).to_be_focused()
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No keys yet.")).to_be_visible()
    gone = httpx.get(f"{door.site.url}/v1/balance", headers={"Authorization": f"Bearer {key}"})
    assert gone.status_code == 401
    page.context.close()


def test_a_team_is_made_and_pays(door: Door) -> None:
    mei = door.add("Mei")
    page = door.enter("Mei", "team")
    page.get_by_label("Team name").fill("Studio North")
    page.get_by_role("button", name="Create team").click()
    expect(page.get_by_role("heading", name="Studio North")).to_be_visible()
    page.get_by_role("radio", name="Studio North").check()
    balance = page.locator(".account .amounts b")
    expect(balance).to_have_text("0.00")
    payments = door.site.app.state.payments
    payments.top_up(TopUp("boss", mei, CREDIT, "a gift"))  # of which her stream tells
    page.wait_for_timeout(500)
    expect(balance).to_have_text("0.00")
    page.get_by_role("button", name=re.compile("Monthly limit of Mei")).click()
    page.get_by_label("Monthly limit of Mei").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=re.compile("of 20"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="Studio North")).to_be_checked()
    page.get_by_role("radio", name="My own credits").check()
    expect(balance).to_have_text("101.00")
    page.context.close()


def test_a_second_factor_is_set_up_asked_for_and_removed(door: Door) -> None:
    door.add("Mei")
    page = door.enter("Mei", "account")
    page.get_by_role("button", name="Set up").click()
    asked = page.get_by_role("form", name="Set up")
    password = asked.get_by_label("Password", exact=True)
    password.fill("it was something else")
    asked.get_by_role("button", name="Set up").click()
    expect(password).to_have_accessible_description(re.compile("current password"))
    door.site.errors.clear()  # the browser's own word of the refusal
    password.fill(PASSWORD)
    asked.get_by_role("button", name="Set up").click()
    picture = page.get_by_role("img", name="A QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    secret = page.get_by_label("Key", exact=True).inner_text()
    page.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    codes = page.get_by_label("Recovery codes").inner_text().split()
    assert len(codes) >= 8
    page.get_by_role("button", name="I’ve kept them").click()
    other = door.visit()
    other.get_by_label("E-mail").fill(door.email("Mei"))
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_label("Code")).to_be_focused()
    other.get_by_label("Code").fill(codes[0])
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name="Create")).to_be_visible()
    page.get_by_role("button", name="Turn off").click()
    form = page.get_by_role("form", name="Turn off")
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()
    for one in (page, other):
        one.context.close()


def test_leaving_takes_ones_data_along_and_is_meant(door: Door) -> None:
    door.add("Mei")
    page = door.enter("Mei", "account")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download my data").click()
    assert downloading.value.suggested_filename.endswith(".zip")
    page.get_by_role("button", name="Delete my account").click()
    gone = page.get_by_role("button", name="Delete for good")
    expect(gone).to_be_disabled()
    page.get_by_label(f"To confirm, type {door.email('Mei')}").fill(door.email("Mei"))
    page.get_by_role("form", name="Delete my account").get_by_label("Password", exact=True).fill(
        PASSWORD
    )
    gone.click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail").fill(door.email("Mei"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.context.close()
