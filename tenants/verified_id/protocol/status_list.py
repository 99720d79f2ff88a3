"""Token Status List (draft-ietf-oauth-status-list-20): one bit or two per credential, signed, cacheable.

It lets a verifier ask "is number 4711 still good?" without telling the issuer whom it sees. A list that is
stale, foreign, too large or too short says nothing, and nothing means no: every doubt raises.
"""

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tenants.verified_id.protocol.encoding import b64u, numeric_date, unb64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, parse_jws, sign_jws, verify_jws
from tenants.verified_id.protocol.keys import Signer
from tenants.verified_id.protocol.trust import Trust, key_of_issuer

TYP = "statuslist+jwt"
MEDIA_TYPE = "application/statuslist+jwt"
SIZE = 2**17
"""Entries of a list of ours: large enough that one index hides among many (section 12.1)."""
_BITS = (1, 2, 4, 8)
_MAX_TOKEN = 4 * 1024 * 1024
_MAX_BYTES = 4 * 1024 * 1024
_REFUSING = Refusing("invalid_request", "Token Status List section 8.3")


class Status(IntEnum):
    """Section 7.1. Other values are application specific or reserved, and never mean valid."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@dataclass(frozen=True)
class StatusReference:
    uri: str
    index: int

    def as_claim(self) -> dict[str, Any]:
        return {"status_list": {"idx": self.index, "uri": self.uri}}


@dataclass(frozen=True)
class VerifiedStatusList:
    uri: str
    bits: int
    packed: bytes
    issued_at: int
    expires_at: int | None
    time_to_live: int | None

    def status(self, index: int) -> int:
        """The raw value at `index`; beyond the end the credential must be rejected (8.3 step 6)."""
        if not 0 <= index < len(self.packed) * 8 // self.bits:
            raise _REFUSING("status_index", clause="Token Status List section 8.3 step 6", found=index)
        return unpack_status(self.packed, index, self.bits)

    def require_valid(self, reference: StatusReference) -> None:
        """Raises unless the credential's entry reads VALID, in the list the credential names."""
        if reference.uri != self.uri:
            raise _REFUSING("status_uri", found=reference.uri, expected=self.uri)
        status = self.status(reference.index)
        if status != Status.VALID:
            raise _REFUSING("status_not_valid", clause="Token Status List section 7.1", found=status)


