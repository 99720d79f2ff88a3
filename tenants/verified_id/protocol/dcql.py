"""DCQL (OpenID4VP 1.0 section 6): which credentials and which claims are asked for.

The part of the language this product uses: queries by type, claims by path, alternatives by `claim_sets`. A
query protects nobody: the wallet may answer otherwise, so `check_answered` looks at what really came.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.verified_id.protocol.errors import Refusing

Path = tuple[str | int | None, ...]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_QUERIES = 16
_MAX_CLAIMS = 64


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
class CredentialQuery:
    """Section 6.1, for SD-JWT VCs (B.3.5)."""

    id: str
    vct_values: tuple[str, ...]
    claims: tuple[ClaimQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    format: str = "dc+sd-jwt"

    def __post_init__(self) -> None:
        paths = [claim.path for claim in self.claims]
        ids = [claim.id for claim in self.claims if claim.id]
        if not _ID.fullmatch(self.id) or not self.vct_values:
            raise ValueError("a credential query has an id and at least one vct (section 6.1, B.3.5)")
        if len(set(paths)) != len(paths) or len(set(ids)) != len(ids) or not all(paths):
            raise ValueError("each claim is asked once, by a non-empty path (sections 6.1, 6.3)")
        if not all(_ID.fullmatch(name) for name in ids) or not {*sum(self.claim_sets, ())} <= set(ids):
            raise ValueError("claim_sets refer to the ids of claims (section 6.3)")

    def to_object(self) -> dict[str, Any]:
        claims = [claim.to_object() for claim in self.claims]
        return {
            "id": self.id,
            "format": self.format,
            "meta": {"vct_values": list(self.vct_values)},
            **({"claims": claims} if claims else {}),
            **({"claim_sets": [list(option) for option in self.claim_sets]} if self.claim_sets else {}),
        }

    def options(self) -> list[list[ClaimQuery]]:
        """The sets of claims that would each satisfy the query, the preferred first (section 6.4.1)."""
        if not self.claim_sets:
            return [list(self.claims)]
        by_id = {claim.id: claim for claim in self.claims}
        return [[by_id[name] for name in option] for option in self.claim_sets]


@dataclass(frozen=True)
class DcqlQuery:
    """Every credential in it is required."""

    credentials: tuple[CredentialQuery, ...]

    def __post_init__(self) -> None:
        ids = [query.id for query in self.credentials]
        if not ids or len(set(ids)) != len(ids):
            raise ValueError("a DCQL query asks for at least one credential, each id once (section 6.1)")

    def to_object(self) -> dict[str, Any]:
        return {"credentials": [query.to_object() for query in self.credentials]}


def parse_dcql_query(unverified: object, refusing: Refusing) -> DcqlQuery:
    """The query of a stranger's request (or a stored one). What this code cannot answer is refused."""
    credentials = unverified.get("credentials") if isinstance(unverified, Mapping) else None
    if not isinstance(credentials, list) or len(credentials) > _MAX_QUERIES:
        raise refusing("dcql_query", clause="OpenID4VP 1.0 section 6")
    if isinstance(unverified, Mapping) and "credential_sets" in unverified:
        raise refusing("dcql_credential_sets", clause="OpenID4VP 1.0 section 6.2")
    try:
        return DcqlQuery(tuple(_credential_query(item) for item in credentials))
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


def check_answered(query: CredentialQuery, claims: Mapping[str, Any], refusing: Refusing) -> None:
    """Section 8.6 step 2.2: every asked claim is there, or every one of one option."""
    if not any(all(select(claims, claim.path) for claim in option) for option in query.options()):
        missing = [claim.path for claim in query.options()[0] if not select(claims, claim.path)]
        raise refusing("claims_missing", clause="OpenID4VP 1.0 section 8.6", found=missing)


def _credential_query(item: Any) -> CredentialQuery:
    if item["format"] != "dc+sd-jwt" or item.get("multiple", False) is not False:
        raise ValueError("only single SD-JWT VCs")
    if item.get("require_cryptographic_holder_binding", True) is not True:
        raise ValueError("only with holder binding")
    claims: Sequence[Any] = item.get("claims", [])
    if len(claims) > _MAX_CLAIMS or ("claims" in item and not claims):
        raise ValueError("claims")
    return CredentialQuery(
        id=item["id"],
        vct_values=_texts(item["meta"]["vct_values"]),
        claims=tuple(_claim_query(claim) for claim in claims),
        claim_sets=tuple(_texts(option) for option in item.get("claim_sets", [])),
    )


def _claim_query(item: Any) -> ClaimQuery:
    path = item["path"]
    if not isinstance(path, list) or not path or len(path) > 16:
        raise ValueError("path")
    for component in path:
        if isinstance(component, bool) or not (component is None or isinstance(component, str | int)):
            raise ValueError("path")
    return ClaimQuery(tuple(path), item.get("id", ""), tuple(item.get("values", ())))


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ValueError("a list of texts")
    return tuple(values)
