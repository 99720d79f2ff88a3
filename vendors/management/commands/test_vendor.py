"""`manage.py test_vendor --tenant SLUG --vendor KEY`: what *Test this* does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.scope import tenant_scope
from tenants.management.operating import OperatingCommand, tenant_named
from vendors import services
from vendors.management.telling import connection_named, tested, words_of
from vendors.management.waiting import add_wait


class Command(OperatingCommand):
    help = "Try every setting of a verification partner that can be tried without a person."
    exit_codes = (
        "Exit codes: 0 everything works, 1 something does not, or there is no such connection, 2 it could not be found out\n"
        "(one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--vendor", metavar="KEY", required=True)
        add_wait(parser)

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            services.ask_for_test(connection_named(options["vendor"]).id, actor=self.actor())
        return tested(tenant, options["vendor"], seconds=options["wait"])

    def words(self, told: Mapping[str, Any]) -> str:
        return words_of(dict(told))
