"""The wallet's answer (OpenID4VP 1.0 section 8): from a form body to verified presentations, in two steps.

`read_authorization_response` opens the envelope and says whether a wallet answered or declined;
`verify_vp_token` judges what was inside. Both compare with the stored transaction only, never with anything
the answer brings along. Revocation is not looked up here: the caller must, for every credential, and refuse
when it cannot. Nor does it know in which browser the answer will be shown: that is the `response_code`'s task.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.verified_id.protocol.dcql import (
    SD_JWT,
    CredentialQuery,
    DcqlQuery,
    check_answered,
    check_complete,
)
from tenants.verified_id.protocol.encoding import check_url, parse_form, parse_json_object
from tenants.verified_id.protocol.encryption import ENCS, MAX_JWE, decrypt
from tenants.verified_id.protocol.errors import ProtocolError, Refusing
from tenants.verified_id.protocol.jws import DEFAULT_ALGS
from tenants.verified_id.protocol.jwt_vc import VerifiedJwtPresentation, verify_jwt_presentation
from tenants.verified_id.protocol.presentation_request import ResponseMode, transaction_data_for
from tenants.verified_id.protocol.sd_jwt_vc import VerifiedPresentation, verify_presentation
from tenants.verified_id.protocol.trust import Trust

MAX_BODY = MAX_JWE + 4096
Verified = VerifiedPresentation | VerifiedJwtPresentation
_REFUSING = Refusing("invalid_request", "OpenID4VP 1.0 section 8")
_KNOWN_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_response_type",
        "server_error",
        "temporarily_unavailable",
        "vp_formats_not_supported",
        "invalid_request_uri_method",
        "invalid_transaction_data",
        "wallet_unavailable",
    }
)


@dataclass(frozen=True)
class PresentationTransaction:
    """What was asked, as it was stored. `encryption_keys` holds the private JWKs by `kid`."""

    client_id: str
    nonce: str
    state: str
    query: DcqlQuery
    response_mode: ResponseMode
    expires_at: int
    used: bool
    transaction_data: tuple[str, ...] = ()
    encryption_keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class UnverifiedResponse:
    """The parameters of an answer that belongs to the transaction; its `vp_token` is still anybody's."""

    vp_token: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class WalletError:
    """The wallet declined (section 8.5). `error` is a known code or "unknown"; descriptions are not kept."""

    error: str


@dataclass(frozen=True)
class VerifiedResponse:
    """One verified presentation for each credential query that was answered, by its id."""

    presentations: Mapping[str, Verified]


def read_authorization_response(
    body: bytes, content_type: str, *, expected: PresentationTransaction, now: int
) -> UnverifiedResponse | WalletError:
    """Open the answer.

    1. the transaction lives and is unused (14.2);  2. form-encoded, bounded, each parameter once (8.2);
    3. an error may come in plain text in either mode (8.3.1), with our `state`;
    4. otherwise the mode is the one that was asked: a plain answer to direct_post.jwt is refused (8.3.1);
    5. the JWE opens with a key of this transaction (8.3);  6. `state` is ours (14.4.2);
    7. `vp_token` is a JSON object (8.1).
    """
    # 1
    if expected.used or now >= expected.expires_at:
        reason = "transaction_used" if expected.used else "transaction_expired"
        raise _REFUSING(reason, clause="OpenID4VP 1.0 section 14.2")
    # 2
    form: Mapping[str, Any] = parse_form(body, content_type, _REFUSING, max_bytes=MAX_BODY)
    # 3
    if "error" in form:
        return _wallet_error(form, expected)
    # 4
    encrypted = expected.response_mode is ResponseMode.DIRECT_POST_JWT
    if ("response" in form) != encrypted or ("vp_token" in form) == encrypted:
        raise _REFUSING(
            "response_mode",
            clause="OpenID4VP 1.0 section 8.3.1",
            found=sorted(form),
            expected=expected.response_mode,
        )
    # 5
    parameters = _opened(form["response"], expected) if encrypted else form
    if "error" in parameters:
        return _wallet_error(parameters, expected)
    # 6
    _check_state(parameters.get("state"), expected)
    # 7
    vp_token = parameters.get("vp_token")
    if isinstance(vp_token, str):
        vp_token = parse_json_object(vp_token, _REFUSING)
    if not isinstance(vp_token, dict):
        raise _REFUSING("vp_token", clause="OpenID4VP 1.0 section 8.1", found=type(vp_token).__name__)
    return UnverifiedResponse(vp_token)


