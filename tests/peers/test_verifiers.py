"""Verifiers nobody here wrote read a credential of ours, its status list and its issuer's documents over HTTP."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.dcql import parse_dcql_query
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.selectors import get_authority
from tests.holder import Wallet
from tests.peers.certificates import Authority
from tests.peers.conftest import Wallet as Peer
from tests.verified_id.test_flow import CLAIMS, issued

REFUSING = Refusing("invalid_request", "OpenID4VP 1.0 section 6")
ASKED = ["given_name", "family_name", "birthdate"]


def names_of(tenant: Tenant) -> tuple[str, str, str]:
    with tenant_scope(tenant.id):
        authority = get_authority()
        return authority.issuer, authority.vct, authority.did


def revoke_all(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        for row in Credential.objects.all():
            revoke_credential(row.id, reason="lost", actor=SYSTEM)


def read_request(request: str, client_id: str) -> holder.VerifiedRequest:
    """A wallet that trusts this verifier: our holder verifies DIDs alone, this one signs with a certificate."""
    body = request.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    metadata = claims["client_metadata"]
    return holder.VerifiedRequest(
        client_id=client_id,
        response_uri=claims["response_uri"],
        response_mode=ResponseMode(claims["response_mode"]),
        nonce=claims["nonce"],
        state=claims["state"],
        query=parse_dcql_query(claims["dcql_query"], REFUSING),
        transaction_data=(),
        encryption_jwk=metadata["jwks"]["keys"][0],
        encs=tuple(metadata["encrypted_response_enc_values_supported"]),
    )


def shown_to_polaris(
    tenant: Tenant, wallet: Wallet, verifiers: Peer, folder: Path, **changes: Any
) -> dict[str, Any]:
    issuer, vct, _did = names_of(tenant)
    certificate, key = Authority(folder).issue("verifier", "verifier.test").pem
    asked = verifiers(
        verb="ask", issuer=issuer, vct=vct, claims=ASKED, certificate=certificate, key=key, **changes
    )
    assert "error" not in asked, asked
    request = read_request(asked["request"], asked["client_id"])
    vp_token = holder.build_vp_token(
        request, {"verified_id": wallet.credentials[-1]}, signer=wallet.signer, now=int(time.time())
    )
    form = holder.authorization_response(request, vp_token).decode()
    return verifiers(verb="judge", response=form.removeprefix("response="))


def test_polaris_reads_what_was_asked_and_our_status_list(
    authority: Tenant, verifiers: Peer, tmp_path: Path
) -> None:
    judged = shown_to_polaris(authority, issued(authority), verifiers, tmp_path)
    assert judged["status"] == 200, judged
    assert {name: judged["claims"][name] for name in ASKED} == {name: CLAIMS[name] for name in ASKED}
    assert "portrait" not in judged["claims"]
    assert (judged["revocation"]["state"], judged["revocation"]["status"]) == ("checked", 0)


def test_polaris_refuses_what_we_revoked_and_a_key_that_is_not_the_holders(
    authority: Tenant, verifiers: Peer, tmp_path: Path
) -> None:
    wallet = issued(authority)
    stranger = Wallet(authority, credentials=wallet.credentials)
    assert shown_to_polaris(authority, stranger, verifiers, tmp_path)["status"] == 400
    revoke_all(authority)
    revoked = shown_to_polaris(authority, wallet, verifiers, tmp_path)
    assert (revoked["status"], revoked["code"]) == (400, "revoked")


def test_openvc_verifies_the_credential_its_did_its_status_and_its_type(
    authority: Tenant, verifiers: Peer
) -> None:
    wallet = issued(authority)
    _issuer, vct, did = names_of(authority)
    read = verifiers(verb="credential", credential=wallet.credentials[-1], vct=vct)
    assert "error" not in read, read
    assert (read["format"], read["issuer"]) == ("sd-jwt-vc", did)
    assert {name: read["claims"][name] for name in CLAIMS} == CLAIMS
    assert sorted([*CLAIMS, "portrait"]) == read["described"]
    revoke_all(authority)
    assert "error" in verifiers(verb="credential", credential=wallet.credentials[-1], vct=vct)
