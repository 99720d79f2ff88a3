"""The line of a case's journey: what was done, when, how long it took, and what it opened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recovery.attesting.attesters import asks_for_word
from recovery.cases import still_stands
from recovery.console import wording
from recovery.console.callout_words import ANSWERS, claim_names
from recovery.models import Case, CaseStep
from recovery.routes import is_by_eid
from recovery.statuses import LIVE, CaseStatus, Route, StepKind, StepState
from tenants.directory.connections.registry import PROVIDERS
from vendors.billing.models import UsageEntry
from vendors.billing.reasons import sentence_of
from vendors.wording import partner_name

GOOD_ENDS = frozenset(
    {CaseStatus.RECOVERED, CaseStatus.ENROLLED, CaseStatus.HANDED_OVER, CaseStatus.EVALUATED}
)
# In evaluation nobody gets a pass.
AFTER_DECISION = frozenset(
    {StepKind.PASS_ISSUED, StepKind.SIGNED_IN, StepKind.PASSKEY_REGISTERED, StepKind.METHOD_SEEN}
)
# What only happens where accounts live here, or only where they live in another directory.
HERE = frozenset({StepKind.SIGNED_IN, StepKind.PASSKEY_REGISTERED})
ELSEWHERE = frozenset({StepKind.METHOD_SEEN})
_STATES = {StepState.STARTED: "current", StepState.DONE: "done", StepState.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class Line:
    """One step as the page shows it. `facts` are (term, words)."""

    title: str
    state: str
    at: datetime | None = None
    duration: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        return bool(self.facts or self.reasons or self.charges)


def duration_words(length: timedelta) -> str:
    """`45 s`, `12 min`, `3 h 5 min`, `2 days`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return _("%(number)s s") % {"number": seconds}
    if seconds < 3600:
        return _("%(number)s min") % {"number": seconds // 60}
    if seconds < 86_400:
        return _("%(hours)s h %(minutes)s min") % {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}
    days = seconds // 86_400
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}


