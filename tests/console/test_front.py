"""The page in front of everything."""

from __future__ import annotations

from typing import Any

from portal.kit.origins import tenant_origin
from tenants.models import Tenant
from tests.conftest import client_of, make_tenant, site_client


def _demonstration() -> Tenant:
    tenant = make_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(is_demonstration=True)
    return tenant


def test_whoever_has_just_started_the_product_finds_what_there_is_to_try() -> None:
    Tenant.objects.filter(is_demonstration=True).update(status=Tenant.Status.CLOSED)
    make_tenant()
    tenant = _demonstration()
    page = site_client().get("/").content.decode()
    assert f'href="{tenant_origin(tenant.slug)}/"' in page
    assert f'href="{tenant_origin(tenant.slug)}/try"' in page
    assert "its people do not exist" in page


def test_in_production_the_front_page_names_no_organisation_and_no_mailbox(settings: Any) -> None:
    tenant = _demonstration()
    settings.IS_PRODUCTION = True
    page = site_client().get("/").content.decode()
    assert "Create an account" in page
    assert tenant.slug not in page and "mailbox" not in page


def test_whoever_only_asks_whether_the_pages_are_there_is_answered() -> None:
    """Previews of links and monitors ask by HEAD."""
    hosted = client_of(make_tenant())
    answers = [site_client().head("/"), hosted.head("/sign-in"), hosted.head("/recover/")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 3
