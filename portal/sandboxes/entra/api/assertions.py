"""Client assertions: a JWT signed with the key of a certificate that was uploaded for the application."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from portal.sandboxes.entra.models import Certificate

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE = 600


class AssertionRefused(Exception):
    """The sentence says why."""


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _object(text: str) -> dict[str, Any]:
    found = json.loads(_bytes(text))
    if not isinstance(found, dict):
        raise ValueError
    return found


def check_assertion(text: str, *, client_id: str, audience: str) -> None:
    """Algorithm, certificate by its thumbprint, signature, then who, for whom and until when."""
    try:
        head, body, signature = text.split(".")
        header, claims, signed = _object(head), _object(body), _bytes(signature)
    except (ValueError, RecursionError) as error:
        raise AssertionRefused("The assertion is not a JWT.") from error
    if header.get("alg") != "PS256" or header.get("typ") != "JWT":
        raise AssertionRefused("The assertion is not signed with PS256.")
    certificate = _certificate(client_id, header.get("x5t#S256"))
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise AssertionRefused("The key of the certificate is not RSA.")
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    try:
        key.verify(signed, f"{head}.{body}".encode(), scheme, hashes.SHA256())
    except InvalidSignature as error:
        raise AssertionRefused("The signature does not hold.") from error
    _check_claims(claims, client_id, audience)


def _certificate(client_id: str, thumbprint: object) -> x509.Certificate:
    for row in Certificate.objects.filter(client_id=client_id):
        found = x509.load_pem_x509_certificate(row.pem.encode())
        digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") == thumbprint:
            if found.not_valid_after_utc.timestamp() <= time.time():
                raise AssertionRefused("The certificate has expired.")
            return found
    raise AssertionRefused("The certificate with this thumbprint is not registered for the application.")


def _check_claims(claims: dict[str, Any], client_id: str, audience: str) -> None:
    now = time.time()
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AssertionRefused("Issuer and subject are not the application.")
    if claims.get("aud") != audience:
        raise AssertionRefused("The audience is not this token endpoint.")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise AssertionRefused("The assertion has no id.")
    until, since = claims.get("exp"), claims.get("nbf")
    if not isinstance(until, int) or not isinstance(since, int):
        raise AssertionRefused("The assertion says no time.")
    if until <= now or since > now + 60 or until - since > LONGEST_LIFE:
        raise AssertionRefused("The assertion is not within its time.")
