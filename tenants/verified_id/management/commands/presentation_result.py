"""`manage.py presentation_result ID`: what became of a request, and what the wallet showed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, REFUSED, UNKNOWN, OperatingCommand, tenant_named
from tenants.models import Tenant
from tenants.verified_id.models import Presentation
from tenants.verified_id.results import Result, ResultStatus, result_of

CODES = {ResultStatus.VERIFIED: DONE, ResultStatus.WAITING: UNKNOWN, ResultStatus.CHECKING: UNKNOWN}


class Command(OperatingCommand):
    help = "Say whether a request was answered, what was shown (a portrait by its size and digest) and what was refused."
    exit_codes = (
        "Exit codes: 0 verified, 1 not (declined, refused, expired, or no such request), 2 still waiting or checking, or it\n"
        "could not be found out. What was shown is kept for half an hour; reading it does not use it up."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("id", metavar="ID", help="as request_presentation printed it")
        parser.add_argument("--tenant", metavar="SLUG", help="look in this organisation alone")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        try:
            wanted = parse_public_id(Presentation.prefix, options["id"])
        except ValueError as error:
            raise NotHere("presentation_unknown", "That is no request's id.") from error
        # An id names no organisation, and nothing is read without one in force: each is asked for its own.
        slug = options["tenant"]
        for tenant in [tenant_named(slug)] if slug else Tenant.objects.order_by("-created_at").iterator():
            with tenant_scope(tenant.id):
                if Presentation.objects.filter(id=wanted).exists():
                    found = result_of(wanted)
                    return CODES.get(found.status, REFUSED), {"id": options["id"], **_told(found)}
        raise NotHere("presentation_unknown", "There is no such request, or it was forgotten after 30 days.")


def _told(found: Result) -> dict[str, Any]:
    claims: dict[str, Any] = dict(found.claims)
    if found.portrait is not None:
        claims["portrait"] = {
            "media_type": "image/jpeg",
            "bytes": len(found.portrait),
            "sha256": found.portrait_sha256,
        }
    return {
        "status": found.status.value,
        "claims": claims,
        "reasons": list(found.reasons),
        "issuer": found.issuer,
        "type": found.type,
        "format": found.format,
        "holder": found.holder,
        "credential": found.credential,
        "credential_status": found.credential_status,
    }
