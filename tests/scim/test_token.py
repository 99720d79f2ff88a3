"""Tokens: made by a command and a page, shown once, revoked."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from portal.kit.scope import tenant_scope
from tenants.directory.models import ScimToken
from tenants.directory.scim.tokens import FORM
from tenants.models import Tenant
from tests.conftest import make_member
from tests.console.conftest import client_of_member
from tests.scim.conftest import Provisioner


def run(*arguments: str) -> tuple[int, Any]:
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("create_scim_token", *arguments, stdout=out, stderr=err)
    code = ended.value.code
    assert isinstance(code, int)
    return code, json.loads(out.getvalue()) if out.getvalue() else err.getvalue()


def test_a_command_makes_a_token_that_works_at_the_address_it_prints(tenant: Tenant) -> None:
    code, told = run("--tenant", tenant.slug, "--json")
    assert code == 0 and told["base"].endswith(f"/scim/{tenant.slug}/v2")
    assert Provisioner(tenant, told["token"]).ask("GET", "/Users").status_code == 200
    assert run("--tenant", "nowhere") == (1, "There is no organisation nowhere.\n")


def test_a_page_shows_a_token_once_and_another_ends_it(tenant: Tenant) -> None:
    client, home = client_of_member(make_member(tenant)), f"/o/{tenant.slug}/people/provisioning/"
    made = client.post(f"{home}new", {"label": "Entra ID"})
    (token,) = set(FORM.pattern.findall(made.content.decode()))
    scim = Provisioner(tenant, token)
    assert scim.ask("GET", "/Groups").status_code == 200
    shown = client.get(home).content.decode()
    assert "Entra ID" in shown and not FORM.pattern.search(shown)
    with tenant_scope(tenant.id):
        row = ScimToken.objects.get()
    assert client.post(f"{home}{row.public_id}/revoke", {"word": "no"}).status_code == 200
    assert scim.ask("GET", "/Groups").status_code == 200
    assert client.post(f"{home}{row.public_id}/revoke", {"word": "revoke"}).status_code == 302
    assert scim.ask("GET", "/Groups").status_code == 401


def test_there_is_an_end_to_how_many_tokens_work(tenant: Tenant) -> None:
    codes = [run("--tenant", tenant.slug)[0] for _number in range(11)]
    assert codes == [0] * 10 + [1]
