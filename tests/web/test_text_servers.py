"""Operators add other servers that write and speak, see what these have, and offer it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from maquette.engines import found_servers
from maquette.service.server_voices import OfferedVoice
from maquette.service.text_servers import TextServers
from tests.api.remote_scene import SETTINGS
from tests.engines.text_server import say, serving
from tests.web.conftest import Site, can_be_used_by_all
from tests.web.door import closed

KEY = "sk-very-secret-7"


@pytest.fixture
def admin(site: Site, browser: Browser) -> Iterator[Page]:
    state = site.app.state
    before, state.text_servers = state.text_servers, TextServers(state.database, SETTINGS)
    with closed(site, browser) as door:
        door.add("Ada", "admin")
        page = door.enter("Ada", "operator/text-servers")
        expect(page.locator("main h1")).to_have_text("Other servers")
        yield page
        page.context.close()
    for one in state.text_servers.list():
        state.text_servers.remove("boss", one.server_id)
    state.text_servers = before


def _models(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    say(handler, json.dumps({"data": [{"id": "llama3.2"}, {"id": "qwen3"}]}))


def test_a_server_is_added_and_what_it_has_is_offered_at_a_price(site: Site, admin: Page) -> None:
    with serving(_models) as (url, _):
        admin.get_by_role("button", name="Add", exact=True).click()
        form = admin.get_by_role("form", name="Add")
        form.get_by_label("Name").fill("Home")
        form.get_by_role("button", name="Add").click()
        expect(form.get_by_role("alert").first).to_be_visible()
        form.get_by_label("Name").fill("home")
        form.get_by_label("Address").fill(url)
        key = form.get_by_label("Key, if it wants one")
        expect(key).to_have_attribute("type", "password")
        key.fill(KEY)
        form.get_by_role("button", name="Add").click()
        row = admin.get_by_role("row").filter(has_text="home")
        expect(row).to_contain_text("with a key")
        expect(admin.get_by_text("and has 2 models.")).to_be_visible()
        admin.get_by_role("checkbox", name="llama3.2", exact=True).check()
        admin.get_by_role("checkbox", name="qwen3", exact=True).check()
        admin.get_by_label("Credits a thousand tokens of qwen3").fill("0.5")
        admin.get_by_role("button", name="Offer these").click()
        expect(row).to_contain_text("llama3.2 · free")
        expect(row).to_contain_text("qwen3 · 0.50 credits a thousand tokens")
        can_be_used_by_all(admin)
    assert KEY not in admin.content()
    (server,) = site.app.state.text_servers.list()
    assert [one.thousand_tokens_microcredits for one in server.models] == [0, 500_000]
    row.get_by_role("button", name="Disable home").click()
    expect(row).to_contain_text("disabled")
    assert site.app.state.text_servers.offered() == {}
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("group").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("None yet.")).to_be_visible()


def test_a_model_speaks_as_the_voices_that_are_named(site: Site, admin: Page) -> None:
    def models(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, json.dumps({"data": [{"id": "tts-1"}]}))

    with serving(models) as (url, _):
        site.app.state.text_servers.add("boss", "home", url)
        admin.reload()
        admin.get_by_role("button", name="Models of home").click()
        admin.get_by_role("checkbox", name="Have tts-1 speak").check()
        admin.get_by_label("Credits a thousand characters of tts-1").fill("1.5")
        admin.get_by_label("Voices of tts-1").fill("nova, af_heart")
        admin.get_by_role("button", name="Offer these").click()
        row = admin.get_by_role("row").filter(has_text="home")
        expect(row).to_contain_text("tts-1 · speaks · 1.50 credits a thousand characters")
        can_be_used_by_all(admin)
    (server,) = site.app.state.text_servers.list()
    assert [*server.models] == []
    assert [*server.speech] == [OfferedVoice("tts-1", ("nova", "af_heart"), 1_500_000)]
    admin.get_by_role("button", name="Offer these").click()  # as it is
    expect(admin.get_by_text("What is offered of home is saved.").first).to_be_visible()
    assert [*site.app.state.text_servers.list()[0].speech] == [*server.speech]


def test_one_that_listens_here_is_looked_for_and_added_by_one_button(
    site: Site, admin: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_models) as (url, _):
        port = int(url.rsplit(":", 1)[1].removesuffix("/v1"))
        monkeypatch.setattr(found_servers, "USUAL_PORTS", {"LM Studio": port})
        admin.reload()
        expect(admin.get_by_role("button", name="Look")).to_be_visible()
        admin.get_by_role("button", name="简体中文").click()
        admin.get_by_role("button", name="查找").click()
        admin.get_by_role("button", name="添加 LM Studio").click()
        row = admin.get_by_role("row").filter(has_text="lm-studio")
        expect(row).to_contain_text("llama3.2 · 免费")
        can_be_used_by_all(admin)
        admin.get_by_role("button", name="English").click()
    assert [*site.app.state.text_servers.offered()] == ["lm-studio/llama3.2", "lm-studio/qwen3"]


def test_a_server_that_is_away_says_so_and_keeps_what_it_offers(site: Site, admin: Page) -> None:
    admin.get_by_role("button", name="Add", exact=True).click()
    form = admin.get_by_role("form", name="Add")
    form.get_by_label("Name").fill("away")
    form.get_by_label("Address").fill("http://127.0.0.1:9/v1")
    form.get_by_role("button", name="Add").click()
    expect(admin.get_by_role("alert").filter(has_text="away does not answer")).to_be_visible()
    site.errors.clear()  # the browser's own word of the 502
