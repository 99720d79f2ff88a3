"""`manage.py revoke_credential ID --reason …`: a card, or every card of one offer, and the offer with them.

0 revoked or withdrawn (or revoked so before), 1 refused, 2 could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id, public_id
from portal.kit.scope import tenant_scope
from tenants.management.operating import is_unreachable
from tenants.models import Tenant
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.issuance import withdraw_offer
from tenants.verified_id.models import Credential, Issuance

DONE, REFUSED, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "revoke_credential")
Told = dict[str, str]


class Command(BaseCommand):
    help = "Take a Verified ID's validity away for good. Its status list says so within a minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "id", metavar="ID", help="credential_… (the card's page), or issuance_… (offer_credential)"
        )
        parser.add_argument("--reason", required=True, help="a sentence that auditors read")
        parser.add_argument("--tenant", metavar="SLUG", help="only this organisation")
        parser.add_argument(
            "--json",
            action="store_true",
            help="one JSON object for each card, or one for an offer without any",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.revoke(options))

    def revoke(self, options: dict[str, Any]) -> int:
        try:
            kind, row_id = _read(options["id"])
        except ValueError:
            self.stderr.write("ID is a card's identifier, credential_…, or an offer's, issuance_….")
            return REFUSED
        if not options["reason"].strip():
            self.stderr.write("Say why with --reason.")
            return REFUSED
        try:
            told = [line for tenant in _tenants(options) for line in _revoke(tenant, kind, row_id, options)]
        except DatabaseError as error:
            if is_unreachable(error):
                raise
            self.stderr.write(f"Could not be done: {type(error).__name__}")
            return UNKNOWN
        for line in told:
            words = f"{line['organisation']}: {line['id']} {line['state']}"
            self.stdout.write(json.dumps(line) if options["json"] else words)
        if not told:
            self.stderr.write(f"There is no card {options['id']}.")
        return DONE if told else REFUSED


def _read(text: str) -> tuple[str, UUID]:
    kind = Issuance.prefix if text.startswith(f"{Issuance.prefix}_") else Credential.prefix
    return kind, parse_public_id(kind, text)


def _tenants(options: dict[str, Any]) -> list[Tenant]:
    found = Tenant.objects.order_by("slug")
    return list(found.filter(slug=options["tenant"]) if options["tenant"] else found)


def _revoke(tenant: Tenant, kind: str, row_id: UUID, options: dict[str, Any]) -> list[Told]:
    """In this organisation alone; nothing when the card or the offer is not its own."""
    with tenant_scope(tenant.id):
        if kind == Issuance.prefix:
            return _withdraw(tenant, row_id, options)
        row = Credential.objects.filter(id=row_id).first()
        if row is None:
            return []
        revoke_credential(row.id, reason="revoked_by_operator", actor=OPERATOR, words=options["reason"])
        return [{"organisation": tenant.slug, "id": row.public_id, "state": "revoked"}]


def _withdraw(tenant: Tenant, row_id: UUID, options: dict[str, Any]) -> list[Told]:
    """Its cards; the offer itself where no wallet took it."""
    try:
        cards = withdraw_offer(row_id, actor=OPERATOR, words=options["reason"])
    except NotHere:
        return []
    gone = [{"organisation": tenant.slug, "id": card.public_id, "state": "revoked"} for card in cards]
    offer = public_id(Issuance.prefix, row_id)
    return gone or [{"organisation": tenant.slug, "id": offer, "state": "withdrawn"}]
