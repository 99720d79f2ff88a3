"""`manage.py offer_credential --tenant SLUG --person USERNAME`: one JSON object with the offer and its transaction code.

0 offered, 1 refused, 2 could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Misconfigured, NotHere, ReadmitError, Unavailable
from portal.kit.scope import tenant_scope
from recovery.offering import Offered, offer_to_person
from tenants.management.files import bytes_of
from tenants.management.operating import is_unreachable
from tenants.models import Tenant
from tenants.verified_id.publishing import CONFIGURATION_ID

DONE, REFUSED, UNKNOWN = 0, 1, 2
MOST_BYTES = 20_000_000
OPERATOR = Actor(ActorKind.OPERATOR, "offer_credential")


class Command(BaseCommand):
    help = (
        "Offer a Verified ID with what the directory says about somebody, to any wallet. It names no account "
        "and recovers none. Without --portrait it carries a drawn outline instead of a face."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--person", metavar="USERNAME", required=True, help="user name, e-mail or employee number"
        )
        parser.add_argument("--configuration", metavar="ID", default=CONFIGURATION_ID)
        parser.add_argument("--portrait", metavar="FILE", help="a picture of the person's face")
        parser.add_argument(
            "--review",
            action="store_true",
            default=None,
            help="a member looks first: the wallet is told to come back (deferred issuance)",
        )
        parser.add_argument("--json", action="store_true", help="what it prints is JSON either way")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.offer(options))

    def offer(self, options: dict[str, Any]) -> int:
        try:
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {options['tenant']}.")
                return REFUSED
            with tenant_scope(tenant.id):
                made = _made(options)
        except NotHere:
            self.stderr.write(f"{options['tenant']} has not turned on Verified ID.")
            return REFUSED
        except (DatabaseError, Unavailable, Misconfigured) as error:
            if is_unreachable(error):
                raise
            sentence = error.sentence if isinstance(error, ReadmitError) else ""
            self.stderr.write(sentence or f"Could not be done: {type(error).__name__}.")
            return UNKNOWN
        except ReadmitError as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        self.stdout.write(json.dumps(_told(made)))
        return DONE


def _made(options: dict[str, Any]) -> Offered:
    portrait = bytes_of(options["portrait"], most=MOST_BYTES) if options["portrait"] else None
    return offer_to_person(
        options["person"],
        actor=OPERATOR,
        configuration_id=options["configuration"],
        portrait=portrait,
        review_first=options["review"],
    )


def _told(made: Offered) -> dict[str, str | None]:
    return {
        "offer": made.offer.deep_link,
        "tx_code": made.offer.tx_code,
        "id": made.issuance.public_id,
        "expires_at": made.offer.expires_at.isoformat(),
    }
