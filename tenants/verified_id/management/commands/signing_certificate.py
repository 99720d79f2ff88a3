"""`manage.py signing_certificate --tenant SLUG [--next] [--add CHAIN.pem]`: a certificate for the key that signs cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.verified_id.certifying import certify, key_to_certify, signing_request
from tenants.verified_id.management.commands.client_certificate import read_chain


class Command(OperatingCommand):
    help = (
        "Print the signing request of the key that signs cards, for an authority that verifiers know; with --add, take what\n"
        "it signed. From then on cards are offered as VerifiedIdentityX5c too, until the certificate ends or the key is\n"
        "turned over: certify the next key before that (--next)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--next", action="store_true", help="of the key that waits to take over")
        parser.add_argument(
            "--add", type=Path, metavar="CHAIN.pem", help="the certificate and those above it, leaf first"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        pem = read_chain(options["add"]) if options["add"] else ""
        with tenant_scope(tenant.id):
            if pem:
                row = certify(pem, actor=self.actor())
                return DONE, {"key": row.kid, "certificates": len(row.certificates)}
            row = key_to_certify(waiting=options["next"])
            return DONE, {"key": row.kid, "signing_request": signing_request(row)}
