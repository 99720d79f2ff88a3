"""What the operators' commands have in common: JSON on request, one sentence for what went wrong, and three exit codes.

They call the services that the pages call, in the scope of the tenant they are told. What they found goes to standard output,
and nothing else does; what went wrong is one sentence on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, OperationalError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Misconfigured, NotHere, ReadmitError, Unavailable
from tenants.models import Tenant

DONE, REFUSED, UNKNOWN = 0, 1, 2


class OperatingCommand(BaseCommand):
    """`answer` does the work: an exit code, and what is printed as one JSON object. A command with a result for each line of
    a file prints those as they come, and answers with how many of each there were (`summary_of`): the last line."""

    # Codes of the errors that say what was typed cannot be used at all: nothing was looked up, and nothing refused.
    unusable: frozenset[str] = frozenset()
    exit_codes = "Exit codes: 0 done, 1 refused, 2 it could not be found out (one sentence on standard error says why)."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        options["epilog"] = self.exit_codes
        options["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the JSON object on one line")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.run(options))

    def run(self, options: Mapping[str, Any]) -> int:
        try:
            code, told = self.answer(options)
        except (Misconfigured, Unavailable) as problem:
            self.stderr.write(problem.sentence or f"It could not be found out: {problem.code}.")
            return UNKNOWN
        except ReadmitError as problem:
            self.stderr.write(problem.sentence or f"Refused: {problem.code}.")
            return UNKNOWN if problem.code in self.unusable else REFUSED
        except DatabaseError as error:
            if is_unreachable(error):
                raise
            self.stderr.write(f"It could not be found out: {type(error).__name__}.")
            return UNKNOWN
        if told is not None:
            self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else self.words(told))
        return code

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any] | None]:
        raise NotImplementedError

    def words(self, told: Mapping[str, Any]) -> str:
        """For people who did not ask for JSON on one line."""
        return json.dumps(told, ensure_ascii=False, indent=2)

    def actor(self) -> Actor:
        """The operator, by the name of the command."""
        return Actor(ActorKind.OPERATOR, type(self).__module__.rpartition(".")[2])


def summary_of(noun: str, results: Mapping[str, int], kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """What ends the results of a file: its number of lines, and of each kind of result. Whoever does not read it was cut off."""
    return {"summary": {noun: sum(results.values()), **{kind: results.get(kind, 0) for kind in kinds}}}


def words_of_summary(told: Mapping[str, Any]) -> str:
    (noun, number), *rest = told["summary"].items()
    found = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in rest if count)
    return f"{number} {noun}: {found}" if found else f"{number} {noun}"


def is_unreachable(error: BaseException) -> bool:
    """Whether no database answers: `manage.py` says what has to be started first, if it is told."""
    return isinstance(error, OperationalError) and "connection" in str(error)


def tenant_named(slug: str) -> Tenant:
    """NotHere with a sentence when there is none."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise NotHere("tenant_unknown", f"There is no organisation {slug}.")
    return tenant
