"""SD-JWT (RFC 9901): hide claims behind digests, and put disclosed ones back.

It guards the step from "somebody sent text" to "the issuer said this": every disclosure must be referenced by
exactly one signed digest, may not overwrite a signed claim, and none may be left over. It knows nothing of
credentials, validity or holders; `sd_jwt_vc` and `key_binding` do.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.encoding import b64u, parse_json, to_json, unb64u
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.jws import DEFAULT_ALGS, UnverifiedJws, parse_jws, sign_jws, verify_jws
from tenants.verified_id.protocol.keys import Signer

MAX_SD_JWT = 512 * 1024
MAX_DISCLOSURES = 128
MAX_DEPTH = 16
_RESERVED = frozenset({"_sd", "...", "_sd_alg"})
_SALT_BYTES = 16

RandomBytes = Callable[[int], bytes]
"""Returns that many unpredictable bytes: `secrets.token_bytes` in production."""


@dataclass(frozen=True)
class Disclosable:
    """Marks a member or an element in the claims tree as selectively disclosable; may be nested."""

    value: Any


@dataclass(frozen=True)
class UnverifiedSdJwt:
    """The parts of a presentation as sent. `sd_jwt` is everything up to and including the last tilde."""

    sd_jwt: str
    issuer_jwt: str
    disclosures: tuple[str, ...]
    kb_jwt: str | None


@dataclass(frozen=True)
class VerifiedSdJwt:
    claims: Mapping[str, Any]
    disclosed: frozenset[str]
    """Names of object members, at any level, that came from disclosures and not from the signed payload."""
    header: Mapping[str, Any]


def issue_sd_jwt(
    *,
    signer: Signer,
    typ: str,
    claims: Mapping[str, Any],
    random: RandomBytes,
    decoys: int = 0,
    header: Mapping[str, Any] | None = None,
) -> str:
    """`<issuer-signed JWT>~<disclosure>~…~` (RFC 9901 section 4), with `decoys` digests of nothing on top."""
    disclosures: list[str] = []
    payload = _hide(dict(claims), disclosures, random)
    digests = [*payload.get("_sd", []), *(_digest_of_nothing(random) for _ in range(decoys))]
    if digests:
        payload["_sd"] = sorted(digests)
        payload["_sd_alg"] = "sha-256"
    issuer_jwt = sign_jws(signer, typ=typ, claims=payload, header=header)
    return "~".join([issuer_jwt, *disclosures, ""])


def split_sd_jwt(unverified: str, refusing: Refusing, *, max_bytes: int = MAX_SD_JWT) -> UnverifiedSdJwt:
    """RFC 9901 section 4: separate the issuer-signed JWT, the disclosures and the KB-JWT, all bounded."""
    if not isinstance(unverified, str) or len(unverified) > max_bytes:
        raise refusing("sd_jwt_size", clause="RFC 9901 section 4", expected=max_bytes)
    if unverified.count("~") > MAX_DISCLOSURES + 1:
        raise refusing("sd_jwt_disclosures", clause="RFC 9901 section 4", expected=MAX_DISCLOSURES)
    issuer_jwt, *disclosures, kb_jwt = unverified.split("~") if "~" in unverified else ("", "")
    if not issuer_jwt or not all(disclosures) or not unverified.isascii():
        raise refusing("sd_jwt_format", clause="RFC 9901 section 4")
    sd_jwt = unverified[: len(unverified) - len(kb_jwt)]
    return UnverifiedSdJwt(sd_jwt, issuer_jwt, tuple(disclosures), kb_jwt or None)


def parse_issuer_jwt(
    unverified: UnverifiedSdJwt,
    refusing: Refusing,
    *,
    expected_typ: str | None,
    allowed_algs: Collection[str] = DEFAULT_ALGS,
) -> UnverifiedJws:
    """The envelope, from which a caller picks the key by `kid` out of its own store."""
    return parse_jws(unverified.issuer_jwt, refusing, expected_typ=expected_typ, allowed_algs=allowed_algs)


def verify_sd_jwt(
    unverified: UnverifiedSdJwt,
    issuer_jwt: UnverifiedJws,
    *,
    expected_issuer_key: Mapping[str, str],
    refusing: Refusing,
) -> VerifiedSdJwt:
    """RFC 9901 section 7.1, after the key was chosen by the caller.

    1. the issuer's signature holds (7.1 step 2.2);  2. `_sd_alg` is sha-256 or absent (2.5, 4.1.1);
    3. each disclosure decodes to an array of two or three elements with a text salt (3.3.2.1, 3.3.3.1, 4.2);
    4. two disclosures never share a digest (4);
    5. `_sd` refers to an array of texts, `...` stands alone in an array element (3.2);
    6. three elements only in `_sd`, two only in arrays (3.3.2.1, 3.3.3.1);
    7. no disclosed name is `_sd`, `...` or `_sd_alg` (3.3.2.2);  8. or exists already at its level (3.3.2.3);
    9. no digest is met twice (4);  10. no disclosure is left unreferenced (5);  11. depth is bounded.
    """
    # 1
    payload = verify_jws(issuer_jwt, expected_issuer_key, refusing)
    # 2
    if payload.get("_sd_alg", "sha-256") != "sha-256":
        raise refusing("sd_alg", clause="RFC 9901 section 4.1.1", found=payload["_sd_alg"])
    # 3, 4
    disclosures = _by_digest(unverified.disclosures, refusing)
    # 5 to 9, 11
    restoring = _Restoring(disclosures, refusing)
    claims = restoring.restore({name: item for name, item in payload.items() if name != "_sd_alg"}, MAX_DEPTH)
    # 10
    if restoring.unused:
        raise refusing(
            "disclosure_unreferenced", clause="RFC 9901 section 7.1 step 5", found=len(restoring.unused)
        )
    return VerifiedSdJwt(claims, frozenset(restoring.names), issuer_jwt.header)


def disclosure_digest(disclosure: str) -> str:
    """RFC 9901 section 4.2.3: over the ASCII bytes of the encoded disclosure."""
    return b64u(hashlib.sha256(disclosure.encode("ascii")).digest())


def decode_disclosure(disclosure: str, refusing: Refusing) -> list[Any]:
    elements = parse_json(unb64u(disclosure, refusing), refusing, max_depth=MAX_DEPTH)
    if not isinstance(elements, list) or len(elements) not in (2, 3) or not isinstance(elements[0], str):
        raise refusing("disclosure_elements", clause="RFC 9901 section 4.2")
    if len(elements) == 3 and not isinstance(elements[1], str):
        raise refusing("disclosure_name", clause="RFC 9901 section 4.2.1", found=type(elements[1]).__name__)
    return elements


def _by_digest(disclosures: tuple[str, ...], refusing: Refusing) -> dict[str, list[Any]]:
    found = {
        disclosure_digest(disclosure): decode_disclosure(disclosure, refusing) for disclosure in disclosures
    }
    if len(found) != len(disclosures):
        raise refusing("disclosure_repeated", clause="RFC 9901 section 7.1 step 4")
    return found


class _Restoring:
    """One walk over the signed payload. It remembers which digests were met and which names were opened."""

    def __init__(self, disclosures: dict[str, list[Any]], refusing: Refusing) -> None:
        self.unused = disclosures
        self.names: set[str] = set()
        self._met: set[str] = set()
        self._refusing = refusing

    def restore(self, value: Any, depth: int) -> Any:
        if depth == 0:
            raise self._refusing("sd_jwt_depth", clause="RFC 9901 section 7.1 step 3", expected=MAX_DEPTH)
        if isinstance(value, dict):
            return self._restore_object(value, depth - 1)
        if isinstance(value, list):
            return self._restore_array(value, depth - 1)
        return value

    def _restore_object(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        if "..." in value:
            raise self._refusing("ellipsis_misplaced", clause="RFC 9901 section 4.2.4.2")
        restored = {name: self.restore(item, depth) for name, item in value.items() if name != "_sd"}
        digests = value.get("_sd", [])
        if not isinstance(digests, list):
            raise self._refusing("sd_array", clause="RFC 9901 section 4.2.4.1", found=type(digests).__name__)
        for digest in digests:
            elements = self._take(digest, 3)
            if elements is not None:
                restored[self._new_name(elements[1], restored)] = self.restore(elements[2], depth)
        return restored

    def _restore_array(self, value: list[Any], depth: int) -> list[Any]:
        restored = []
        for item in value:
            if not isinstance(item, dict) or "..." not in item:
                restored.append(self.restore(item, depth))
                continue
            if len(item) != 1:
                raise self._refusing("ellipsis_misplaced", clause="RFC 9901 section 4.2.4.2")
            elements = self._take(item["..."], 2)
            if elements is not None:
                restored.append(self.restore(elements[1], depth))
        return restored

    def _take(self, digest: object, length: int) -> list[Any] | None:
        if not isinstance(digest, str):
            raise self._refusing("digest_text", clause="RFC 9901 section 4.2.4", found=type(digest).__name__)
        if digest in self._met:
            raise self._refusing("digest_repeated", clause="RFC 9901 section 7.1 step 4")
        self._met.add(digest)
        elements = self.unused.pop(digest, None)
        if elements is not None and len(elements) != length:
            raise self._refusing(
                "disclosure_elements",
                clause="RFC 9901 section 7.1 step 3.3",
                found=len(elements),
                expected=length,
            )
        return elements

    def _new_name(self, name: str, level: dict[str, Any]) -> str:
        if name in _RESERVED:
            raise self._refusing(
                "disclosure_reserved", clause="RFC 9901 section 7.1 step 3.3.2.2", found=name
            )
        if name in level:
            raise self._refusing("claim_repeated", clause="RFC 9901 section 7.1 step 3.3.2.3")
        self.names.add(name)
        return name


def _hide(value: Any, disclosures: list[str], random: RandomBytes) -> Any:
    """The payload with every `Disclosable` replaced by its digest, innermost first (RFC 9901 4.2.6)."""
    if isinstance(value, Mapping):
        if reserved := _RESERVED & value.keys():
            raise ValueError(f"reserved claim names: {sorted(reserved)}")
        hidden = {
            name: _hide(item, disclosures, random)
            for name, item in value.items()
            if not isinstance(item, Disclosable)
        }
        digests = [
            _disclose([name, _hide(item.value, disclosures, random)], disclosures, random)
            for name, item in value.items()
            if isinstance(item, Disclosable)
        ]
        # Sorted, so that the order of the claims does not show (RFC 9901 section 4.2.4.1).
        return {**hidden, "_sd": sorted(digests)} if digests else hidden
    if isinstance(value, list | tuple):
        return [_hide_element(item, disclosures, random) for item in value]
    return value


def _hide_element(item: Any, disclosures: list[str], random: RandomBytes) -> Any:
    if not isinstance(item, Disclosable):
        return _hide(item, disclosures, random)
    return {"...": _disclose([_hide(item.value, disclosures, random)], disclosures, random)}


def _disclose(elements: list[Any], disclosures: list[str], random: RandomBytes) -> str:
    disclosure = b64u(to_json([b64u(random(_SALT_BYTES)), *elements]))
    disclosures.append(disclosure)
    return disclosure_digest(disclosure)


def _digest_of_nothing(random: RandomBytes) -> str:
    return b64u(hashlib.sha256(random(32)).digest())