def _held(hours: object) -> str:
    number = int(str(hours or 0))
    if number < 72:
        return _("%(hours)s hours: too short to count as evidence") % {"hours": number}
    return _("%(days)s days") % {"days": number // 24}


def _facts(step: CaseStep) -> list[tuple[str, str]]:
    """What the step's evidence says, in words. Codes that nobody should read stay out."""
    evidence: Mapping[str, Any] = step.evidence
    facts = []
    if step.vendor:
        facts.append((_("By"), partner_name(step.vendor)))
    if "held_hours" in evidence:
        facts.append((_("Address held for"), _held(evidence["held_hours"])))
    if evidence.get("document_type"):
        facts.append((_("Document"), wording.document_name(evidence["document_type"])))
    if evidence.get("checks"):
        facts.append((_("Checks passed"), ", ".join(wording.check_name(name) for name in evidence["checks"])))
    if evidence.get("route"):
        facts.append((_("Way"), str(Route(evidence["route"]).label)))
    if evidence.get("eid_level") in wording.EID_LEVELS:
        facts.append((_("Level of the eID"), _(wording.EID_LEVELS[evidence["eid_level"]])))
    if evidence.get("acr"):
        facts.append((_("Named by the broker"), ", ".join(str(name) for name in evidence["acr"])))
    if evidence.get("outcome") in wording.PARTNER_REASONS:
        facts.append((_("Outcome"), _(wording.PARTNER_REASONS[evidence["outcome"]])))
    if evidence.get("outcome") in wording.MATCHES:
        facts.append((_("Belongs to"), _(wording.MATCHES[evidence["outcome"]])))
    if evidence.get("callout"):
        facts.append((_("Asked"), str(evidence["callout"])))
        facts.append((_("Answer"), ANSWERS.get(str(evidence.get("answer")), "")))
        facts.append((_("Claims that did not agree"), claim_names(evidence.get("failed_claims", []))))
    if evidence.get("asked_as"):
        facts.append((_("Said by"), wording.attested_by(evidence["asked_as"])))
        facts.append((_("In touch"), wording.in_touch(evidence.get("contact", []))))
    if "others" in evidence:
        facts.append((_("Others who fit as well"), str(evidence["others"])))
    if evidence.get("threshold") is not None:
        facts.append((_("Confidence"), _confidence(evidence)))
    if evidence.get("earlier_case"):
        facts.append((_("Proven in case"), str(evidence["earlier_case"])))
    if evidence.get("held_from"):
        facts.append(
            (
                _("Held from before"),
                _("Proven in case %(case)s on %(day)s")
                % {"case": evidence["held_from"], "day": evidence["proven_on"]},
            )
        )
    if evidence.get("before_card"):
        facts.append((_("Purpose"), _("Before the Verified ID was given out in another browser")))
    if evidence.get("channel") == "session":
        facts.append((_("By"), _("The passkey they were signed in with")))
    if evidence.get("directory") in PROVIDERS:
        facts.append((_("Made at"), PROVIDERS[evidence["directory"]].words.title))
    if evidence.get("replaced"):
        facts.append((_("In place of"), _("A pass that was there before")))
    if evidence.get("method"):
        facts.append((_("Way to sign in"), wording.method_name(evidence["method"])))
    if evidence.get("number", 1) != 1:
        facts.append((_("New ways to sign in"), str(evidence["number"])))
    if evidence.get("text_version"):
        facts.append((_("Version of the text"), str(evidence["text_version"])))
    return [(term, words) for term, words in facts if words]


def _confidence(evidence: Mapping[str, Any]) -> str:
    if evidence.get("confidence") is None and evidence.get("judge"):
        return _("Below %(threshold)s, which is asked for; Microsoft does not tell by how much") % {
            "threshold": evidence["threshold"]
        }
    if evidence.get("confidence") is None:
        return _("Not compared; %(threshold)s is asked for") % {"threshold": evidence["threshold"]}
    return _("%(confidence)s of 100; %(threshold)s is asked for") % {
        "confidence": evidence["confidence"],
        "threshold": evidence["threshold"],
    }


def _charges(step: CaseStep, entries: Sequence[UsageEntry]) -> list[dict[str, Any]]:
    """What was counted for this kind of step; the ledger names the step, not its attempt."""
    return [
        {
            "partner": partner_name(entry.vendor),
            "amount": entry.amount,
            "currency": entry.currency,
            "sentence": sentence_of(entry.why),
            "billable": entry.billable,
        }
        for entry in entries
        if entry.step == step.kind
    ]


def journey_of(
    case: Case, steps: Sequence[CaseStep], entries: Sequence[UsageEntry], *, is_elsewhere: bool = False
) -> list[Line]:
    """From opening to the end or to what is still missing. `is_elsewhere`: the account lives in another directory."""
    lines = [Line(_("Opened"), "done", case.created_at)]
    before, charged = case.created_at, set()
    for step in steps:
        at = step.ended_at or step.created_at
        charges = [] if step.kind in charged else _charges(step, entries)
        charged.add(step.kind)
        lines.append(
            Line(
                title=_title(step),
                state=_STATES[StepState(step.state)],
                at=at,
                duration=duration_words(at - before),
                facts=_facts(step),
                reasons=wording.sentences(step.reasons),
                charges=charges,
            )
        )
        before = at
    return [*lines, *_rest(case, steps, before, HERE if is_elsewhere else ELSEWHERE)]


def _title(step: CaseStep) -> str:
    title = str(StepKind(step.kind).label)
    if step.attempt > 1:
        return _("%(step)s, attempt %(number)s") % {"step": title, "number": step.attempt}
    return title


def _rest(case: Case, steps: Sequence[CaseStep], before: datetime, never: frozenset[StepKind]) -> list[Line]:
    """What waits, for a live case; how it ended, for the others."""
    if case.state in LIVE or case.state is CaseStatus.HANDED_OVER:
        done = {step.kind for step in steps if step.state == StepState.DONE and still_stands(case, step)}
        left = [kind for kind in StepKind if kind not in done and kind not in never]
        if not asks_for_word(case):
            left = [kind for kind in left if kind is not StepKind.ATTESTED]
        if case.proves_first:
            left = [kind for kind in left if kind is not StepKind.CONFIRMED]
        if not case.profile.callouts:
            left = [kind for kind in left if kind is not StepKind.CLAIMS_CHECKED]
        if case.mode == "evaluation" or case.is_enrolment:
            left = [kind for kind in left if kind not in AFTER_DECISION]
        if is_by_eid(case):
            left = [kind for kind in left if kind is not StepKind.FACE_CHECKED]
        stands = "held" if case.state is CaseStatus.HELD else "current"
        now = Line(str(case.state.label), stands, reasons=wording.sentences(case.reasons))
        return [now, *(Line(str(kind.label), "waiting") for kind in left)]
    at = case.ended_at
    return [
        Line(
            str(case.state.label),
            "done" if case.state in GOOD_ENDS else "failed",
            at,
            duration_words(at - before) if at else "",
            reasons=wording.sentences(case.reasons),
        )
    ]
