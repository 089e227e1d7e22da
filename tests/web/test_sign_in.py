"""Coming in: who is not signed in sees nothing but the door, and comes to where they wanted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from maquette.people.emails import read_email
from maquette.people.mail_tokens import Purpose, issue_token
from tests.web.conftest import Site, can_be_used_by_all, open_menu
from tests.web.door import PASSWORD, Door, closed


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


def test_the_owner_at_the_machine_never_sees_it(site: Site, page: Page) -> None:
    site.app.dependency_overrides.clear()
    page.reload()
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    open_menu(page)
    expect(page.get_by_text("Owner of this studio")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_signing_in_and_out(door: Door) -> None:
    door.add("Mei")
    page = door.visit()
    expect(page).to_have_title("Sign in · Maquette")
    expect(page.get_by_label("E-mail")).to_have_attribute("autocomplete", "username")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("autocomplete", "current-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("E-mail")).to_have_accessible_description("Please fill this in.")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_label("E-mail").fill(door.email("Mei"))
    password.fill("three kettles and a goose")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    password.press("Enter")
    expect(password).to_have_accessible_description(re.compile("do not go together"))
    password.fill(PASSWORD)
    password.press("Enter")
    expect(page.get_by_role("button", name="Account: 100.00 credits")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill("something private")
    open_menu(page)
    expect(
        page.get_by_role("navigation", name="Account").get_by_text("Mei", exact=True)
    ).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    kept = page.evaluate("Object.values(localStorage).join()")
    assert "private" not in kept
    page.goto(door.site.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.context.close()


def test_who_signs_in_comes_to_where_they_wanted(door: Door) -> None:
    door.add("Mei")
    page = door.enter("Mei", "credits")
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    page.context.close()


def test_a_session_that_is_over_is_seen_at_once(door: Door) -> None:
    door.add("Mei")
    page = door.enter("Mei")
    page.get_by_label("Prompt", exact=True).fill("a red boat")
    page.context.clear_cookies()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.context.close()


def test_signing_up(door: Door) -> None:
    page = door.visit()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill("Ola")
    page.get_by_label("E-mail").fill(door.email("Ola"))
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("autocomplete", "new-password")
    password.fill("short")
    page.get_by_role("button", name="Create an account").click()
    expect(password).to_have_accessible_description(re.compile("Use at least 10 characters"))
    password.fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    expect(page.get_by_text(door.email("Ola"))).to_be_visible()
    page.get_by_role("button", name="Go to the studio").click()
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    expect(page.get_by_role("button", name="Account: 0.00 credits")).to_be_visible()
    page.context.close()


def test_it_is_in_chinese_too(door: Door) -> None:
    page = door.visit(locale="zh-CN")
    page.get_by_label("邮箱").fill("nobody@example.org")
    page.get_by_label("密码", exact=True).fill("not the password")
    page.get_by_role("button", name="登录").click()
    described = page.get_by_label("密码", exact=True)
    expect(described).to_have_accessible_description(re.compile("[\u4e00-\u9fff]"))
    page.context.close()


def test_two_people_in_one_browser_see_nothing_of_each_other(door: Door) -> None:
    for name in ("Mei", "Ola"):
        door.add(name)
    page = door.enter("Mei")
    page.get_by_label("Prompt", exact=True).fill("the boat of Mei")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="the boat of Mei")).to_be_visible()
    open_menu(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail").fill(door.email("Ola"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What would you like to make?")).to_be_visible()
    expect(page.get_by_text("the boat of Mei")).to_have_count(0)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("")
    page.context.close()


def test_name_password_and_other_browsers(door: Door) -> None:
    door.add("Mei")
    other = door.enter("Mei")
    page = door.enter("Mei", "account")
    page.get_by_label("Name").fill("Mei Lin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    sessions = page.get_by_role("table", name="Signed-in browsers").get_by_role("row")
    expect(sessions).to_have_count(3)
    page.get_by_role("button", name=re.compile("^Sign out: Chrome")).click()
    expect(sessions).to_have_count(2)
    other.reload()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    current = page.get_by_label("Current password")
    current.fill("it was something else")
    page.get_by_label("New password", exact=True).fill("two herons and a kettle")
    page.get_by_role("button", name="Change password").click()
    expect(current).to_have_accessible_description(re.compile("current password"))
    door.site.errors.clear()  # the browser's own word of the refusal
    current.fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    page.reload()
    open_menu(page)
    expect(page.get_by_role("navigation", name="Account").get_by_text("Mei Lin")).to_be_visible()
    for one in (page, other):
        one.context.close()


def _link(door: Door, purpose: Purpose, name: str, account_id: str) -> str:
    """Where the link of a mail leads."""
    people = door.site.app.state.people
    with people.database.begin() as connection:
        key = read_email(door.email(name)).key
        token = issue_token(connection, purpose, key, account_id)
    return door.site.url + people.link(purpose, token).removeprefix(people.url)


def test_the_link_of_a_mail_leads_to_another_password(door: Door) -> None:
    link = _link(door, "reset", "Mei", door.add("Mei"))
    page = door.visit("forgot")
    page.goto("about:blank")
    page.goto(link)
    page.get_by_label("New password", exact=True).fill("two herons and a kettle")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill(door.email("Mei"))
    page.get_by_label("Password", exact=True).fill("two herons and a kettle")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    page.goto("about:blank")
    page.goto(link)  # once is enough
    page.get_by_label("New password", exact=True).fill("two herons and a kettle")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    door.site.errors.clear()  # the browser's own word of the refusal
    page.context.close()


def test_an_address_is_confirmed_by_the_link_of_a_mail(door: Door) -> None:
    page = door.visit("sign-up")
    page.get_by_label("E-mail").fill(door.email("Oda"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("button", name="Go to the studio").click()
    expect(page.get_by_role("button", name="Account: 0.00 credits")).to_be_visible()
    account_id = page.evaluate("fetch('/v1/me').then((one) => one.json())")["account_id"]
    page.goto("about:blank")
    page.goto(_link(door, "verify", "Oda", account_id))
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    page.get_by_role("button", name="Go to the studio").click()
    expect(page.get_by_role("button", name="Account: 100.00 credits")).to_be_visible()
    page.context.close()


def test_an_address_is_confirmed_on_another_machine_by_the_password(door: Door) -> None:
    page = door.visit("sign-up")
    page.get_by_label("E-mail").fill(door.email("Pia"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    account_id = page.evaluate("fetch('/v1/me').then((one) => one.json())")["account_id"]
    phone = door.visit("sign-in")
    phone.goto("about:blank")
    phone.goto(_link(door, "verify", "Pia", account_id))
    expect(phone.get_by_text("do nothing")).to_be_visible()
    password = phone.get_by_label("Password", exact=True)
    password.fill("it was something else")
    phone.get_by_role("button", name="Confirm").click()
    expect(password).to_have_accessible_description(re.compile("not the password"))
    password.fill(PASSWORD)
    phone.get_by_role("button", name="Confirm").click()
    expect(phone.get_by_text("Your address is confirmed.")).to_be_visible()
    for one in (page, phone):
        one.context.close()


def test_the_links_of_mails_lead_to_chinese_pages_too(door: Door) -> None:
    account_id = door.add("Mei")
    page = door.visit(locale="zh-CN")
    page.goto("about:blank")
    page.goto(_link(door, "verify", "Mei", account_id))
    expect(page.get_by_text("请输入注册时设置的密码。")).to_be_visible()
    password = page.get_by_label("密码", exact=True)
    password.fill("it was something else")
    page.get_by_role("button", name="确认").click()
    expect(password).to_have_accessible_description("这不是注册时设置的密码。")
    can_be_used_by_all(page)
    page.goto("about:blank")
    page.goto(_link(door, "reset", "Mei", account_id))
    page.get_by_label("新密码", exact=True).fill("two herons and a kettle")
    can_be_used_by_all(page)
    page.get_by_role("button", name="设置密码").click()
    expect(page.get_by_text("新密码已设置，所有登录均已退出。")).to_be_visible()
    page.get_by_role("button", name="登录").click()
    page.get_by_label("邮箱").fill(door.email("Mei"))
    page.get_by_label("密码", exact=True).fill("two herons and a kettle")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="生成")).to_be_visible()
    page.context.close()
