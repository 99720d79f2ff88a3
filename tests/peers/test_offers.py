"""The operator's offers, taken by a wallet nobody here wrote from the real server over HTTP."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.services import create_person
from tenants.models import Tenant
from tenants.verified_id.issuance import review_issuance
from tenants.verified_id.models import Credential, IssuanceOffer
from tests.peers.conftest import Wallet
from tests.peers.test_wallet import well


def command(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(*arguments, stdout=out)
    assert not left.value.code
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def offered(tenant: Tenant, *more: str) -> dict[str, Any]:
    with tenant_scope(tenant.id):
        create_person(
            user_name="ada.sample", given_names="Ada", family_name="Sample", emails=[], actor=SYSTEM
        )
    told = command("offer_credential", "--tenant", tenant.slug, "--person", "ada.sample", *more)
    return {"verb": "accept", "offer": told["offer"], "txCode": told["tx_code"]}


def test_it_takes_an_operators_offer_and_a_rotated_key_and_a_revocation_reach_it(
    authority: Tenant, wallet: Wallet
) -> None:
    told = command("rotate_keys", "--tenant", authority.slug, "--now", "--json")
    taken, read = well(wallet(offered(authority), {"verb": "status"}))
    assert (taken["family_name"], taken["kid"], taken["tokenType"]) == ("Sample", told["key"], "Bearer")
    assert read["type"]["vct"] == read["vct"] and "vct#integrity" in taken["claims"]
    with tenant_scope(authority.id):
        row = Credential.objects.get()
        assert row.accepted_at is not None
    command("revoke_credential", row.public_id, "--reason", "Lost.", "--json")


def test_it_binds_its_token_to_a_key_with_our_nonce(authority: Tenant, wallet: Wallet) -> None:
    said = wallet({**offered(authority), "bound": True})
    (taken,) = well(said)
    assert (taken["tokenType"], taken["family_name"]) == ("DPoP", "Sample")
    assert [line for line in said["seen"] if "/token " in line] == [
        "POST /openid4vci/token 400",
        "POST /openid4vci/token 200",
    ]


def test_it_comes_back_for_a_card_that_a_member_looked_at_first(authority: Tenant, wallet: Wallet) -> None:
    step = {**offered(authority, "--review"), "bound": True}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(wallet, step)
        _release_when_asked(authority)
        said = running.result()
    (taken,) = well(said)
    assert taken["family_name"] == "Sample"
    found = [line for line in said["seen"] if "/deferred " in line or "/credential " in line]
    assert found[0] == "POST /openid4vci/credential 202" and found[-1] == "POST /openid4vci/deferred 200"


def _release_when_asked(tenant: Tenant) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        with tenant_scope(tenant.id):
            row = IssuanceOffer.objects.exclude(transaction_digest=None).first()
            if row is not None:
                review_issuance(row.issuance_id, release=True, actor=SYSTEM)
                return
        time.sleep(0.1)
    raise AssertionError("the wallet did not ask")
