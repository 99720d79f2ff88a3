"""Pages of a test client in a real browser, without a server between: each request of the browser is answered here."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Route

from tests.look.looking import examined
from tests.static_files import file_of

KEPT = ("Content-Type", "Content-Security-Policy", "HX-Redirect", "HX-Trigger")
OURS = ("hx-request", "hx-current-url", "hx-target")


def answer_by(context: BrowserContext, client: Client) -> None:
    """Every request of this browser goes to `client` as a GET, files of ours to where they lie."""

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.path.startswith("/static/"):
            _file(route, address.path.removeprefix("/static/"))
            return
        sent = {name: route.request.headers[name] for name in OURS if name in route.request.headers}
        path = f"{address.path}?{address.query}" if address.query else address.path
        given = client.get(path, headers=sent, follow=True)
        headers = {name: given.headers[name] for name in KEPT if name in given.headers}
        route.fulfill(status=given.status_code, headers=headers, body=given.content)

    context.route("**/*", answer)


def _file(route: Route, name: str) -> None:
    found = file_of(name)
    if found is None:
        route.fulfill(status=404, body="")
    else:
        kind, body = found
        route.fulfill(content_type=kind, body=body)


def examined_pages(
    browser: Browser, client: Client, pages: dict[str, str], *, posted: bytes = b""
) -> list[str]:
    """What is wrong with the pages that `client` is answered with. `posted` is what a form was answered with, which is looked at under the address `/posted`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    answer_by(context, client)
    kind = "text/html; charset=utf-8"
    context.route("**/posted", lambda route: route.fulfill(status=200, content_type=kind, body=posted))
    page, found = context.new_page(), []
    for name, path in pages.items():
        found += examined(page, f"http://localhost:8000{path}", name)
    context.close()
    return found
