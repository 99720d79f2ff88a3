"""What of an attempt is sealed, and under which context. The portrait has a key of its own, so that destroying the key
destroys the portrait wherever a copy of the row may be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from portal.kit.sealed import Context, make_data_key, seal, seal_under, unseal, unseal_under
from vendors.models import ProofingAttempt, ProofingReturn


def _context(attempt: ProofingAttempt, field: str) -> Context:
    return Context("vendors_proofingattempt", field, attempt.id)


def seal_state(attempt: ProofingAttempt, state: Mapping[str, str]) -> bytes:
    return seal(json.dumps(dict(state)).encode(), _context(attempt, "state_sealed"))


def open_state(attempt: ProofingAttempt) -> dict[str, str]:
    if attempt.state_sealed is None:
        return {}
    state: dict[str, str] = json.loads(unseal(attempt.state_sealed, _context(attempt, "state_sealed")))
    return state


def seal_url(attempt: ProofingAttempt, url: str) -> bytes:
    return seal(url.encode(), _context(attempt, "url_sealed"))


def open_url(attempt: ProofingAttempt) -> str:
    return unseal(attempt.url_sealed or b"", _context(attempt, "url_sealed")).decode()


def seal_address(attempt: ProofingAttempt, address: str) -> bytes:
    return seal(address.encode(), _context(attempt, "address_sealed"))


def open_address(attempt: ProofingAttempt) -> str:
    """Empty where none was needed."""
    if attempt.address_sealed is None:
        return ""
    return unseal(attempt.address_sealed, _context(attempt, "address_sealed")).decode()


def seal_expected(attempt: ProofingAttempt, expected: Mapping[str, str]) -> bytes:
    return seal(json.dumps(dict(expected)).encode(), _context(attempt, "expected_sealed"))


def open_expected(attempt: ProofingAttempt) -> dict[str, str]:
    """Empty where the partner is told nothing."""
    if attempt.expected_sealed is None:
        return {}
    found: dict[str, str] = json.loads(unseal(attempt.expected_sealed, _context(attempt, "expected_sealed")))
    return found


def seal_claims(attempt: ProofingAttempt, claims: Mapping[str, str]) -> bytes:
    return seal(json.dumps(dict(claims)).encode(), _context(attempt, "claims_sealed"))


def open_claims(attempt: ProofingAttempt) -> dict[str, str]:
    claims: dict[str, str] = json.loads(
        unseal(attempt.claims_sealed or b"", _context(attempt, "claims_sealed"))
    )
    return claims


def seal_portrait(attempt: ProofingAttempt, portrait: bytes) -> None:
    """Sets both columns; the caller saves."""
    context = _context(attempt, "portrait_sealed")
    attempt.portrait_key = make_data_key(context)
    attempt.portrait_sealed = seal_under(attempt.portrait_key, portrait, context)


def open_portrait(attempt: ProofingAttempt) -> bytes | None:
    if attempt.portrait_key is None or attempt.portrait_sealed is None:
        return None
    context = _context(attempt, "portrait_sealed")
    return unseal_under(bytes(attempt.portrait_key), bytes(attempt.portrait_sealed), context)


def _query_context(row: ProofingReturn) -> Context:
    return Context("vendors_proofingreturn", "query_sealed", row.id)


def seal_query(row: ProofingReturn, body: bytes) -> bytes:
    return seal(body, _query_context(row))


def open_query(row: ProofingReturn) -> Mapping[str, Sequence[str]]:
    query: dict[str, list[str]] = json.loads(unseal(row.query_sealed or b"", _query_context(row)))
    return query
