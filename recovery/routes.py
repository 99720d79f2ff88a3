"""The two ways of proving who somebody is: a document with a live face, or an eID without one.

Protects an account from a face that goes missing. Which way a case takes is what its partner is listed as when the person
agrees to go there, written into the case; nothing a partner, a wallet or a browser sends or leaves out later changes it
(decision 0032). What it does not do: decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recovery.models import Case, CaseStep, Profile
from recovery.statuses import EvidenceKind, Route, StepKind, StepState
from vendors import selectors as partners
from vendors.models import Connection

# How a session at a partner may have ended without a word against the person: another way may still be taken in the same
# recovery. Everything else, a face above all, stays with the recovery that saw it.
UNDECIDED = frozenset({"partner_failed", "user_aborted", "expired"})
HARMLESS = frozenset(
    {
        "consent_declined",
        "country_unsupported",
        "device_unsupported",
        "doc_expired",
        "doc_unreadable",
        "doc_unsupported",
        "partner_error",
        "timed_out",
        "user_cancelled",
    }
)
# What a partner says when the face it saw was not the one it looked for, or no living one.
OF_FACES = frozenset({"face_mismatch", "not_confirmed", "liveness_failed", "presentation_attack"})


def route_of(connection: Connection) -> Route:
    """As the partner is listed."""
    return Route.EID if partners.is_eid(connection.vendor) else Route.DOCUMENT


def routes_of(connections: Iterable[Connection]) -> list[Route]:
    """In the order of the partners, each once."""
    return list(dict.fromkeys(route_of(one) for one in connections))


def proves_with(route: Route) -> EvidenceKind:
    """The kind of evidence that stands in the document's place."""
    return EvidenceKind.EID if route is Route.EID else EvidenceKind.DOCUMENT_PHOTOGRAPH


def asked_on(route: Route, asked: frozenset[EvidenceKind]) -> frozenset[EvidenceKind]:
    """What a profile asks for, as that way asks for it: an eID takes the document's place and nothing else's."""
    if route is not Route.EID:
        return asked
    return asked - {EvidenceKind.DOCUMENT_PHOTOGRAPH} | {EvidenceKind.EID}


def required_by(profile: Profile) -> frozenset[EvidenceKind]:
    return frozenset(EvidenceKind(value) for value in profile.evidence_required)


def is_undecided(steps: Sequence[CaseStep]) -> bool:
    """Whether nothing was proven and nobody's face was looked at, so that another way may still be taken."""
    for step in steps:
        if step.kind == StepKind.FACE_CHECKED:
            return False
        if step.kind != StepKind.PROOFED:
            continue
        if step.state == StepState.DONE:
            return False
        harmless = step.evidence.get("outcome") == "retry_allowed" and set(step.reasons) <= HARMLESS
        if step.evidence.get("outcome") not in UNDECIDED and not harmless:
            return False
    return True


def is_by_eid(case: Case) -> bool:
    """Whether the person agreed to prove who they are by an eID: no face is looked at in this case."""
    return case.route == Route.EID
