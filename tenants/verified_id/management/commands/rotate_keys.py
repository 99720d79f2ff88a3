"""`manage.py rotate_keys --tenant SLUG`: publishes a new signing key; with `--now` it signs at once.

0 done (or under way already), 1 refused, 2 could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Misconfigured, NotHere, ReadmitError, Unavailable
from portal.kit.scope import tenant_scope
from tenants.management.operating import is_unreachable
from tenants.models import Tenant
from tenants.verified_id.models import SigningKey
from tenants.verified_id.rotation import get_key, revoke_key, rotate_key
from tenants.verified_id.selectors import get_authority, signing_keys

DONE, REFUSED, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "rotate_keys")


class Command(BaseCommand):
    help = (
        "Publish a new signing key beside the present one. It signs ten minutes later, when nobody holds an older "
        "DID document any more; the present one stays published until what it signed expires."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--now", action="store_true", help="sign with the new key at once")
        how.add_argument(
            "--revoke",
            metavar="THUMBPRINT",
            help="this key leaked: revoke it and every card it signed; another signs at once",
        )
        parser.add_argument("--reason", default="", help="for --revoke: a sentence that auditors read")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.rotate(options))

    def rotate(self, options: dict[str, Any]) -> int:
        try:
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {options['tenant']}.")
                return REFUSED
            with tenant_scope(tenant.id):
                told = _rotated(options) | {"keys": [_told(key) for key in signing_keys()]}
        except NotHere:
            self.stderr.write(f"{options['tenant']} has not turned on Verified ID.")
            return REFUSED
        except (DatabaseError, Unavailable, Misconfigured) as error:
            if is_unreachable(error):
                raise
            self.stderr.write(f"Could not be done: {getattr(error, 'code', type(error).__name__)}")
            return UNKNOWN
        except ReadmitError as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        self.stdout.write(json.dumps(told) if options["json"] else _lines(told))
        return DONE


def _rotated(options: dict[str, Any]) -> dict[str, Any]:
    get_authority()
    if options["revoke"]:
        key = get_key(options["revoke"].rpartition("#")[2])
        done = revoke_key(key.id, actor=OPERATOR, words=options["reason"])
        return {"key": done.successor.kid, "revoked_cards": done.revoked}
    return {"key": rotate_key(actor=OPERATOR, at_once=options["now"]).kid}


def _told(key: SigningKey) -> dict[str, Any]:
    signs_from = key.activated_at or key.signs_from
    return {
        "kid": key.kid,
        "state": str(key.state),
        "signs_from": signs_from.isoformat() if signs_from else None,
    }


def _lines(told: dict[str, Any]) -> str:
    return "\n".join(f"{key['kid']}: {key['state']}" for key in told["keys"])
