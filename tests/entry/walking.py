"""The steps that every sign-in by a provider is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.entry import provider_services as services
from recovery.entry.provider_forms import CLAIM_OF
from tests.recovery.journey import Place
from tests.vendors.conftest import work


def enter_settings(
    place: Place, issuer: str, *, client_id: str, secret: str, match: str, claim: str = ""
) -> None:
    given = {
        "name": "Nordlicht",
        "issuer": issuer,
        "client_id": client_id,
        "proof": "client_secret",
        "match": match,
        "claim": claim or CLAIM_OF[match],  # type: ignore[index]
    }
    with tenant_scope(place.tenant.id):
        services.save_provider(given=given, secret=secret, actor=SYSTEM)
    work(place.tenant)


def link_on(visitor: Any) -> str:
    body = visitor.client.get("/sign-in/provider/go").content.decode()
    return unescape(re.search(r'href="([^"]+[?&]response_type=code[^"]*)"', body)[1])  # type: ignore[index]


def begin(visitor: Any) -> str:
    """The address of the provider that the page leads to."""
    answer = visitor.client.post("/sign-in/provider")
    assert (answer.status_code, answer.url) == (303, "/sign-in/provider/go")
    return link_on(visitor)


def back(visitor: Any, query: dict[str, Any]) -> None:
    answer = visitor.client.get("/sign-in/returned", query)
    assert (answer.status_code, answer.url) == (303, "/sign-in/checking"), answer.content
    work(visitor.place.tenant)


def tried(place: Place, visit: Callable[[str], dict[str, Any]]) -> str:
    """Try it out as whoever sets it up, and turn it on. What the trial's page says."""
    from tests.entry.test_inviting import Visitor

    with tenant_scope(place.tenant.id):
        link = urlsplit(services.make_trial(actor=SYSTEM)).path
    visitor = Visitor(place)
    assert visitor.client.get(link).status_code == 200
    assert visitor.client.post(link).status_code == 303
    back(visitor, visit(link_on(visitor)))
    with tenant_scope(place.tenant.id):
        services.turn(on=True, actor=SYSTEM)
    return str(visitor.client.get("/sign-in/checking").content.decode())
