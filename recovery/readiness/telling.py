"""What a finished survey says to a script."""

from __future__ import annotations

from typing import Any

from recovery.readiness.models import Finding, Survey
from recovery.readiness.reasons import known, what_of
from recovery.readiness.selectors import everybody_found, reasons_of

COULD = {Finding.Verdict.CANNOT: "no", Finding.Verdict.WAITS: "later", Finding.Verdict.DOUBTFUL: "perhaps"}


def told(survey: Survey) -> dict[str, Any]:
    """In the tenant's scope. `found` names everybody who could not recover, would wait or might not, with the reasons."""
    can = survey.people - survey.outside - survey.cannot - survey.waiting - survey.doubtful
    return {
        "people": survey.people,
        "can": can,
        "cannot": survey.cannot,
        "waiting": survey.waiting,
        "doubtful": survey.doubtful,
        "outside": survey.outside,
        "reasons": [
            {"code": code, "sentence": what_of(reason), "people": number}
            for code, number in sorted(survey.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
            if (reason := known(code))
        ],
        "found": [_person(finding) for finding in everybody_found(survey)],
    }


def _person(finding: Finding) -> dict[str, Any]:
    return {
        "user_name": finding.person.user_name,
        "could_recover": COULD[Finding.Verdict(finding.verdict)],
        "reasons": [reason.value for reason in reasons_of(finding)],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """For people who did not ask for JSON."""
    told_of = [f"  {row['people']:>8}  {row['sentence']}" for row in found["reasons"]]
    people = [
        f"  {row['user_name']}: {row['could_recover']} ({', '.join(row['reasons'])})"
        for row in found["found"][:100]
    ]
    more = len(found["found"]) - len(people)
    return [*told_of, *people, *([f"  and {more:,} more; --json has them all"] if more else [])]
