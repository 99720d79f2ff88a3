"""`manage.py start_proofing --tenant SLUG --vendor KEY --person USERNAME`: one session at a partner, outside any recovery."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import digest
from portal.kit.errors import NotHere, Refused
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.directory.selectors import find_person
from tenants.management.operating import DONE, REFUSED, OperatingCommand, tenant_named
from tenants.models import Tenant
from vendors import services
from vendors.addresses import return_url_of
from vendors.leases import REHEARSAL
from vendors.management.telling import connection_named
from vendors.management.waiting import add_wait, wait_for
from vendors.models import ProofingAttempt
from vendors.phases import AttemptPhase, Errand
from vendors.proofing import LIFETIME
from vendors.selectors import proofing_state

# The operator's machine stands in the browser's place.
NO_BROWSER = "127.0.0.1"
TOPICS = frozenset({"vendors.start_proofing"})


class Command(OperatingCommand):
    help = (
        "Begin a session at a verification partner to try it. It belongs to no recovery and opens no account, but the partner "
        "charges it like any other. The address is a key to the session: give it to the person alone."
    )
    exit_codes = (
        "Exit codes: 0 begun (prints id and address), 1 refused: no such person or partner, a budget's cap, or the partner said\n"
        "no, 2 it could not be found out (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--vendor", metavar="KEY", required=True)
        parser.add_argument("--person", metavar="USERNAME", required=True)
        add_wait(parser)

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            attempt_id = self._begin(tenant, options["vendor"], options["person"])

        def look() -> ProofingAttempt | None:
            attempt = ProofingAttempt.objects.get(id=attempt_id)
            return None if attempt.phase == AttemptPhase.STARTING else attempt

        attempt = wait_for(look, tenant_id=tenant.id, topics=TOPICS, seconds=options["wait"])
        with tenant_scope(tenant.id):
            address = proofing_state(attempt.id).continue_url
        told = {"id": attempt.public_id, "vendor": options["vendor"], "address": address}
        if address is None:
            told["failure"] = attempt.failure_code
            return REFUSED, told
        return DONE, told

    def _begin(self, tenant: Tenant, vendor: str, username: str) -> UUID:
        connection, person = connection_named(vendor), find_person(username)
        if person is None:
            raise NotHere("person_unknown", f"There is nobody called {username} in the organisation.")
        reference, attempt_id = uuid7(), uuid7()
        spender = services.Spender(case_id=reference, mode=REHEARSAL, department=person.department)
        if not services.reserve_proofing(
            connection.id, attempt_id=attempt_id, spender=spender, until=clock.now() + LIFETIME
        ):
            raise Refused("cap_met", "A budget's hard cap does not allow another decision of this partner.")
        services.release_case(reference)  # there will be no Face Check
        services.begin_proofing(
            connection_id=connection.id,
            reference=reference,
            # No browser began it: who comes back with the attempt's word is believed, for nothing is opened by it.
            browser_digest=digest(secrets.token_bytes(32)),
            return_url=return_url_of(tenant.slug, vendor),
            locale="en",
            purpose=_("Recover your account at %(organisation)s") % {"organisation": tenant.name},
            demonstration=tenant.is_demonstration,
            mode=REHEARSAL,
            attempt_id=attempt_id,
            department=person.department,
            errand=Errand.TRIAL,
            address=NO_BROWSER,
            actor=self.actor(),
        )
        return attempt_id

    def words(self, told: Mapping[str, Any]) -> str:
        if told["address"] is None:
            return f"{told['id']}: the partner gave no address ({told['failure']})."
        return f"{told['id']}\n{told['address']}"
