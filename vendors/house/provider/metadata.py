"""What the provider says about itself: OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 9126 section 5,
RFC 9207 section 3 and OpenID Connect for Identity Assurance 1.0 section 7."""

from __future__ import annotations

from typing import Any

TRUST_FRAMEWORK = "readmit_house"
AUTH_METHODS = ("client_secret_basic", "client_secret_post")
CLAIMS = ("given_name", "family_name", "birthdate")
DOCUMENTS = ("passport", "idcard")
CHECK_METHODS = ("vri", "data", "bvr")


def provider_metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "registration_endpoint": f"{issuer}/register",
        "jwks_uri": f"{issuer}/jwks",
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "scopes_supported": ["openid"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": True,
        "claims_parameter_supported": True,
        "claims_supported": ["sub", "verified_claims"],
        "ui_locales_supported": ["en"],
        "verified_claims_supported": True,
        "trust_frameworks_supported": [TRUST_FRAMEWORK],
        "evidence_supported": ["document"],
        "documents_supported": list(DOCUMENTS),
        "documents_methods_supported": ["vri"],
        "documents_check_methods_supported": list(CHECK_METHODS),
        "claims_in_verified_claims_supported": list(CLAIMS),
        "attachments_supported": ["external"],
        "digest_algorithms_supported": ["sha-256"],
    }
