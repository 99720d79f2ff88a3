"""The whole conversation between a wallet, the issuer and the verifier, without a server between them."""

import json

from tenants.verified_id.protocol import (
    credential_request,
    did_web,
    encryption,
    holder,
    issuance,
    key_proof,
    presentation,
    presentation_request,
    sd_jwt_vc,
    status_list,
)
from tenants.verified_id.protocol.credential_offer import CredentialOffer, TxCode, offer_link_by_reference
from tenants.verified_id.protocol.dcql import ClaimQuery, CredentialQuery, DcqlQuery
from tenants.verified_id.protocol.issuance import PreAuthorizedGrant
from tenants.verified_id.protocol.presentation import PresentationTransaction
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.world import CLAIMS, DID, HOLDER, ISSUER, ISSUER_ORIGIN, NOW, STATUS, VCT, dice, refused


def issue() -> str:
    offer = CredentialOffer(ISSUER_ORIGIN, ("VerifiedIdentity",), "code", TxCode())
    assert (
        holder.parse_offer_link(offer_link_by_reference(f"{ISSUER_ORIGIN}/offers/x"))
        == f"{ISSUER_ORIGIN}/offers/x"
    )
    fetched = holder.parse_offer(json.dumps(offer.to_object()))

    token_request = issuance.parse_token_request(
        holder.token_request(fetched, tx_code="493536"),
        holder.FORM,
        known_configurations={"VerifiedIdentity"},
    )
    grant = PreAuthorizedGrant(NOW + 60, used=False, tries_left=4, tx_code_digest=b"493536")
    issuance.verify_token_request(token_request, expected_grant=grant, digest=str.encode, now=NOW)
    access_token = issuance.token_response("at")["access_token"]
    assert issuance.read_access_token(f"Bearer {access_token}").unverified_token == "at"

    c_nonce = issuance.nonce_response("c-nonce")["c_nonce"]
    proof = holder.build_key_proof(HOLDER, issuer=fetched.credential_issuer, nonce=c_nonce, issued_at=NOW)
    body = holder.credential_request("VerifiedIdentity", [proof])
    request = credential_request.parse_credential_request(
        body, holder.JSON, known_configurations={"VerifiedIdentity"}
    )
    live = key_proof.unverified_nonces(request.unverified_proofs) & {"c-nonce"}
    (bound,) = key_proof.verify_key_proofs(
        request.unverified_proofs, expected_issuer=ISSUER_ORIGIN, expected_nonces=live, now=NOW
    )
    text = sd_jwt_vc.issue_credential(
        signer=ISSUER,
        issuer=DID,
        vct=VCT,
        holder_key=bound.jwk,
        issued_at=NOW,
        expires_at=NOW + 1000,
        disclosable=CLAIMS,
        random=dice(),
        status=STATUS,
        decoys=2,
    )
    return str(credential_request.credential_response([text])["credentials"][0]["credential"])


def test_a_credential_is_offered_fetched_shown_verified_and_revoked() -> None:
    held = issue()
    document = did_web.did_document(
        DID, keys=[ISSUER.public_jwk], linked_origins=["https://www.acme.example"]
    )
    keys = did_web.read_did_document(document, expected_did=DID)

    key = encryption.generate_encryption_key(dice(3))
    query = DcqlQuery(
        (CredentialQuery("id", (VCT,), (ClaimQuery(("family_name",)), ClaimQuery(("portrait",)))),)
    )
    data = presentation_request.encode_transaction_data("case", "id", {"case": "K7Q2"})
    transaction = PresentationTransaction(
        client_id=presentation_request.client_id_of_did(DID),
        nonce="n" * 22,
        state="s" * 22,
        query=query,
        response_mode=ResponseMode.DIRECT_POST_JWT,
        expires_at=NOW + 300,
        used=False,
        transaction_data=(data,),
        encryption_keys={key.kid: key.private_jwk},
    )
    request_object = presentation_request.build_request_object(
        signer=ISSUER,
        client_id=transaction.client_id,
        response_uri=f"{ISSUER_ORIGIN}/response/1",
        response_mode=transaction.response_mode,
        nonce=transaction.nonce,
        state=transaction.state,
        query=query,
        issued_at=NOW,
        expires_at=transaction.expires_at,
        encryption_key=key,
        transaction_data=[data],
    )
    request = holder.verify_request_object(
        request_object, expected_client_id=transaction.client_id, trusted_keys=keys, now=NOW
    )
    vp_token = holder.build_vp_token(request, {"id": held}, signer=HOLDER, now=NOW)
    body = holder.authorization_response(request, vp_token)

    answer = presentation.read_authorization_response(body, holder.FORM, expected=transaction, now=NOW)
    assert isinstance(answer, presentation.UnverifiedResponse)
    verified = presentation.verify_vp_token(
        answer, expected=transaction, trust={"id": Trust((DID,), keys)}, now=NOW
    )
    credential = verified.presentations["id"].credential
    assert credential.disclosed == {"family_name", "portrait"} and "given_name" not in credential.claims

    assert credential.status == STATUS
    fresh_list(revoked=False).require_valid(credential.status)
    assert refused(lambda: fresh_list(revoked=True).require_valid(STATUS)).reason == "status_not_valid"


def fresh_list(*, revoked: bool) -> status_list.VerifiedStatusList:
    statuses = {STATUS.index: status_list.Status.INVALID} if revoked else {}
    token = status_list.build_status_list_token(
        signer=ISSUER,
        uri=STATUS.uri,
        packed=status_list.pack_statuses(statuses),
        bits=2,
        issued_at=NOW,
        expires_at=NOW + 900,
        time_to_live=300,
    )
    return status_list.verify_status_list_token(
        token,
        trust=Trust((), {ISSUER.kid: ISSUER.public_jwk}),
        expected_uri=STATUS.uri,
        resolved_at=NOW,
        now=NOW,
    )
