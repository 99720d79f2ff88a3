"""Whatever one organisation gave a wallet, at another that has an authority of its own."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.models import StatusList
from tenants.verified_id.protocol import holder
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of, make_tenant
from tests.holder import FORM, Wallet, path_of
from tests.verified_id.test_deferred import begin_waiting
from tests.verified_id.test_flow import ask, authority, begin, issued, offer

__all__ = ["authority"]


@pytest.fixture
def elsewhere() -> Tenant:
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_what_one_organisation_gave_is_worth_nothing_at_another(authority: Tenant, elsewhere: Tenant) -> None:
    """And is not used up by having been tried there."""
    here, there = Wallet(authority), Wallet(elsewhere)
    made = offer(authority, begin(authority), other_wallet=True)
    assert told(there.client.get(path_of(made.offer_uri))) == (404, "not_found")
    taken = here.offer(made.deep_link)
    assert told(there.token(taken, made.tx_code)) == (400, "invalid_grant")
    token = here.token(taken, made.tx_code).json()["access_token"]
    issuer, other = taken.credential_issuer, f"http://{elsewhere.slug}"
    assert told(there.credential(token, there.proof(other))) == (401, "invalid_token")

    # A proof made for the other, one with its nonce, and one with its nonce for here.
    assert told(here.credential(token, here.proof(other))) == (400, "invalid_proof")
    nonce = there.client.post("/openid4vci/nonce").json()["c_nonce"]
    assert told(here.credential(token, here.proof(issuer, nonce))) == (400, "invalid_nonce")
    card = here.credential(token, here.proof(issuer))
    assert card.status_code == 200

    there.access_token, there.notification_id = token, card.json()["notification_id"]
    assert told(there.notify()) == (401, "invalid_token")
    with tenant_scope(authority.id):
        list_id = StatusList.objects.get().id
    assert client_of(authority).get(f"/status/{list_id.hex}").status_code == 200
    assert told(client_of(elsewhere).get(f"/status/{list_id.hex}")) == (404, "not_found")


def test_a_promise_and_a_request_of_one_organisation_are_unknown_at_another(
    authority: Tenant, elsewhere: Tenant
) -> None:
    here = Wallet(authority)
    taken = here.offer(offer(authority, begin_waiting(authority)).deep_link)
    token = here.token(taken).json()["access_token"]
    promised = here.credential(token, here.proof(taken.credential_issuer)).json()["transaction_id"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"transaction_id": promised}
    answer = client_of(elsewhere).post(
        "/openid4vci/deferred", body, content_type="application/json", headers=headers
    )
    assert told(answer) == (401, "invalid_token")

    shown = issued(authority)
    _id, link = ask(authority, secrets.token_bytes(32))
    address = path_of(holder.parse_request_link(link).request_uri)
    assert told(client_of(elsewhere).get(address)) == (404, "not_found")
    request = shown.request(link)
    # The card of the one, with a good binding, to a request of the other.
    _id, link = ask(elsewhere, secrets.token_bytes(32))
    theirs = Wallet(elsewhere).request(link)
    text = holder.build_vp_token(
        theirs,
        {theirs.query.credentials[0].id: shown.credentials[-1]},
        signer=shown.signer,
        now=int(time.time()),
    )
    sent = holder.authorization_response(theirs, text)
    answer = client_of(elsewhere).post(path_of(theirs.response_uri), sent, content_type=FORM)
    assert told(answer) == (400, "invalid_request")
    assert shown.respond(request).status_code == 200
