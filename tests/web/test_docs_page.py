"""The API's document as a page: it works with nothing but the studio."""

from playwright.sync_api import Page, expect

from tests.web.conftest import Site


def test_the_document_is_shown_and_tried_with_nothing_from_elsewhere(
    site: Site, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/docs")
    expect(page.get_by_text("Create Generation")).to_be_visible()
    page.locator("#operations-models-list_models_v1_models_get .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table").get_by_text("200")).to_be_visible()
    outside = [url for url in asked if not url.startswith((site.url, "data:"))]
    assert outside == []
    assert f"{site.url}/v1/models" in asked