def verify_vp_token(
    unverified: UnverifiedResponse,
    *,
    expected: PresentationTransaction,
    trust: Mapping[str, Trust],
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
) -> VerifiedResponse:
    """Section 8.6. `trust` says for each query whose credentials answer it; a query it does not name is never answered.

    1. ids that were asked, and all that are required (6.4.2, 8.1);  2. one text for each (8.1);
    3. each presentation verifies: issuer, type, validity, disclosures, key binding (8.6, 14.2.2);
    4. every asked claim is there (8.6).
    """
    # 1
    check_complete(expected.query, unverified.vp_token.keys(), _REFUSING)
    presentations = {}
    for query in expected.query.credentials:
        if query.id not in unverified.vp_token:
            continue
        # 2
        entry = unverified.vp_token[query.id]
        if not isinstance(entry, list) or len(entry) != 1 or not isinstance(entry[0], str):
            raise _REFUSING("vp_token_entry", clause="OpenID4VP 1.0 section 8.1", found=query.id)
        # 3
        presentation = _verify_one(entry[0], query, expected, trust.get(query.id, Trust()), now, allowed_algs)
        # 4
        check_answered(query, presentation.claims, _REFUSING)
        presentations[query.id] = presentation
    return VerifiedResponse(presentations)


def _verify_one(
    unverified_presentation: str,
    query: CredentialQuery,
    expected: PresentationTransaction,
    trust: Trust,
    now: int,
    allowed_algs: Collection[str],
) -> Verified:
    data = transaction_data_for(query.id, expected.transaction_data)
    if query.format == SD_JWT:
        return verify_presentation(
            unverified_presentation,
            trust=trust,
            expected_vcts=query.vct_values,
            expected_nonce=expected.nonce,
            expected_audience=expected.client_id,
            expected_transaction_data=data,
            now=now,
            allowed_algs=allowed_algs,
            refusing=_REFUSING,
        )
    return verify_jwt_presentation(
        unverified_presentation,
        trust=trust,
        expected_types=query.type_values,
        expected_nonce=expected.nonce,
        expected_audience=expected.client_id,
        expected_transaction_data=data,
        now=now,
        allowed_algs=allowed_algs,
        refusing=_REFUSING,
    )


def direct_post_response(redirect_uri: str | None = None) -> dict[str, str]:
    """Section 8.2: the body for the wallet, status 200, `no-store`. The URI holds a fresh `response_code`."""
    return {"redirect_uri": check_url_with_code(redirect_uri)} if redirect_uri is not None else {}


def check_url_with_code(redirect_uri: str) -> str:
    """The code may stand in the path, the query or the fragment (section 8.2)."""
    check_url(redirect_uri.partition("#")[0])
    return redirect_uri


def _opened(response: str, expected: PresentationTransaction) -> dict[str, Any]:
    return decrypt(response, private_jwks=expected.encryption_keys, refusing=_REFUSING, allowed_encs=ENCS)


def _wallet_error(parameters: Mapping[str, Any], expected: PresentationTransaction) -> WalletError:
    _check_state(parameters.get("state"), expected)
    error = parameters["error"]
    if not isinstance(error, str):  # inside an encrypted answer it may be any JSON
        raise _REFUSING("error", clause="OpenID4VP 1.0 section 8.5", found=type(error).__name__)
    return WalletError(error if error in _KNOWN_ERRORS else "unknown")


def _check_state(found: object, expected: PresentationTransaction) -> None:
    if not expected.state or not isinstance(found, str):
        raise _state_error()
    if not hmac.compare_digest(found.encode(), expected.state.encode()):
        raise _state_error()


def _state_error() -> ProtocolError:
    return _REFUSING("state", clause="OpenID4VP 1.0 section 14.4.2")
