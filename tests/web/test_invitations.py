"""Into a team by the link of a mail: with and without an account, signed in and not."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from maquette.people.mailer import Mailer
from tests.letterbox import Letterbox, mail_server
from tests.waiting import wait_until
from tests.web.conftest import Site, can_be_used_by_all, open_menu
from tests.web.door import PASSWORD, Door, closed


@pytest.fixture
def door(site: Site, browser: Browser) -> Iterator[Door]:
    with closed(site, browser) as door:
        yield door


@pytest.fixture
def box(door: Door) -> Iterator[Letterbox]:
    """Where the studio's mails go."""
    people = door.site.app.state.people
    before, url = people.mailer, people.url
    with mail_server() as (box, smtp):
        people.mailer, people.url = Mailer(smtp), door.site.url
        yield box
        people.mailer, people.url = before, url


def _link(box: Letterbox, purpose: str) -> str:
    """That of the newest mail, once it is there."""

    def link() -> re.Match[str] | None:
        text = box.mails[-1].get_content() if box.mails else ""
        return re.search(rf"http\S+/#{purpose}=\S+", text)

    return unquote(wait_until(link)[0])


def _invited(door: Door, box: Letterbox, email: str) -> str:
    """Mei has a team and invites someone; gives the link of the mail."""
    door.add("Mei")
    page = door.enter("Mei", "team")
    page.get_by_label("Team name").fill("Tea house")
    page.get_by_role("button", name="Create team").click()
    page.get_by_role("textbox", name="Invite someone to Tea house").fill(email)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text(f"An invitation is on its way to {email}.")).to_be_visible()
    page.context.close()
    link = _link(box, "invitation")
    assert box.mails[-1]["To"] == email
    return link


def _follow(page: Page, link: str) -> None:
    page.goto("about:blank")
    page.goto(link)


def _is_member(page: Page, name: str) -> None:
    expect(page.get_by_role("status")).to_contain_text("You are now a member of Tea house.")
    page.get_by_role("button", name="Go to your teams").click()
    members = page.get_by_role("table", name="Members of Tea house").get_by_role("row")
    expect(members).to_have_count(3)
    expect(members.filter(has_text=name)).to_contain_text("member")


def test_who_is_signed_in_sees_as_whom_and_joins(door: Door, box: Letterbox) -> None:
    door.add("Ola")
    link = _invited(door, box, door.email("Ola"))
    page = door.enter("Ola")
    _follow(page, link)
    expect(page.get_by_role("heading", name="Join a team")).to_be_visible()
    expect(page.get_by_text(f"You join it as Ola ({door.email('Ola')}).")).to_be_visible()
    can_be_used_by_all(page)
    page.get_by_role("button", name="Join the team").click()
    _is_member(page, "Ola")
    _follow(page, link)  # once is enough
    page.get_by_role("button", name="Join the team").click()
    expect(page.get_by_role("alert")).to_contain_text("was used or is over")
    door.site.errors.clear()  # the browser's own word of the refusal
    page.get_by_role("link", name="Go to the studio").click()
    expect(page.get_by_role("button", name="Create")).to_be_visible()
    page.context.close()


def _sign_in_and_join(door: Door, page: Page) -> None:
    """As Ola."""
    page.get_by_label("E-mail").fill(door.email("Ola"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Join the team").click()
    _is_member(page, "Ola")


def test_who_is_signed_in_as_someone_else_joins_as_themselves(door: Door, box: Letterbox) -> None:
    door.add("Ola")
    door.add("Kim")
    link = _invited(door, box, door.email("Ola"))
    page = door.enter("Kim")
    _follow(page, link)
    page.get_by_role("button", name="Join as someone else").click()
    _sign_in_and_join(door, page)
    page.context.close()


def test_who_is_not_signed_in_does_that_first(door: Door, box: Letterbox) -> None:
    door.add("Ola")
    link = _invited(door, box, door.email("Ola"))
    page = door.visit()
    _follow(page, link)
    expect(page.get_by_text("You were invited to a team.")).to_be_visible()
    _sign_in_and_join(door, page)
    page.context.close()


def test_who_has_no_account_makes_one_and_joins(door: Door, box: Letterbox) -> None:
    link = _invited(door, box, door.email("Ida"))
    page = door.visit()
    _follow(page, link)
    page.get_by_role("link", name="Create an account").click()
    expect(page.get_by_text("You were invited to a team.")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()  # and back, as one does
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill("Ida")
    page.get_by_label("E-mail").fill(door.email("Ida"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.get_by_role("button", name="Join a team").click()
    page.get_by_role("button", name="Join the team").click()
    _is_member(page, "Ida")
    page.goto("about:blank")
    page.goto(_link(box, "verify"))
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    page.context.close()


def test_it_is_in_chinese_too(door: Door, box: Letterbox) -> None:
    door.add("Ola")
    link = _invited(door, box, door.email("Ola"))
    page = door.visit(locale="zh-CN")
    _follow(page, link)
    expect(page.get_by_text("您受邀加入一个团队，登录后即可加入。")).to_be_visible()
    can_be_used_by_all(page)
    page.get_by_label("邮箱").fill(door.email("Ola"))
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("将以 Ola (")).to_be_visible()
    page.get_by_role("button", name="加入", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("您已加入 Tea house。")
    page.context.close()
    other = door.enter("Ola")
    open_menu(other)
    other.get_by_role("link", name="Teams").click()
    expect(other.get_by_role("table", name="Members of Tea house")).to_be_visible()
    other.context.close()
