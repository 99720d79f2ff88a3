"""`manage.py recover_owner --tenant SLUG --owner ADDRESS --reason …`: a way back for an owner who has none left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.console.owner_recovery import begin_owner_recovery, find_owner, has_lost_something
from portal.kit.errors import Refused
from tenants.management.operating import DONE, OperatingCommand, tenant_named


class Command(OperatingCommand):
    help = (
        "Give an owner of an organisation who lost passkey and codes a new way in. Prints a link for them alone, which works\n"
        "once: from a day from now, for a day, and with a code to their own mailbox. Every owner and every address of theirs\n"
        "is told at once and can stop it until then."
    )
    exit_codes = (
        "Exit codes: 0 begun (an earlier one of the same person ends), 1 refused, 2 it could not be found out (one sentence\n"
        "on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--owner", metavar="ADDRESS", required=True, help="the address they sign in with")
        parser.add_argument(
            "--reason", required=True, help="how you found out that it is them: a sentence that auditors read"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        owner = find_owner(tenant, options["owner"])
        if not has_lost_something(owner):
            sentence = (
                "This owner has neither passkey nor authenticator app, and signs in with a code by mail."
            )
            raise Refused("nothing_lost", sentence)
        begun = begin_owner_recovery(owner, reason=options["reason"], actor=self.actor())
        return DONE, {
            "id": begun.recovery.public_id,
            "link": begun.link,
            "opens_at": begun.recovery.opens_at.isoformat(),
            "expires_at": begun.recovery.expires_at.isoformat(),
        }

    def words(self, told: Mapping[str, Any]) -> str:
        return "For the owner alone: {link}\nIt opens at {opens_at} and is over at {expires_at}.".format(
            **told
        )
