"""Every page of the console asks for a right, and the left-hand list holds what opens.

What each role, a stranger and nobody read at every address is tests/console/test_every_address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.console.navigation import ENTRIES, exists
from tenants.models import Tenant
from tenants.rights import RIGHTS, Right, Role

# Pages that a limited seat opens instead of a right; they refuse every other seat themselves.
BY_SEAT = {"console:setup_done"}


@dataclass(frozen=True)
class Page:
    name: str
    route: str
    right: Right | None

    def path(self, slug: str) -> str:
        """Its address with something in every place: the answer must not depend on what."""
        filled = self.route.replace("<slug:organisation>", slug)
        filled = re.sub(r"<uuid:\w+>", "0198f2a0-0000-7000-8000-000000000000", filled)
        filled = re.sub(r"<int:\w+>", "1", filled)
        return "/" + re.sub(r"<[^>]+>", "x", filled)


def _walk(patterns: list[URLPattern | URLResolver], prefix: str, space: str) -> Iterator[Page]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry.url_patterns, route, inner)
        else:
            yield Page(f"{space}{entry.name}", route, getattr(entry.callback, "required_right", None))


def pages() -> list[Page]:
    found = _walk(get_resolver("portal.urls.site").url_patterns, "", "")
    return [page for page in found if page.route.startswith("o/<slug:organisation>/")]


PAGES = pages()
each = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_console_has_pages() -> None:
    assert len(PAGES) > 10


@each
def test_a_page_asks_for_a_right(page: Page) -> None:
    assert page.right is not None or page.name in BY_SEAT


@pytest.fixture(scope="module")
def clients() -> dict[str, Client]:
    """Sign-ins are slow; the pages need no fresh ones."""
    return {}


def client_as(clients: dict[str, Client], make: Callable[[], Client], key: str) -> Client:
    if key not in clients:
        clients[key] = make()
    return clients[key]


@each
def test_an_organisation_that_does_not_exist_reads_the_same(
    other_tenant: Tenant, staff_client: Callable[..., Client], clients: dict[str, Client], page: Page
) -> None:
    stranger = client_as(clients, lambda: staff_client(Role.OWNER, other_tenant), "stranger")
    assert stranger.get(page.path("there-is-none")).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_the_left_hand_list_holds_only_what_opens(
    tenant: Tenant, staff_client: Callable[..., Client], role: Role
) -> None:
    client = staff_client(role)
    body = client.get(f"/o/{tenant.slug}/").content.decode()
    links = re.findall(r'class="nav-item" href="([^"]+)"', body)
    allowed = [entry for entry in ENTRIES if entry.right in RIGHTS[role] and exists(entry.url_name)]
    assert len(links) == len(allowed) and links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_the_entrys_right_is_its_pages_right() -> None:
    rights = {page.name: page.right for page in PAGES}
    wrong = [
        entry.url_name
        for entry in ENTRIES
        if exists(entry.url_name) and rights.get(entry.url_name) is not entry.right
    ]
    assert wrong == []
