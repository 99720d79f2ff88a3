"""DCQL (OpenID4VP 1.0 section 6): which credentials and which claims are asked for.

Queries by type, claims by path, alternatives by `claim_sets` and `credential_sets`, hints by `trusted_authorities`. A
query protects nobody: the wallet may answer otherwise, so `check_complete` and `check_answered` look at what came.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.errors import Refusing

SD_JWT = "dc+sd-jwt"
JWT_VC = "jwt_vc_json"
Path = tuple[str | int | None, ...]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_QUERIES = 16
_MAX_CLAIMS = 64
_MAX_OPTIONS = 32


@dataclass(frozen=True)
class ClaimQuery:
    """Section 6.3. `values` only saves a wallet from showing what cannot match; it is never a check."""

    path: Path
    id: str = ""
    values: tuple[str | int | bool, ...] = ()

    def to_object(self) -> dict[str, Any]:
        return {
            **({"id": self.id} if self.id else {}),
            "path": list(self.path),
            **({"values": list(self.values)} if self.values else {}),
        }


@dataclass(frozen=True)
class TrustedAuthority:
    """Section 6.1.1: by whose credentials the wallet may narrow its choice. A hint, never a check."""

    type: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.type or not self.values:
            raise ValueError("a trusted authority has a type and at least one value (section 6.1.1)")

    def to_object(self) -> dict[str, Any]:
        return {"type": self.type, "values": list(self.values)}


@dataclass(frozen=True)
class CredentialQuery:
    """Section 6.1, for SD-JWT VCs by `vct_values` (B.3.5) and W3C credentials in JWTs by `type_values` (B.1.3.1)."""

    id: str
    vct_values: tuple[str, ...] = ()
    claims: tuple[ClaimQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    format: str = SD_JWT
    type_values: tuple[tuple[str, ...], ...] = ()
    trusted_authorities: tuple[TrustedAuthority, ...] = ()

    def __post_init__(self) -> None:
        paths = [claim.path for claim in self.claims]
        ids = [claim.id for claim in self.claims if claim.id]
        named = {SD_JWT: bool(self.vct_values), JWT_VC: bool(self.type_values) and all(self.type_values)}
        both = bool(self.vct_values) and bool(self.type_values)
        if not _ID.fullmatch(self.id) or not named.get(self.format, False) or both:
            raise ValueError("a credential query has an id and the types of its format (sections 6.1, B)")
        if len(set(paths)) != len(paths) or len(set(ids)) != len(ids) or not all(paths):
            raise ValueError("each claim is asked once, by a non-empty path (sections 6.1, 6.3)")
        if not all(_ID.fullmatch(name) for name in ids) or not {*sum(self.claim_sets, ())} <= set(ids):
            raise ValueError("claim_sets refer to the ids of claims (section 6.3)")

    def to_object(self) -> dict[str, Any]:
        claims = [claim.to_object() for claim in self.claims]
        authorities = [authority.to_object() for authority in self.trusted_authorities]
        types: dict[str, Any] = (
            {"vct_values": list(self.vct_values)}
            if self.format == SD_JWT
            else {"type_values": [list(kinds) for kinds in self.type_values]}
        )
        return {
            "id": self.id,
            "format": self.format,
            "meta": types,
            **({"claims": claims} if claims else {}),
            **({"claim_sets": [list(option) for option in self.claim_sets]} if self.claim_sets else {}),
            **({"trusted_authorities": authorities} if authorities else {}),
        }

    def options(self) -> list[list[ClaimQuery]]:
        """The sets of claims that would each satisfy the query, the preferred first (section 6.4.1)."""
        if not self.claim_sets:
            return [list(self.claims)]
        by_id = {claim.id: claim for claim in self.claims}
        return [[by_id[name] for name in option] for option in self.claim_sets]


@dataclass(frozen=True)
class CredentialSetQuery:
    """Section 6.2: one of the options, the preferred first; not at all when it is not required."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True

    def __post_init__(self) -> None:
        if not self.options or not all(self.options):
            raise ValueError("a credential set has at least one option, and none is empty (section 6.2)")

    def to_object(self) -> dict[str, Any]:
        return {
            "options": [list(option) for option in self.options],
            **({} if self.required else {"required": False}),
        }


