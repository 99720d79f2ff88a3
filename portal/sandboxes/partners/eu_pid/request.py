"""A verifier's request, as a wallet reads it (OpenID4VP 1.0, sections 5 and 6): fetched on this machine, and refused unless whole.

Clauses that are checked: 5.9.3 (who the client is), RFC 9101 section 6 (the object is signed by it), 5.10 (the nonce of the
wallet), HAIP 1.0 section 5 (signed, by x509_hash or x509_san_dns, answered encrypted).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from portal.sandboxes.partners.eu_pid import pki
from portal.sandboxes.partners.eu_pid.issuing import TYPE, b64

FORM = "application/x-www-form-urlencoded"
MOST = 200_000
SHOULD = {"typ": "oauth-authz-req+jwt", "alg": "ES256"}


class LongHeaders(jws.JWSRegistry):
    """A header that brings certificates along is longer than the library's usual."""

    max_header_length = 20_000


REGISTRY = LongHeaders(algorithms=["ES256"])


class Refused(Exception):
    """The wallet does not answer. Its text says what is wrong with the request."""


@dataclass(frozen=True)
class Request:
    client_id: str
    response_uri: str
    nonce: str
    state: str
    name: str  # as the verifier calls itself
    certified: str  # as its certificate does
    queries: tuple[dict[str, Any], ...]
    key: dict[str, Any]


def call(method: str, url: str, body: str = "", kind: str = FORM) -> tuple[int, bytes]:
    """On this machine alone: a simulator reaches nobody else."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not (host == "localhost" or host.endswith(".localhost")):
        raise Refused("That address is not on this machine.")
    door = HTTPConnection("127.0.0.1", parts.port or 80, timeout=10)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Host": parts.netloc, **({"Content-Type": kind} if method == "POST" else {})}
        door.request(method, path, body=body.encode() if method == "POST" else None, headers=headers)
        answer = door.getresponse()
        return answer.status, answer.read(MOST)
    except (OSError, HTTPException):
        raise Refused("Nobody answered at the verifier's address.") from None
    finally:
        door.close()


def fetch(client_id: str, request_uri: str, *, by_post: bool) -> Request:
    nonce = b64(hashlib.sha256(request_uri.encode()).digest()) if by_post else ""
    body = urlencode({"wallet_nonce": nonce}) if by_post else ""
    status, text = call("POST" if by_post else "GET", request_uri, body)
    if status != 200:
        raise Refused("The request is over, or was never made.")
    return read(text.decode("ascii", "replace"), client_id=client_id, wallet_nonce=nonce)


def read(signed: str, *, client_id: str, wallet_nonce: str = "") -> Request:
    """Verify the request object with the certificate it brings, and the certificate with the registrar's."""
    try:
        coded = signed.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0], validate=True))
        key = ECKey.import_key(leaf.public_key())  # type: ignore[arg-type]
        told = json.loads(jws.deserialize_compact(signed, key, registry=REGISTRY).payload)
    except (JoseError, ValueError, KeyError, TypeError, IndexError):
        raise Refused("The request is not signed with a certificate.") from None
    if any(header.get(name) != value for name, value in SHOULD.items()):
        raise Refused("The request is not a signed request object.")
    if not pki.is_registered(leaf):
        raise Refused("The verifier's access certificate is of no registrar this wallet knows.")
    if told.get("client_id") != client_id or not _is_client(client_id, leaf, told):
        raise Refused("The request is signed by another than it names.")
    if wallet_nonce and told.get("wallet_nonce") != wallet_nonce:
        raise Refused("The request was not made for this wallet.")
    if told.get("response_mode") != "direct_post.jwt" or told.get("response_type") != "vp_token":
        raise Refused("The answer would not be encrypted.")
    try:
        (key,) = told["client_metadata"]["jwks"]["keys"]
        wanted = [each for each in told["dcql_query"]["credentials"] if TYPE in each["meta"]["vct_values"]]
    except (KeyError, TypeError, ValueError):
        raise Refused("The request does not say what it wants, or with which key.") from None
    if not wanted:
        raise Refused("The request asks for nothing that this wallet holds.")
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Request(
        client_id=client_id,
        response_uri=str(told["response_uri"]),
        nonce=str(told["nonce"]),
        state=str(told["state"]),
        name=str(told["client_metadata"].get("client_name", "")),
        certified=str(names[0].value) if names else "",
        queries=tuple(wanted),
        key=dict(key),
    )


def _is_client(client_id: str, leaf: x509.Certificate, told: dict[str, Any]) -> bool:
    """Section 5.9.3."""
    prefix, _, named = client_id.partition(":")
    if prefix == "x509_hash":
        return named == b64(hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest())
    if prefix != "x509_san_dns":
        return False
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    is_own = urlsplit(str(told.get("response_uri"))).hostname == named
    return is_own and named in names.get_values_for_type(x509.DNSName)
