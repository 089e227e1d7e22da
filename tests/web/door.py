"""The studio's door as others find it: people with passwords, who sign in with a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, expect

from maquette.core.ids import new_id
from maquette.people.emails import read_email
from maquette.people.passwords import hash_password
from maquette.people.persons import Role, add_person
from maquette.service.people import People
from tests.credits import enrich
from tests.web.conftest import DESKTOP, PATIENCE_MS, Site

PASSWORD = "three kettles and a heron"
CREDIT = 1_000_000


@dataclass(frozen=True)
class Door:
    """A studio that lets no one in without a password."""

    site: Site
    browser: Browser

    def add(self, name: str, role: Role = "member", credits: int = 100) -> str:
        """Someone with a password and credits; gives their account."""
        account_id = str(new_id())
        database = self.site.app.state.database
        enrich(database, account_id, credits * CREDIT)
        with database.begin() as connection:
            address = read_email(self.email(name))
            add_person(
                connection,
                account_id,
                email=address,
                password_hash=hash_password(PASSWORD, address.written),
                name=name,
                role=role,
                verified=True,
            )
        return account_id

    def email(self, name: str) -> str:
        return f"{name.lower()}.{id(self.site)}@example.org"

    def visit(self, path: str = "", **more: object) -> Page:
        """A new visitor's page. What the browser complains of fails the test, but for this: that
        no one is signed in yet."""
        options = {"viewport": DESKTOP, "locale": "en-GB", **more}
        context: BrowserContext = self.browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.site.errors.append(str(error)))
        page.on("console", lambda said: self._complain(said.type, said.text))
        page.goto(f"{self.site.url}/#/{path}")
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 401" not in text:
            self.site.errors.append(text)

    def enter(self, name: str, path: str = "", **more: object) -> Page:
        """A page of someone who has signed in by hand, in English or Chinese."""
        page = self.visit(path, **more)
        page.get_by_label(re.compile("E-mail|邮箱")).fill(self.email(name))
        page.get_by_label(re.compile("^(Password|密码)$")).fill(PASSWORD)
        page.get_by_role("button", name=re.compile("Sign in|登录")).click()
        expect(page.get_by_role("button", name=re.compile("^(Account|账户)"))).to_be_visible()
        return page


@contextmanager
def closed(site: Site, browser: Browser) -> Iterator[Door]:
    """The studio as others reach it, while this is open."""
    app = site.app
    people: People = app.state.people
    overrides, app.dependency_overrides = app.dependency_overrides, {}
    people.on_loopback = False
    yield Door(site, browser)
    people.on_loopback = True
    app.dependency_overrides = overrides
