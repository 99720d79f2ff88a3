"""`manage.py create_scim_token --tenant SLUG [--label NAME]`: a token with which a system provisions an organisation's people and
groups, and the address it asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.scope import tenant_scope
from tenants.directory.scim.tokens import base_address, make_token
from tenants.management.operating import DONE, OperatingCommand, tenant_named


class Command(OperatingCommand):
    help = "Make a token for provisioning by SCIM, as the page Provisioning does. It is shown once."
    exit_codes = (
        "Exit codes: 0 made, 1 refused (no such organisation, too many tokens), 2 it could not be found out (one sentence on\n"
        "standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--label", metavar="NAME", default="Provisioning", help="what will use it")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            made = make_token(tenant=tenant, label=options["label"], actor=self.actor())
        return DONE, {
            "tenant": tenant.slug,
            "base": base_address(tenant),
            "token": made.written.text,
            "id": made.row.public_id,
            "expires_at": made.row.expires_at.isoformat(timespec="seconds"),
        }