def pack_statuses(statuses: Mapping[int, int], *, size: int = SIZE, bits: int = 2) -> bytes:
    """Section 4.1 steps 2 and 3: least significant bits first. Absent entries are VALID."""
    if bits not in _BITS:
        raise ValueError(f"bits must be one of {_BITS}")
    packed = bytearray((size * bits + 7) // 8)
    for index, status in statuses.items():
        if not 0 <= index < size or not 0 <= status < 1 << bits:
            raise ValueError(f"status {status} at {index} does not fit {size} entries of {bits} bits")
        byte, offset = divmod(index * bits, 8)
        packed[byte] |= status << offset
    return bytes(packed)


def unpack_status(packed: bytes, index: int, bits: int) -> int:
    byte, offset = divmod(index * bits, 8)
    return (packed[byte] >> offset) & ((1 << bits) - 1)


def encode_status_list(packed: bytes, *, bits: int) -> dict[str, Any]:
    """Section 4.2: zlib at its highest level, base64url."""
    return {"bits": bits, "lst": b64u(zlib.compress(packed, 9))}


def decode_status_list(unverified: object, refusing: Refusing = _REFUSING) -> tuple[int, bytes]:
    """Bits and bytes of a foreign list. Unpacking stops at a bound: a small body may hold a huge list."""
    if not isinstance(unverified, Mapping):
        raise refusing("status_list", clause="Token Status List section 4.2")
    bits, text = unverified.get("bits"), unverified.get("lst")
    if isinstance(bits, bool) or bits not in _BITS or not isinstance(text, str):
        raise refusing("status_list", clause="Token Status List section 4.2", found=bits)
    unpacking = zlib.decompressobj()
    try:
        packed = unpacking.decompress(unb64u(text, refusing), _MAX_BYTES)
    except zlib.error:
        raise refusing("status_list_zlib", clause="Token Status List section 4.1 step 4") from None
    if not unpacking.eof or unpacking.unused_data:
        raise refusing("status_list_size", clause="Token Status List section 11.1", expected=_MAX_BYTES)
    return int(bits), packed


def build_status_list_token(
    *,
    signer: Signer,
    uri: str,
    packed: bytes,
    bits: int,
    issued_at: int,
    expires_at: int,
    time_to_live: int,
    issuer: str | None = None,
) -> str:
    """Section 5.1. Sign with the key that signed the credentials: wallets check the two alike.

    The standard does not ask for `iss`; verifiers that find keys by issuer do (openvc-core refuses without it).
    """
    if not issued_at < expires_at or time_to_live <= 0:
        raise ValueError("a status list token lives after it was issued")
    claims = {
        **({"iss": issuer} if issuer else {}),
        "sub": uri,
        "iat": issued_at,
        "exp": expires_at,
        "ttl": time_to_live,
        "status_list": encode_status_list(packed, bits=bits),
    }
    return sign_jws(signer, typ=TYP, claims=claims)


def verify_status_list_token(
    unverified_token: str,
    *,
    trust: Trust,
    expected_uri: str,
    resolved_at: int,
    now: int,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
    refusing: Refusing = _REFUSING,
) -> VerifiedStatusList:
    """Section 8.3.

    1. `typ` is statuslist+jwt, `alg` on the list (5.1);  2. `kid` names a key of ours, or `x5c` leads to an anchor of ours (11.3);
    3. the signature holds (3a);  4. `sub` is the credential's `uri` (4a);
    5. `iat` present and behind us (4b);  6. `exp`, if there, ahead (4c);  7. `ttl`, if there, positive, and
    not run out since the token was fetched at `resolved_at` (4d);  8. the list unpacks within bounds (5).
    """
    # 1
    token = parse_jws(
        unverified_token, refusing, expected_typ=TYP, allowed_algs=allowed_algs, max_bytes=_MAX_TOKEN
    )
    # 2, 3
    key = key_of_issuer(token, trust, now=now, refusing=refusing)
    claims = verify_jws(token, key.jwk, refusing)
    # 4
    if not expected_uri or claims.get("sub") != expected_uri:
        raise refusing("status_sub", clause="Token Status List section 8.3 step 4", expected=expected_uri)
    # 5
    issued_at = numeric_date(claims, "iat", refusing)
    if issued_at is None or issued_at > now + 60:
        raise refusing("status_iat", clause="Token Status List section 5.1")
    # 6
    expires_at = numeric_date(claims, "exp", refusing)
    if expires_at is not None and now >= expires_at:
        raise refusing("status_expired", clause="Token Status List section 8.3 step 4")
    # 7
    time_to_live = numeric_date(claims, "ttl", refusing)
    if time_to_live is not None and (time_to_live == 0 or now > resolved_at + time_to_live):
        raise refusing("status_stale", clause="Token Status List section 8.3 step 4")
    # 8
    bits, packed = decode_status_list(claims.get("status_list"), refusing)
    return VerifiedStatusList(expected_uri, bits, packed, issued_at, expires_at, time_to_live)


def read_status_reference(claims: Mapping[str, Any], refusing: Refusing) -> StatusReference | None:
    """Section 6.2. An absent `status` is None; one that is there but not understood is refused."""
    if "status" not in claims:
        return None
    status = claims["status"]
    reference = status.get("status_list") if isinstance(status, Mapping) else None
    if not isinstance(reference, Mapping):
        raise refusing("status", clause="Token Status List section 6.2")
    index, uri = reference.get("idx"), reference.get("uri")
    if isinstance(index, bool) or not isinstance(index, int) or index < 0 or not isinstance(uri, str):
        raise refusing("status", clause="Token Status List section 6.2")
    return StatusReference(uri, index)


def choose_unused_index(
    *, used: Collection[int], random_below: Callable[[int], int], size: int = SIZE
) -> int:
    """A random free index, so that neighbours in time are not neighbours in the list (section 13.2).

    `random_below(n)` returns an unpredictable integer in [0, n): `secrets.randbelow`. Three tries hit a free
    place in a list that is nearly empty; after that one of the free places is drawn directly.
    """
    taken = used if isinstance(used, set | frozenset) else frozenset(used)
    for _ in range(3):
        index = random_below(size)
        if index not in taken:
            return index
    free = [index for index in range(size) if index not in taken]
    if not free:
        raise ValueError("the status list is full: open a new one")
    return free[random_below(len(free))]
