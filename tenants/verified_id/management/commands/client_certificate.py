"""`manage.py client_certificate --tenant SLUG [--add CHAIN.pem]`: a certificate to sign presentation requests with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.verified_id.clients import begin_certificate, complete_certificate

MOST_BYTES = 64 * 1024


class Command(OperatingCommand):
    help = (
        "Make a key and print the signing request for an authority that wallets know; with --add, take what it signed.\n"
        "From then on request_presentation may call the organisation x509_san_dns or x509_hash."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--add", type=Path, metavar="CHAIN.pem", help="the certificate and those above it, leaf first"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        pem = read_chain(options["add"]) if options["add"] else ""
        with tenant_scope(tenant.id):
            if not pem:
                row, request = begin_certificate()
                return DONE, {"id": row.public_id, "host": row.host, "signing_request": request}
            row = complete_certificate(pem, actor=self.actor())
            valid_until = row.expires_at.isoformat() if row.expires_at else ""
            return DONE, {"id": row.public_id, "host": row.host, "valid_until": valid_until}


def read_chain(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise Invalid("file_unreadable", f"{path} could not be read: {error.strerror}.") from error
