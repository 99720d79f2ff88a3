"""`manage.py create_scim_token --tenant SLUG [--label NAME]`: a token with which a system provisions the organisation's people
and groups, and the address it asks. 0 when it was made, 1 when it could not be (no such organisation, too many tokens), 2 when
the database could not be used."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.directory.scim.tokens import base_address, make_token
from tenants.selectors import tenant_of_slug

DONE, REFUSED, UNUSABLE = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "create_scim_token")


class Command(BaseCommand):
    help = "Make a token for provisioning by SCIM, as the page Provisioning does. It is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--label", metavar="NAME", default="Provisioning", help="what will use it")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.make(options))

    def make(self, options: dict[str, Any]) -> int:
        try:
            tenant = tenant_of_slug(options["tenant"])
            if tenant is None:
                self.stderr.write("There is no such organisation.")
                return REFUSED
            with tenant_scope(tenant.id):
                made = make_token(tenant=tenant, label=options["label"], actor=OPERATOR)
        except Invalid as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        except DatabaseError as error:
            self.stderr.write(f"No token was made: {type(error).__name__}")
            return UNUSABLE
        told = {
            "tenant": tenant.slug,
            "base": base_address(tenant),
            "token": made.written.text,
            "id": made.row.public_id,
            "expires_at": made.row.expires_at.isoformat(timespec="seconds"),
        }
        lines = [f"Address: {told['base']}", f"Token:   {told['token']}", f"Until:   {told['expires_at']}"]
        self.stdout.write(json.dumps(told) if options["json"] else "\n".join(lines))
        return DONE
