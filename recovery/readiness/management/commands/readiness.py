"""`manage.py readiness --tenant SLUG`: who could not recover today, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.scope import tenant_scope
from recovery.readiness.running import survey_now
from recovery.readiness.telling import lines, told
from tenants.management.operating import DONE, OperatingCommand, tenant_named

FOUND = 1


class Command(OperatingCommand):
    help = "Look at everybody in an organisation's directory: who could not recover today, and why. Nothing is charged."
    exit_codes = (
        "Exit codes: 0 everybody could recover, 1 somebody could not, or there is no such organisation, 2 it could not be\n"
        "found out (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        survey = survey_now(tenant.id, actor=self.actor())
        with tenant_scope(tenant.id):
            found = {"tenant": tenant.slug, **told(survey), "stale": survey.stale}
        return FOUND if found["cannot"] else DONE, found

    def words(self, told: Mapping[str, Any]) -> str:
        first = (
            f"{told['tenant']}: of {told['people']:,} people {told['can']:,} can recover, {told['cannot']:,} could not, "
            f"{told['waiting']:,} would wait, {told['doubtful']:,} might not"
        )
        heard = [
            f"  {entry['source']}: last heard from {entry['heard_on'] or 'never'}" for entry in told["stale"]
        ]
        return "\n".join([first, *lines(dict(told)), *heard])
