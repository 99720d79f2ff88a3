"""`manage.py proofing_result ID`: what became of a session at a partner, and what was proven."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, REFUSED, UNKNOWN, OperatingCommand, tenant_named
from tenants.models import Tenant
from vendors.contract import Outcome
from vendors.models import ProofingAttempt
from vendors.phases import OPEN
from vendors.sealing import open_claims, open_portrait


class Command(OperatingCommand):
    help = "Say how a session at a verification partner ended and what was proven (a portrait by its size and digest)."
    exit_codes = (
        "Exit codes: 0 verified, 1 not (refused, given up, expired, failed, contradicted, or no such session), 2 still under\n"
        "way, or it could not be found out. What was proven is kept for half an hour; reading it does not use it up."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("id", metavar="ID", help="as start_proofing printed it")
        parser.add_argument("--tenant", metavar="SLUG", help="look in this organisation alone")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        try:
            wanted = parse_public_id(ProofingAttempt.prefix, options["id"])
        except ValueError as error:
            raise NotHere("attempt_unknown", "That is no session's id.") from error
        # An id names no organisation, and nothing is read without one in force: each is asked for its own.
        slug = options["tenant"]
        for tenant in [tenant_named(slug)] if slug else Tenant.objects.order_by("-created_at").iterator():
            with tenant_scope(tenant.id):
                attempt = ProofingAttempt.objects.select_related("connection").filter(id=wanted).first()
                if attempt is not None:
                    return _code(attempt), _told(attempt)
        raise NotHere("attempt_unknown", "There is no such session.")


def _code(attempt: ProofingAttempt) -> int:
    if attempt.phase in OPEN:
        return UNKNOWN
    is_good = attempt.outcome == Outcome.VERIFIED.value and attempt.contradicted_at is None
    return DONE if is_good else REFUSED


def _told(attempt: ProofingAttempt) -> dict[str, Any]:
    claims: dict[str, Any] = dict(open_claims(attempt)) if attempt.claims_sealed is not None else {}
    portrait = open_portrait(attempt)
    if portrait is not None:
        claims["portrait"] = {
            "media_type": "image/jpeg",
            "bytes": len(portrait),
            "sha256": hashlib.sha256(portrait).hexdigest(),
        }
    return {
        "id": attempt.public_id,
        "vendor": attempt.connection.vendor,
        "phase": str(attempt.phase),
        "outcome": attempt.outcome or None,
        "reasons": list(attempt.reasons),
        "checks": list(attempt.checks),
        "assurance": list(attempt.assurance),
        "claims": claims,
        "contradicted": attempt.contradicted_at is not None,
        "failure": attempt.failure_code or None,
        "evidence_sha256": attempt.evidence_digest or None,
    }
