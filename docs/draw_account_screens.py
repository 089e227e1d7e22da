"""Draws the pictures for docs/accounts.md: `python docs/draw_account_screens.py`.

It starts a studio of its own in a folder that goes again, where people sign up and pay.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from urllib.request import urlopen

from draw_screens import DESKTOP, fill_gallery, save
from playwright.sync_api import Browser, Page, sync_playwright

PASSWORD = "three kettles and a heron"
PORT = 7871
URL = f"http://127.0.0.1:{PORT}"
MAQUETTE = (sys.executable, "-m", "maquette")
# Stripe is asked for nothing here: what is drawn as paid was paid another way.
SELLS = {"MAQUETTE_STRIPE_KEY": "sk_test_none", "MAQUETTE_STRIPE_WEBHOOK_SECRET": "whsec_none"}
PATIENCE_S = 300
CREDIT = 10**6


@dataclass(frozen=True)
class Opened:
    """A studio that runs, and its log, where the mails are that it would have sent."""

    browser: Browser
    log: Path

    def link(self, purpose: str) -> str:
        """That of the newest such mail."""
        for _ in range(PATIENCE_S * 10):
            if found := re.findall(rf"#{purpose}=(\S+)", self.log.read_text(encoding="utf-8")):
                return f"{URL}/#{purpose}={unquote(found[-1])}"
            time.sleep(0.1)
        raise TimeoutError(f"no mail with {purpose} in {self.log}")

    def visit(self, name: str) -> Page:
        """A new visitor's page."""
        context = self.browser.new_context(locale="en-GB", viewport=DESKTOP)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{URL}/#/{name}")
        page.get_by_role("heading", level=1).last.wait_for()
        return page


@contextmanager
def studio() -> Iterator[Path]:
    """A studio with an admin, while this is open; gives its log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        known = {**os.environ, **SELLS, "MAQUETTE_DATA": str(Path(folder) / "data")}
        add = (*MAQUETTE, "accounts", "add", "ada@example.org", "--admin", "--name", "Ada")
        subprocess.run(add, env=known, input=PASSWORD, text=True, check=True)
        run = (*MAQUETTE, "studio", "--port", str(PORT), "--no-open")
        with log.open("w") as out:
            started = subprocess.Popen(run, env=known, stdout=out, stderr=out)
        try:
            _wait_until_ready()
            yield log
        finally:
            started.terminate()
            started.wait()


def _wait_until_ready() -> None:
    for _ in range(PATIENCE_S):
        try:
            with urlopen(f"{URL}/readyz"):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"no studio at {URL}")


def go(page: Page, name: str) -> None:
    """To a page of the studio, once it has all that it shows."""
    page.goto(f"{URL}/#/{name}")
    page.get_by_role("main").get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(700)
    page.wait_for_function("!document.querySelector('[aria-busy=true]')?.checkVisibility()")


def send(page: Page, path: str, body: object) -> None:
    """What an operator does by other means, as who is signed in on the page."""
    script = """async ([path, body]) => {
        const headers = {"Content-Type": "application/json"};
        const asked = {method: "POST", headers, body: JSON.stringify(body)};
        const answer = await fetch(path, asked);
        if (!answer.ok) throw new Error(await answer.text());
    }"""
    page.evaluate(script, [path, body])


def account_of(page: Page) -> str:
    """Who is signed in there."""
    return page.evaluate("fetch('/v1/me').then((one) => one.json())")["account_id"]


def sign_up(opened: Opened) -> Page:
    """Mei makes an account, and shows her address."""
    page = opened.visit("sign-up")
    page.get_by_label("Name").fill("Mei")
    page.get_by_label("E-mail").fill("mei@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    save(page, "accounts_sign_up")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("heading", name="Check your mail").wait_for()
    page.goto("about:blank")
    page.goto(opened.link("verify"))
    page.get_by_text("Your address is confirmed.").wait_for()
    page.get_by_role("button", name="Go to the studio").click()
    page.get_by_role("button", name="Create").wait_for()
    return page


def sign_in(opened: Opened) -> Page:
    """Ada, who runs the studio."""
    page = opened.visit("sign-in")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Create").wait_for()
    return page


def make(page: Page) -> None:
    """Pictures are made, the last ones while the picture is taken: they hold credits."""
    fill_gallery(page, "1", "2", "1")
    prompt = "a yellow lighthouse behind a small green boat"
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("radio", name="4").check()
    page.keyboard.press("Control+Enter")
    page.get_by_role("img", name=f"Generating: {prompt}").nth(3).wait_for()
    save(page, "accounts_balance")
    page.locator(".is-coming").last.wait_for(state="detached")


def draw_own(opened: Opened, page: Page, admin: Page) -> None:
    """The pages of Mei's account."""
    go(page, "buy")
    save(page, "accounts_buy")
    account = f"/v1/operator/accounts/{account_of(page)}"
    send(admin, f"{account}/plan", {"plan_id": "studio", "reason": "a bank transfer"})
    paid = {"price_cents": 1000, "currency": "usd", "reason": "a bank transfer"}
    send(admin, f"{account}/top-up", {"amount_microcredits": 1000 * CREDIT, **paid})
    page.reload()
    go(page, "buy")
    save(page, "accounts_plan")
    go(page, "credits")
    save(page, "accounts_history")
    go(page, "api-keys")
    for name, budget in (("Blog", "50"), ("Newsletter", "20")):
        page.get_by_role("button", name="New key").click()
        page.get_by_label("What is it for?").fill(name)
        page.get_by_label("Budget in credits").fill(budget)
        page.get_by_role("button", name="Create key").click()
        page.get_by_role("heading", name=f"{name} is ready").wait_for()
    page.reload()
    go(page, "api-keys")
    save(page, "accounts_keys")
    go(page, "team")
    page.get_by_label("Team name").fill("Tea house")
    page.get_by_role("button", name="Create team").click()
    page.get_by_role("textbox", name="Invite someone to Tea house").fill("ada@example.org")
    page.get_by_role("button", name="Invite").click()
    token = opened.link("invitation").partition("=")[2]
    send(admin, "/v1/invitations/accept", {"token": token})
    page.reload()
    go(page, "team")
    page.get_by_role("button", name=re.compile("Monthly limit of Ada")).click()
    page.get_by_label("Monthly limit of Ada").fill("200")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=re.compile("of 200")).wait_for()
    save(page, "accounts_team")


def main() -> None:
    with studio() as log, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        opened = Opened(browser, log)
        page, admin = sign_up(opened), sign_in(opened)
        make(page)
        draw_own(opened, page, admin)
        go(admin, f"operator/people/{account_of(page)}")
        save(admin, "accounts_person")
        go(admin, "operator/revenue")
        save(admin, "accounts_revenue")
        browser.close()


if __name__ == "__main__":
    main()
