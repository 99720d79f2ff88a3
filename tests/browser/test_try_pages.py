"""The page "Try it" without a browser: where it is, and what it refuses."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from portal.demo.views import COOKIE
from portal.kit.scope import tenant_scope
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant
from tests.conftest import make_tenant

ClientFor = Callable[[Tenant], Client]


@pytest.fixture
def demonstration() -> Tenant:
    return make_tenant(is_demonstration=True)


def _told(**changes: Any) -> dict[str, Any]:
    held = io.BytesIO()
    Image.new("RGB", (700, 900), (120, 130, 140)).save(held, "JPEG")
    picture = base64.b64encode(held.getvalue()).decode()
    return {
        "given_names": "Kim",
        "family_name": "Muster",
        "birthdate": "1990-05-17",
        "picture": picture,
    } | changes


def _post(client: Client, **changes: Any) -> Any:
    return client.post("/try/person", _told(**changes), content_type="application/json")


def test_only_a_demonstration_has_the_page(
    tenant: Tenant, demonstration: Tenant, client_for: ClientFor
) -> None:
    assert client_for(demonstration).get("/try").status_code == 200
    for path in ("/try", "/try/mail"):
        assert client_for(tenant).get(path).status_code == 404, path
    assert _post(client_for(tenant)).status_code == 404
    assert client_for(tenant).post("/try/recover").status_code == 404
    with tenant_scope(tenant.id):
        assert not DirectoryPerson.objects.exists()


def test_production_has_no_such_page(demonstration: Tenant, client_for: ClientFor, settings: Any) -> None:
    settings.IS_PRODUCTION = True
    assert client_for(demonstration).get("/try").status_code == 404
    assert _post(client_for(demonstration)).status_code == 404


def test_a_visitor_becomes_a_person_with_a_specimen_that_is_kept_nowhere(
    demonstration: Tenant, client_for: ClientFor
) -> None:
    answer = _post(client_for(demonstration))
    assert answer.status_code == 200
    told = answer.json()
    passport = Image.open(io.BytesIO(base64.b64decode(told["passport"])))
    # Its grain is another each time.
    assert passport.size == (1600, 1200) and len(told["passport"]) < 1_200_000
    with tenant_scope(demonstration.id):
        person = DirectoryPerson.objects.get(user_name=told["user_name"])
    assert person.source == "demo" and told["email"].endswith(f"@{demonstration.slug}.example")


@pytest.mark.parametrize(
    "changes",
    [
        {"picture": "no base64!"},
        {"picture": base64.b64encode(b"GIF89a" + b"\0" * 50).decode()},
        {"picture": ""},
        {"birthdate": "2025-01-01"},
        {"given_names": ""},
    ],
)
def test_what_is_no_picture_or_no_name_is_refused_with_words(
    demonstration: Tenant, client_for: ClientFor, changes: dict[str, str]
) -> None:
    answer = _post(client_for(demonstration), **changes)
    assert answer.status_code in (400, 422)
    assert any(answer.json()["errors"].values())


def test_a_forged_cookie_recovers_nobody_and_reads_no_mail(
    demonstration: Tenant, client_for: ClientFor
) -> None:
    client = client_for(demonstration)
    _post(client_for(demonstration))
    client.cookies[COOKIE] = "eyJwZXJzb24iOiJ4In0:forged:signature"
    assert client.get("/try/mail").status_code == 204
    assert client.post("/try/recover").headers["location"] == "/try"
