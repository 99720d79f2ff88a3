"""`manage.py rehearse --tenant SLUG --profile NAME`: whom a profile would fail, before anybody tries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.errors import NotHere, Refused
from portal.kit.scope import tenant_scope
from recovery.profiles import profile_names
from recovery.readiness.running import survey_now
from recovery.readiness.telling import lines, told
from tenants.management.operating import DONE, OperatingCommand, tenant_named

FOUND = 1


class Command(OperatingCommand):
    help = (
        "Rehearse a recovery profile: everybody's name, as a document would print it, is matched back. Nobody is asked for "
        "anything, and nothing is charged."
    )
    exit_codes = (
        "Exit codes: 0 it would fail nobody, 1 it would fail somebody, or there is no such organisation or profile, 2 it\n"
        "could not be found out (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--profile", metavar="NAME", required=True, help="the profile's name, in force or not"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant, name = tenant_named(options["tenant"]), options["profile"]
        with tenant_scope(tenant.id):
            named = [profile_id for profile_id, label in profile_names().items() if label == name]
        if not named:
            raise NotHere("profile_unknown", f"There is no profile {name}.")
        if len(named) > 1:
            raise Refused("profile_named_twice", f"Several profiles are called {name}; rename one.")
        survey = survey_now(tenant.id, actor=self.actor(), profile_id=named[0])
        with tenant_scope(tenant.id):
            found = {"tenant": tenant.slug, "profile": name, **told(survey)}
        return FOUND if found["cannot"] else DONE, found

    def words(self, told: Mapping[str, Any]) -> str:
        first = (
            f"{told['profile']} at {told['tenant']}: of {told['people']:,} people {told['can']:,} would recover, "
            f"{told['cannot']:,} would fail, {told['waiting']:,} would wait, {told['doubtful']:,} might; it is not for {told['outside']:,}"
        )
        return "\n".join([first, *lines(dict(told))])
