"""Words by models of other servers: chosen, remembered, and their price said before they write."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from maquette.service.text_servers import OfferedModel
from tests.engines.text_server import piece, say, serving
from tests.web.conftest import Site, can_be_used_by_all

PRICE = 40_000_000  # microcredits for a thousand tokens
SAID = "Alder, the kettle that is quiet in the morning."
WRITE = re.compile(r"^Write(?! anew| all)")
FACTS = {"product": "Alder, a kettle"}


def _answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    say(handler, piece(SAID), piece(None, "stop"), "data: [DONE]")


@pytest.fixture
def asked(site: Site) -> Iterator[list[dict[str, Any]]]:
    """What a server was asked, one model of which is offered."""
    servers = site.app.state.text_servers
    with serving(_answer) as (url, asked):
        offered = [OfferedModel("m", PRICE), OfferedModel("dear", 10**12)]
        made = servers.add("boss", "home", url, "", offered)
        yield asked
        servers.remove("boss", made.server_id)


@pytest.fixture
def words(site: Site, asked: list[dict[str, Any]], page: Page) -> Page:
    page.get_by_role("link", name="Words").click()
    expect(page.get_by_role("heading", name="Words")).to_be_visible()
    return page


def _credits(site: Site, path: str, **asked: Any) -> str:
    answer = site.http.post(path, json=asked)
    assert answer.status_code == 200, answer.text
    return f"{answer.json()['price_microcredits'] / 1e6:.2f}"


def _in_hand(words: Page, template: str = "Tagline") -> None:
    words.get_by_role("searchbox").fill(template)
    words.get_by_role("button", name=re.compile(f"^{template}")).click()
    words.get_by_label("Product or brand", exact=True).fill(FACTS["product"])


def test_a_model_is_chosen_kept_and_its_price_is_on_the_button(
    site: Site, words: Page, asked: list[dict[str, Any]]
) -> None:
    _in_hand(words)
    write = words.get_by_role("button", name=WRITE)
    copy = {"template": "tagline", "inputs": FACTS, "count": 3}
    expect(write).to_contain_text(_credits(site, "/v1/copy/quotes", **copy))
    words.get_by_label("Model", exact=True).select_option("home/m")
    there = _credits(site, "/v1/copy/quotes", **copy, model="home/m")
    expect(write).to_contain_text(there)
    words.get_by_text("Length, words, variants").click()
    words.get_by_label("Variants").select_option("1")
    fewer = _credits(site, "/v1/copy/quotes", **{**copy, "count": 1}, model="home/m")
    assert fewer != there
    expect(write).to_contain_text(fewer)
    assert asked == []  # nothing is written to know what it costs
    write.click()
    run = words.get_by_role("region", name="Tagline")
    expect(run.get_by_role("article")).to_contain_text(SAID)
    expect(run).to_contain_text("home/m")
    assert site.http.get("/v1/generations?kind=text").json()[0]["request"]["model"] == "home/m"
    words.reload()
    _in_hand(words)
    expect(words.get_by_label("Model", exact=True)).to_have_value("home/m")


def test_who_lacks_the_credits_is_told_so_before(site: Site, words: Page) -> None:
    _in_hand(words)
    words.get_by_label("Model", exact=True).select_option("home/dear")
    expect(words.get_by_text("This costs")).to_be_visible()
    words.get_by_role("button", name=WRITE).click(force=True)
    expect(words.get_by_text("What shall we write?")).to_be_visible()
    assert site.http.get("/v1/generations?kind=text").json() == []


def test_a_campaign_says_the_sum_and_is_written_there(site: Site, words: Page) -> None:
    words.get_by_role("link", name="Campaigns").click()
    words.get_by_role("link", name="New campaign").click()
    for name in ("Product description", "X post", "Newsletter"):
        words.get_by_role("button", name=name, exact=True).click()  # takes it out
    words.get_by_role("button", name="Tagline", exact=True).click()
    write = words.get_by_role("button", name="Write all 2")
    expect(write.locator(".price")).to_have_count(0)
    words.get_by_label("Product", exact=True).fill(FACTS["product"])
    words.get_by_label("Model", exact=True).select_option("home/m")
    plan = {"inputs": FACTS, "templates": ["headline", "tagline"], "model": "home/m"}
    expect(write).to_contain_text(_credits(site, "/v1/campaigns/quotes", **plan))
    write.click()
    for name in ("Headline", "Tagline"):
        expect(words.get_by_role("article", name=name)).to_contain_text(SAID)


def test_an_edit_says_its_price_and_is_made_there(site: Site, words: Page) -> None:
    text = "A quiet kettle. It boils a litre in three minutes."
    made = site.http.post("/v1/documents", json={"title": "Alder", "text": text}).json()
    words.goto(f"{site.url}/#/words/documents/{made['document_id']}")
    expect(words.get_by_label("Text", exact=True)).to_have_value(text)
    bar = words.get_by_role("toolbar")
    bar.get_by_label("Model", exact=True).select_option("home/m")
    rewrite = bar.get_by_role("button", name="Rewrite")
    rewrite.hover()
    edit = {"template": "rewrite", "inputs": {"text": text}, "model": "home/m"}
    price = _credits(site, "/v1/copy/quotes", **edit)
    expect(bar).to_contain_text(f"Rewrite: {price} credits at most")
    rewrite.click()
    suggestion = words.get_by_role("region", name="Suggestion")
    expect(suggestion.locator(".text")).to_have_text(SAID)
    suggestion.get_by_role("button", name="Accept").click()
    expect(words.get_by_label("Text", exact=True)).to_have_value(SAID)


def test_it_can_be_used_by_all_in_chinese(site: Site, words: Page) -> None:
    words.get_by_role("button", name="简体中文").click()
    words.get_by_role("searchbox").fill("tagline")
    words.get_by_role("button", name=re.compile("^标语")).click()
    words.get_by_role("textbox", name=re.compile("品牌")).first.fill("松禾，一把水壶")
    words.get_by_label("模型", exact=True).select_option("home/m")
    expect(words.get_by_role("button", name=re.compile("^写 .*点$"))).to_be_visible()
    can_be_used_by_all(words)
    made = site.http.post("/v1/documents", json={"text": "一把水壶。", "language": "zh"}).json()
    for place in ("/campaigns/new", f"/documents/{made['document_id']}"):
        words.goto(f"{site.url}/#/words{place}")
        expect(words.locator("main").get_by_label("模型", exact=True)).to_be_visible()
        can_be_used_by_all(words)
    words.get_by_role("toolbar").get_by_role("button", name="改写").hover()
    expect(words.get_by_role("toolbar")).to_contain_text(re.compile("改写：最多 .* 点"))
    words.get_by_role("button", name="English").click()
