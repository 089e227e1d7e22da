"""Sign-in by a real provider of OpenID Connect, with a browser: there, back, linked, unlinked."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from maquette.core.settings import OidcProvider
from maquette.people.oidc import OidcClient
from maquette.people.persons import change_person
from tests.api.conftest import served as listening
from tests.api.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.web.conftest import Site, can_be_used_by_all
from tests.web.door import PASSWORD, Door, closed


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


@pytest.fixture
def provider(door: Door) -> Iterator[OpenIdProvider]:
    """Acme, which says that everyone is Bob."""
    people = door.site.app.state.people
    back = f"{door.site.url}/v1/oidc/acme/callback"
    provider = OpenIdProvider(back)
    email = door.email("Bob")
    provider.person = {"sub": email, "email": email, "email_verified": True, "name": "Bob"}
    with listening(provider.app()) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        known = OidcProvider(
            name="Acme",
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        people.providers = {"acme": OidcClient("acme", known, back)}
        yield provider
        people.providers = {}


def _come_in(page: Page) -> None:
    page.get_by_role("link", name="Continue with Acme").click()


def test_someone_new_comes_in_to_where_they_wanted(door: Door, provider: OpenIdProvider) -> None:
    page = door.visit("credits")
    _come_in(page)
    expect(page.get_by_role("heading", name="Credits", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Account: 100.00 credits")).to_be_visible()
    page.goto(f"{door.site.url}/")  # the next time it is as ever
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_what_went_wrong_there_is_told_at_the_door(
    door: Door, provider: OpenIdProvider, locale: str
) -> None:
    chinese = locale == "zh-CN"
    page = door.visit("credits", locale=locale)
    provider.refuses = True
    way = page.get_by_role("link", name="用 Acme 继续" if chinese else "Continue with Acme")
    way.click()
    told = "Acme 没有确认您的身份，请重新登录。" if chinese else "Acme did not say who you are"
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(way).to_be_visible()
    can_be_used_by_all(page)
    assert "problem" not in page.url
    provider.refuses = False
    page.get_by_role("alert").get_by_role("button").click()
    way.click()
    name = "点数" if chinese else "Credits"
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.context.close()


def test_who_is_suspended_is_told_so_at_the_door(door: Door, provider: OpenIdProvider) -> None:
    page = door.visit()
    _come_in(page)
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    account_id = page.evaluate("fetch('/v1/me').then((one) => one.json())")["account_id"]
    page.context.clear_cookies()
    with door.site.app.state.database.begin() as connection:
        change_person(connection, account_id, suspended_at="2026-01-01T00:00:00Z")
    page.reload()
    _come_in(page)
    expect(page.get_by_role("alert")).to_contain_text("this account is suspended")
    page.context.close()


def test_a_provider_that_is_away_is_told_of(door: Door, provider: OpenIdProvider) -> None:
    provider.is_down = True
    page = door.visit()
    _come_in(page)
    expect(page.get_by_role("alert")).to_contain_text("Acme does not answer as it should")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.context.close()


def test_a_provider_is_linked_signs_in_and_is_unlinked(
    door: Door, provider: OpenIdProvider
) -> None:
    door.add("Mei")
    page = door.enter("Mei", "account")
    row = page.get_by_role("listitem").filter(has_text="Acme")
    expect(row).to_contain_text("not linked")
    page.get_by_role("button", name="Link Acme").click()
    form = page.get_by_role("form", name="Link Acme")
    password = form.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    can_be_used_by_all(page)
    password.fill("it was something else")
    password.press("Enter")
    expect(password).to_have_accessible_description(re.compile("current password"))
    door.site.errors.clear()  # the browser's own word of the refusal
    password.fill(PASSWORD)
    password.press("Enter")
    expect(row).to_contain_text("since")
    expect(page).to_have_title("Settings · Maquette")
    other = door.visit()
    _come_in(other)
    expect(other.get_by_role("button", name="Account: 100.00 credits")).to_be_visible()
    assert other.evaluate("fetch('/v1/me').then((one) => one.json())")["name"] == "Mei"
    page.get_by_role("button", name="Unlink Acme").click()
    form = page.get_by_role("form", name="Unlink Acme")
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("Acme no longer signs you in.")).to_be_visible()
    expect(row).to_contain_text("not linked")
    for one in (page, other):
        one.context.close()


def test_what_is_anothers_is_not_linked(door: Door, provider: OpenIdProvider) -> None:
    bob = door.visit()
    _come_in(bob)
    expect(bob.get_by_role("button", name="Create")).to_be_visible()
    door.add("Mei")
    page = door.enter("Mei", "account")
    page.get_by_role("button", name="Link Acme").click()
    form = page.get_by_role("form", name="Link Acme")
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Link").click()
    expect(page.get_by_role("alert")).to_contain_text("opens another account here")
    expect(page.get_by_role("button", name="Link Acme")).to_be_visible()
    # Nor is Bob's, who has no password, unlinked: he could not come in any more.
    bob.goto(f"{door.site.url}/#/account")
    bob.get_by_role("button", name="Unlink Acme").click()
    expect(bob.get_by_role("alert")).to_contain_text("Acme is your only way in")
    door.site.errors.clear()  # the browser's own word of the refusal
    for one in (page, bob):
        one.context.close()
