"""did:web (W3C CCG): a tenant's identifier, and the document that lists its keys.

The document says which keys may sign in the tenant's name today; it has no history, so our own table of keys,
not a fetch over HTTP, decides about our own credentials. Verification methods are JsonWebKey2020 with
`publicKeyJwk`, the one shape every wallet that was tried accepts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tenants.verified_id.protocol.encoding import check_url, is_loopback
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import check_public_jwk, thumbprint

_CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"]
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")
_REFUSING = Refusing("invalid_request", "did:web 2.1")


def did_web(url: str) -> str:
    """The identifier of an origin or of a path below it: a port becomes %3A, slashes become colons."""
    parts = urlsplit(check_url(url))
    host = (parts.hostname or "").lower()
    port = f"%3A{parts.port}" if parts.port else ""
    segments = [quote(segment, safe="-._~") for segment in parts.path.split("/") if segment]
    did = ":".join(["did:web", f"{host}{port}", *segments])
    did_document_url(did)
    return did


def did_document_url(did: str) -> str:
    """Where the document lives (did:web 2.5.2). http is used for this machine alone, in development."""
    method, _, identifier = did.partition("did:web:")
    host_and_port, *segments = identifier.split(":")
    host, percent, port = host_and_port.partition("%3A")
    whole = not method and _HOST.fullmatch(host) and (not percent or _is_port(port))
    if not whole or not all(_SEGMENT.fullmatch(unquote(segment)) for segment in segments):
        raise _REFUSING("did_web", found=did[:80])
    scheme = "http" if is_loopback(host) else "https"
    path = "/".join(segments) if segments else ".well-known"
    return f"{scheme}://{host}{':' + port if port else ''}/{path}/did.json"


def verification_method_id(did: str, jwk: Mapping[str, Any]) -> str:
    """The absolute DID URL of a key, which is its `kid` everywhere: the fragment is its thumbprint."""
    return f"{did}#{thumbprint(jwk)}"


def did_document(
    did: str, *, keys: Sequence[Mapping[str, Any]], linked_origins: Sequence[str] = ()
) -> dict[str, Any]:
    """The DID document with every key that is published: pending, active and retired ones (DID Core 5).

    `keys` are public JWKs; any private member is refused. `linked_origins` become the LinkedDomains service.
    """
    did_document_url(did)
    if not keys:
        raise ValueError("a DID document without keys can verify nothing")
    methods = [_verification_method(did, key) for key in keys]
    references = [method["id"] for method in methods]
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": references,
        "authentication": references,
    }
    if linked_origins:
        document["service"] = [
            {
                "id": f"{did}#linked-domains",
                "type": "LinkedDomains",
                "serviceEndpoint": {"origins": list(linked_origins)},
            }
        ]
    return document


def read_did_document(
    unverified_document: Mapping[str, Any], *, expected_did: str, relationship: str = "assertionMethod"
) -> dict[str, dict[str, str]]:
    """The keys a did:web document grants for one relationship, by absolute DID URL.

    1. `id` is the DID that was asked (did:web 2.5.2 step 7);  2. the relationship is a list (DID Core 5.3);
    3. each listed method belongs to this DID and carries a public JWK (DID Core 5.2). No key at all: refused.
    """
    # 1
    if unverified_document.get("id") != expected_did:
        raise _REFUSING("did_document_id", clause="did:web 2.5.2", expected=expected_did)
    methods = unverified_document.get("verificationMethod", [])
    granted = unverified_document.get(relationship, [])
    # 2
    if not isinstance(methods, list) or not isinstance(granted, list):
        raise _REFUSING("did_document_shape", clause="DID Core 5.3")
    by_id = {
        _absolute(method.get("id"), expected_did): method for method in methods if isinstance(method, dict)
    }
    # 3
    keys = {}
    for reference in granted:
        method = reference if isinstance(reference, dict) else by_id.get(_absolute(reference, expected_did))
        if isinstance(method, dict) and "publicKeyJwk" in method:
            did_url = _absolute(method.get("id"), expected_did)
            if did_url.partition("#")[0] == expected_did:
                keys[did_url] = check_public_jwk(method["publicKeyJwk"], _REFUSING)
    if not keys:
        raise _REFUSING("did_document_keys", clause="DID Core 5.3", found=0)
    return keys


def linked_origins(unverified_document: Mapping[str, Any]) -> list[str]:
    """The origins a document names as its own (DIF Well Known DID Configuration, Linked Domain Service Endpoint): as yet
    only claimed, until each one's own file says the same."""
    services = unverified_document.get("service", [])
    found: list[str] = []
    for service in services if isinstance(services, list) else []:
        if not isinstance(service, dict) or "LinkedDomains" not in _as_list(service.get("type")):
            continue
        endpoint = service.get("serviceEndpoint")
        named = endpoint.get("origins") if isinstance(endpoint, dict) else endpoint
        found += [text.rstrip("/") for text in _as_list(named) if isinstance(text, str)]
    return found


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _verification_method(did: str, key: Mapping[str, Any]) -> dict[str, Any]:
    jwk = check_public_jwk(key)
    return {
        "id": verification_method_id(did, jwk),
        "type": "JsonWebKey2020",
        "controller": did,
        "publicKeyJwk": {**jwk, "kid": thumbprint(jwk)},
    }


def _absolute(did_url: object, did: str) -> str:
    text = did_url if isinstance(did_url, str) else ""
    return did + text if text.startswith("#") else text


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536
