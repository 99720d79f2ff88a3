"""What a wallet is asked for, by whom, and the signed request it fetches (OpenID4VP 1.0, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.scope import current_tenant_id
from tenants.models import Tenant
from tenants.verified_id.clients import certificate_of, signer_of_certificate
from tenants.verified_id.models import Authority, Presentation, TrustedIssuer
from tenants.verified_id.protocol.certificates import read_certificates
from tenants.verified_id.protocol.dcql import (
    JWT_VC,
    SD_JWT,
    ClaimQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
    TrustedAuthority,
    parse_dcql_query,
)
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import Signer
from tenants.verified_id.protocol.presentation_request import (
    CASE_TYPE,
    ResponseMode,
    WalletRequest,
    build_request_object,
    encode_transaction_data,
    encrypt_request_object,
)
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import active_key, signer_of

QUERY_ID = "verified_id"
PORTRAIT = "portrait"
ASKED = ("given_name", "family_name", "birthdate", PORTRAIT, "assurance_level", "verified_at")
# What another's credential is asked for. In a JWT the wallet shows everything; it is told what is wanted all the same.
ASKED_OF_OTHERS: dict[str, tuple[tuple[str, ...], ...]] = {
    TrustedIssuer.Purpose.IDENTITY: (("given_name",), ("family_name",), ("birthdate",)),
    TrustedIssuer.Purpose.EMPLOYEE: (("displayName",),),
    TrustedIssuer.Purpose.PID: (("given_name",), ("family_name",), ("birthdate",)),
}
ASKED_IN_JWTS: dict[str, tuple[tuple[str, ...], ...]] = {
    TrustedIssuer.Purpose.IDENTITY: (("firstName",), ("lastName",)),
    TrustedIssuer.Purpose.EMPLOYEE: (("displayName",),),
    TrustedIssuer.Purpose.PID: (("given_name",), ("family_name",)),
}
_STORED = Refusing("invalid_request", "OpenID4VP 1.0 section 6")


def own_query(authority: Authority, *, portrait: bool = True) -> CredentialQuery:
    """The tenant's own Verified ID, with every claim a recovery needs; without the portrait where no face is compared."""
    asked = tuple(ClaimQuery(path=(name,)) for name in ASKED if portrait or name != PORTRAIT)
    return CredentialQuery(id=QUERY_ID, vct_values=(authority.vct,), claims=asked)


def query_of_issuer(issuer: TrustedIssuer) -> CredentialQuery:
    authorities = _authorities(read_certificates(issuer.certificate_pem)) if issuer.certificate_pem else ()
    if issuer.format == JWT_VC:
        paths = tuple(("credentialSubject", *path) for path in ASKED_IN_JWTS[issuer.purpose])
        return CredentialQuery(
            id=issuer.public_id,
            format=JWT_VC,
            type_values=(tuple(issuer.types),),
            claims=tuple(ClaimQuery(path) for path in paths),
            trusted_authorities=authorities,
        )
    return CredentialQuery(
        id=issuer.public_id,
        format=SD_JWT,
        vct_values=tuple(issuer.types),
        claims=tuple(ClaimQuery(path) for path in ASKED_OF_OTHERS[issuer.purpose]),
        trusted_authorities=authorities,
    )


def _authorities(anchors: Sequence[x509.Certificate]) -> tuple[TrustedAuthority, ...]:
    """The anchors by their key identifiers (section 6.1.1.1)."""
    found = [
        b64u(anchor.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest)
        for anchor in anchors
        if any(extension.oid == x509.SubjectKeyIdentifier.oid for extension in anchor.extensions)
    ]
    return (TrustedAuthority("aki", tuple(found)),) if found else ()


def query_of(
    authority: Authority, *, others: Sequence[TrustedIssuer] = (), own: bool = True, portrait: bool = True
) -> DcqlQuery:
    """One credential: the tenant's own, or one of the others'. ValueError when nobody's would do."""
    own_one = (own_query(authority, portrait=portrait),) if own else ()
    asked = (*own_one, *(query_of_issuer(issuer) for issuer in others))
    options = tuple((query.id,) for query in asked)
    return DcqlQuery(asked, (CredentialSetQuery(options),) if len(asked) > 1 else ())


def stored_query(row: Presentation) -> DcqlQuery:
    return parse_dcql_query(row.query, _STORED)


def asked_of_own(row: Presentation) -> tuple[str, ...]:
    """The claims that this request asks of the tenant's own Verified ID, as it was made."""
    own = [query for query in stored_query(row).credentials if query.id == QUERY_ID]
    return tuple(str(claim.path[0]) for query in own for claim in query.claims)


def purpose_data(purpose: str, organisation: str) -> str:
    """What a wallet that can show it puts before the person, and signs (section 5.1)."""
    return encode_transaction_data(CASE_TYPE, QUERY_ID, {"purpose": purpose, "organisation": organisation})


def _decide_what_is_shown(row: Presentation, wallet: WalletRequest, organisation: str) -> None:
    """The first fetch decides: a wallet that can show the purpose is told to, and then its answer has to carry it. Later
    fetches get the same request, so that nobody talks a wallet out of showing it."""
    if row.fetched_at is not None:
        return
    is_own_alone = [credential["id"] for credential in row.query["credentials"]] == [QUERY_ID]
    shows = is_own_alone and CASE_TYPE in wallet.transaction_data_types
    row.transaction_data = purpose_data(row.purpose, organisation) if shows else ""
    row.fetched_at = clock.now()
    first = Presentation.objects.filter(id=row.id, fetched_at=None)
    if not first.update(fetched_at=row.fetched_at, transaction_data=row.transaction_data):
        row.refresh_from_db(fields=["fetched_at", "transaction_data"])


def request_object(row: Presentation, wallet: WalletRequest) -> str:
    """The signed request object for one fetch (OpenID4VP 1.0, sections 5 and 5.10)."""
    if row.state != Presentation.State.WAITING or row.expires_at <= clock.now():
        raise NotHere("presentation_over")
    authority = get_authority()
    organisation = str(Tenant.objects.values_list("name", flat=True).get(id=current_tenant_id()))
    _decide_what_is_shown(row, wallet, organisation)
    signer, certificates = _signer(row)
    now = int(clock.now().timestamp())
    mode = ResponseMode(row.response_mode)
    text = build_request_object(
        signer=signer,
        client_id=row.client_id,
        response_uri=f"{authority.issuer}/openid4vp/responses/{row.id.hex}",
        response_mode=mode,
        nonce=row.nonce,
        state=row.state_value,
        query=stored_query(row),
        issued_at=now,
        expires_at=min(now + 300, max(now + 1, int(row.expires_at.timestamp()))),
        encryption_key=row.encryption_public_jwk if mode is ResponseMode.DIRECT_POST_JWT else None,
        transaction_data=[row.transaction_data] if row.transaction_data else [],
        wallet_nonce=wallet.wallet_nonce,
        client_name=organisation,
        certificates=certificates,
    )
    return encrypt_request_object(text, wallet)


def _signer(row: Presentation) -> tuple[Signer, list[x509.Certificate]]:
    """Whoever the client identifier names. NotHere when its certificate was replaced since."""
    if row.client_id.startswith("decentralized_identifier:"):
        return signer_of(active_key()), []
    certificate = certificate_of(row.client_id)
    return signer_of_certificate(certificate), read_certificates(certificate.chain_pem)