@dataclass(frozen=True)
class DcqlQuery:
    """Every credential in it is required, unless `credential_sets` say which are (section 6.4.2)."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] = ()

    def __post_init__(self) -> None:
        ids = [query.id for query in self.credentials]
        if not ids or len(set(ids)) != len(ids):
            raise ValueError("a DCQL query asks for at least one credential, each id once (section 6.1)")
        named = {name for chosen in self.credential_sets for option in chosen.options for name in option}
        if not named <= set(ids):
            raise ValueError("credential_sets refer to the ids of credentials (section 6.2)")

    def to_object(self) -> dict[str, Any]:
        sets = [chosen.to_object() for chosen in self.credential_sets]
        return {
            "credentials": [query.to_object() for query in self.credentials],
            **({"credential_sets": sets} if sets else {}),
        }


def parse_dcql_query(unverified: object, refusing: Refusing) -> DcqlQuery:
    """The query of a stranger's request (or a stored one). What this code cannot answer is refused."""
    if not isinstance(unverified, Mapping):
        raise refusing("dcql_query", clause="OpenID4VP 1.0 section 6")
    credentials, sets = unverified.get("credentials"), unverified.get("credential_sets")
    if not isinstance(credentials, list) or len(credentials) > _MAX_QUERIES:
        raise refusing("dcql_query", clause="OpenID4VP 1.0 section 6")
    try:
        return DcqlQuery(
            tuple(_credential_query(item) for item in credentials),
            () if sets is None else _credential_sets(sets),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise refusing("dcql_query", clause="OpenID4VP 1.0 section 6.1") from None


def select(claims: object, path: Path) -> list[Any]:
    """Section 7.1.1: the elements a claims path pointer selects; an empty list where the text says error."""
    selected: list[Any] = [claims]
    for component in path:
        if component is None:
            if not all(isinstance(item, list) for item in selected):
                return []
            selected = [element for item in selected for element in item]
        elif isinstance(component, str):
            if not all(isinstance(item, Mapping) for item in selected):
                return []
            selected = [item[component] for item in selected if component in item]
        else:
            if isinstance(component, bool) or not all(isinstance(item, list) for item in selected):
                return []
            selected = [item[component] for item in selected if 0 <= component < len(item)]
    return selected


def check_complete(query: DcqlQuery, found: Collection[str], refusing: Refusing) -> None:
    """Sections 6.4.2 and 8.1: nothing that was not asked, and everything that is required."""
    asked = {credential.id for credential in query.credentials}
    if query.credential_sets:
        required = [chosen for chosen in query.credential_sets if chosen.required]
        complete = all(any(set(option) <= set(found) for option in chosen.options) for chosen in required)
    else:
        complete = asked <= set(found)
    if not found or not set(found) <= asked or not complete:
        raise refusing(
            "vp_token_ids", clause="OpenID4VP 1.0 section 8.1", found=sorted(found), expected=sorted(asked)
        )


def check_answered(query: CredentialQuery, claims: Mapping[str, Any], refusing: Refusing) -> None:
    """Section 8.6 step 2.2: every asked claim is there, or every one of one option."""
    if not any(all(select(claims, claim.path) for claim in option) for option in query.options()):
        missing = [claim.path for claim in query.options()[0] if not select(claims, claim.path)]
        raise refusing("claims_missing", clause="OpenID4VP 1.0 section 8.6", found=missing)


def _credential_query(item: Any) -> CredentialQuery:
    if item.get("multiple", False) is not False:
        raise ValueError("only single credentials")
    if item.get("require_cryptographic_holder_binding", True) is not True:
        raise ValueError("only with holder binding")
    claims: Sequence[Any] = item.get("claims", [])
    authorities: Sequence[Any] = item.get("trusted_authorities", [])
    if max(len(claims), len(authorities)) > _MAX_CLAIMS or ("claims" in item and not claims):
        raise ValueError("claims")
    meta = item["meta"]
    return CredentialQuery(
        id=item["id"],
        format=item["format"],
        vct_values=_texts(meta["vct_values"]) if item["format"] == SD_JWT else (),
        type_values=tuple(map(_texts, meta["type_values"])) if item["format"] == JWT_VC else (),
        claims=tuple(_claim_query(claim) for claim in claims),
        claim_sets=tuple(_texts(option) for option in item.get("claim_sets", [])),
        trusted_authorities=tuple(
            TrustedAuthority(_text(authority["type"]), _texts(authority["values"]))
            for authority in authorities
        ),
    )


def _credential_sets(sets: Any) -> tuple[CredentialSetQuery, ...]:
    if not isinstance(sets, list) or not 0 < len(sets) <= _MAX_QUERIES:
        raise ValueError("credential_sets")
    return tuple(_credential_set(item) for item in sets)


def _credential_set(item: Any) -> CredentialSetQuery:
    options, required = item["options"], item.get("required", True)
    if not isinstance(options, list) or len(options) > _MAX_OPTIONS or not isinstance(required, bool):
        raise ValueError("options")
    return CredentialSetQuery(tuple(_texts(option) for option in options), required)


def _claim_query(item: Any) -> ClaimQuery:
    path = item["path"]
    if not isinstance(path, list) or not path or len(path) > 16:
        raise ValueError("path")
    for component in path:
        if isinstance(component, bool) or not (component is None or isinstance(component, str | int)):
            raise ValueError("path")
    return ClaimQuery(tuple(path), item.get("id", ""), tuple(item.get("values", ())))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ValueError("a list of texts")
    return tuple(values)
