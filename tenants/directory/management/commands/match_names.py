"""`manage.py match_names --directory JSON --document JSON --mode exact|relaxed|fuzzy`: 0 for a match, 1 for none or one that
somebody has to look at, 2 when the input cannot be used. Needs no database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants.directory.matching import HeldDocument, MatchPolicy, Mode
from tenants.directory.matching.comparison import Decision, rules_of
from tenants.directory.matching.explaining import RULES, SENTENCES
from tenants.directory.matching.reading import MAX_BYTES, Account, Unreadable, read_directory, read_document
from tenants.directory.matching.search import Answer, find

MATCH, NO_MATCH, UNUSABLE = 0, 1, 2


class Command(BaseCommand):
    help = "Would this document be matched to this account, and by what? Nothing is stored and no database is asked."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--directory",
            required=True,
            metavar="JSON",
            help="an account or a list of accounts: a file, or the JSON itself (README, annex)",
        )
        parser.add_argument(
            "--document", required=True, metavar="JSON", help="what the document says: likewise"
        )
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.EXACT.value)
        parser.add_argument("--claimed", metavar="ID", help="the account that is claimed, among several")
        parser.add_argument(
            "--without-birthdate", action="store_true", help="do not ask for a birth date on both sides"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.answer(options))

    def answer(self, options: dict[str, Any]) -> int:
        try:
            accounts = read_directory(_text(options["directory"], "directory"))
            document = read_document(_text(options["document"], "document"))
            claimed = _claimed(accounts, options["claimed"])
        except Unreadable as problem:
            return self._refuse(problem, as_json=options["json"])
        policy = MatchPolicy.in_mode(
            options["mode"],
            birthdate_required=not options["without_birthdate"],
            held_document=HeldDocument.DECIDES,
        )
        told = _told(find(document, accounts, policy, claimed=claimed), options["mode"])
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else _lines(told))
        return MATCH if told["decision"] == Decision.MATCH.value else NO_MATCH

    def _refuse(self, problem: Unreadable, *, as_json: bool) -> int:
        self.stderr.write(problem.sentence)
        if as_json:
            self.stdout.write(json.dumps({"error": problem.sentence, "error_code": problem.code}))
        return UNUSABLE


def _text(argument: str, what: str) -> str:
    """The JSON itself if it begins like it, else what the file holds."""
    if argument.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return argument.lstrip("\ufeff")
    try:
        with Path(argument).open("rb") as file:
            found = file.read(MAX_BYTES + 1)
        return found.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise Unreadable(
            f"{what}_unreadable", f"The {what} is neither JSON nor a file of JSON in UTF-8 that can be read."
        ) from error


def _claimed(accounts: list[Account], label: str | None) -> Account | None:
    if label is None:
        return accounts[0] if len(accounts) == 1 else None
    found = next((account for account in accounts if account.label == label), None)
    if found is None:
        raise Unreadable("claimed_unknown", "The directory holds no account with the claimed id.")
    return found


def _told(answer: Answer, mode: str) -> dict[str, Any]:
    fields = {
        label: {"level": level, "rule": rule, "sentence": RULES.get(rule, rule)}
        for label, level, rule in rules_of(answer.comparison.names)
    }
    return {
        "decision": answer.decision.value,
        "confidence": answer.confidence,
        "mode": mode,
        "account": answer.account.label if answer.decision is not Decision.NO_MATCH else None,
        "reasons": [{"code": str(code), "sentence": SENTENCES[code]} for code in answer.reasons],
        **fields,
        "birthdate": answer.comparison.birth.value,
        "others": [other.label for other in answer.others],
    }


def _lines(told: dict[str, Any]) -> str:
    headline = {"match": "match", "review": "somebody has to look at it", "no_match": "no match"}
    lines = [f"{headline[told['decision']]}, confidence {told['confidence']} of 100, mode {told['mode']}"]
    lines += [f"  {reason['sentence']}" for reason in told["reasons"]]
    for label in ("given_names", "family_name"):
        lines.append(f"  {label:12}{told[label]['level']:8}{told[label]['sentence']}")
    lines.append(f"  {'birthdate':12}{told['birthdate'].replace('_', ' ')}")
    if told["others"]:
        lines.append(f"  fit as well: {', '.join(told['others'])}")
    return "\n".join(lines)
