"""What clients read of an organisation's bridge (OpenID Connect Discovery 1.0, 3; OpenID Connect for Identity Assurance 1.0, 8)."""

from __future__ import annotations

from typing import Any

from portal.kit.origins import tenant_url
from tenants.models import Tenant
from vendors.bridge.asked import FRAMEWORK, SUPPORTED
from vendors.bridge.keys import ALGORITHM

PATH = "/bridge"
ASSERTION_ALGORITHMS = ("ES256", "PS256", "RS256")


def issuer_of(tenant: Tenant) -> str:
    return tenant_url(tenant.slug, PATH)


def endpoint_of(tenant: Tenant, name: str) -> str:
    return f"{issuer_of(tenant)}/{name}"


def metadata_of(tenant: Tenant) -> dict[str, Any]:
    return {
        "issuer": issuer_of(tenant),
        "authorization_endpoint": endpoint_of(tenant, "authorize"),
        "token_endpoint": endpoint_of(tenant, "token"),
        "pushed_authorization_request_endpoint": endpoint_of(tenant, "par"),
        "require_pushed_authorization_requests": True,
        "jwks_uri": endpoint_of(tenant, "keys"),
        "scopes_supported": ["openid", "profile", "identity_assurance"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claim_types_supported": ["normal"],
        "claims_supported": ["sub", "auth_time", "verified_claims"],
        "verified_claims_supported": True,
        "trust_frameworks_supported": [FRAMEWORK],
        "claims_in_verified_claims_supported": list(SUPPORTED),
        "evidence_supported": ["document"],
    }
