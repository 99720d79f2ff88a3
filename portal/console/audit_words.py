"""The public half of an event in words: labels for what was written down, and the rooms' own words for their codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from portal.console.checklist import find_item
from recovery.attesting.models import AttestationAsk
from recovery.patterns.models import Pattern
from recovery.statuses import CaseStatus, Mode, StepKind, StepState
from tenants.directory.retention.rules import Category
from tenants.models import Tenant
from tenants.rights import Role
from vendors.billing.collecting.models import Operation
from vendors.catalogue.purchase_status import PurchaseStatus
from vendors.models import Connection

LABELS: dict[str, str] = {
    "action": gettext_noop("Action"),
    "added": gettext_noop("Added"),
    "again": gettext_noop("Sent again"),
    "amount": gettext_noop("Amount"),
    "address": gettext_noop("Postal address"),
    "in_recoveries": gettext_noop("Used in recoveries"),
    "issued_by": gettext_noop("Issued by"),
    "judge": gettext_noop("Who compared the face"),
    "answer": gettext_noop("Answer"),
    "answered": gettext_noop("The other side answered"),
    "assurance": gettext_noop("Assurance level"),
    "asked": gettext_noop("Asked"),
    "asked_as": gettext_noop("Asked as"),
    "contact": gettext_noop("In touch"),
    "not_mailed": gettext_noop("Not mailed: too many already"),
    "voices": gettext_noop("How many have to say so"),
    "word": gettext_noop("What they said"),
    "attempt": gettext_noop("Attempt"),
    "attempts_ended": gettext_noop("Checks that were ended"),
    "sessions_to_erase": gettext_noop("Sessions the partner is asked to erase"),
    "backed_up": gettext_noop("Kept in a cloud account"),
    "billable": gettext_noop("Billable"),
    "bridge_client": gettext_noop("Client of the bridge"),
    "serves": gettext_noop("What it is"),
    "redirect_uris": gettext_noop("Redirect addresses"),
    "proof": gettext_noop("How it proves itself"),
    "secret": gettext_noop("Secret"),
    "leaked": gettext_noop("It leaked"),
    "verified": gettext_noop("Confirmed"),
    "face_check": gettext_noop("Face Check"),
    "calibration": gettext_noop("Calibration"),
    "category": gettext_noop("What was held"),
    "recovery": gettext_noop("New way in"),
    "days_before": gettext_noop("Days before"),
    "days_after": gettext_noop("Days after"),
    "cause": gettext_noop("Cause"),
    "changed": gettext_noop("Changed"),
    "client": gettext_noop("Verifier"),
    "code": gettext_noop("Code"),
    "confidence": gettext_noop("Confidence"),
    "cost_centre": gettext_noop("Cost centre"),
    "count": gettext_noop("Number"),
    "country": gettext_noop("Country"),
    "credential": gettext_noop("Verified ID"),
    "cross_device": gettext_noop("By a wallet on another device"),
    "currency": gettext_noop("Currency"),
    "decision": gettext_noop("Decision"),
    "delivered": gettext_noop("Delivered"),
    "demonstration": gettext_noop("Demonstration"),
    "department": gettext_noop("Department"),
    "differences": gettext_noop("Differences"),
    "did": gettext_noop("Identifier of the authority"),
    "directory": gettext_noop("Directory"),
    "domain_required": gettext_noop("A domain of its own is asked for"),
    "earlier": gettext_noop("Earlier recovery"),
    "email": gettext_noop("E-mail address"),
    "everything": gettext_noop("Everything read again"),
    "ends_sessions": gettext_noop("People are signed out"),
    "entry": gettext_noop("Counted check"),
    "event": gettext_noop("Entry"),
    "expires": gettext_noop("Expires"),
    "failure": gettext_noop("Failure"),
    "fault": gettext_noop("Whose fault"),
    "group": gettext_noop("Group"),
    "sent": gettext_noop("Sent"),
    "trial": gettext_noop("Only tried out"),
    "level": gettext_noop("Level (acr)"),
    "ways": gettext_noop("Ways (amr)"),
    "seconds": gettext_noop("Seconds ago"),
    "failed_claims": gettext_noop("Claims that did not agree"),
    "milliseconds": gettext_noop("Milliseconds"),
    "key_id": gettext_noop("Key"),
    "filtered": gettext_noop("Only part of the list"),
    "filters": gettext_noop("Filters"),
    "flashing": gettext_noop("Flashing colours"),
    "from": gettext_noop("Before"),
    "digest": gettext_noop("Digest of the identifiers"),
    "holder": gettext_noop("Wallet's key"),
    "copies": gettext_noop("Copies, each under a key of its own"),
    "gone": gettext_noop("Gone"),
    "joined": gettext_noop("Joined"),
    "kept": gettext_noop("Stayed as they were"),
    "key": gettext_noop("Thumbprint of the key"),
    "memberships": gettext_noop("Memberships"),
    "note": gettext_noop("Note"),
    "pattern": gettext_noop("Pattern"),
    "people": gettext_noop("People"),
    "reasons_in_production": gettext_noop("Reasons in production"),
    "released": gettext_noop("Released"),
    "removed": gettext_noop("Removed"),
    "replaced": gettext_noop("Took the place of another"),
    "seconds_apart": gettext_noop("Seconds between the two clocks"),
    "host": gettext_noop("Host"),
    "in_production": gettext_noop("In production it would be"),
    "invitation": gettext_noop("Invitation"),
    "is_hard": gettext_noop("Hard cap"),
    "issuer": gettext_noop("Issuer"),
    "item": gettext_noop("Task"),
    "kind": gettext_noop("Kind"),
    "language": gettext_noop("Language"),
    "left": gettext_noop("Left to be mended"),
    "legal_name": gettext_noop("Legal name"),
    "lifting_roles": gettext_noop("Roles that may lift the cap"),
    "meter": gettext_noop("What was counted"),
    "lives_there": gettext_noop("Accounts live in the directory elsewhere"),
    "minutes": gettext_noop("Minutes"),
    "mode": gettext_noop("Mode"),
    "place": gettext_noop("Place in the order"),
    "name": gettext_noop("Name"),
    "on": gettext_noop("Turned on"),
    "operation": gettext_noop("Asked of Stripe"),
    "origin": gettext_noop("Address"),
    "outcome": gettext_noop("Outcome"),
    "signs": gettext_noop("Signs of risk"),
    "partner": gettext_noop("Verification partner"),
    "passkey": gettext_noop("Passkey"),
    "period": gettext_noop("Billing period"),
    "permission": gettext_noop("Allowed by"),
    "plan": gettext_noop("Plan"),
    "problem": gettext_noop("Problem"),
    "removes_lost": gettext_noop("Ways to sign in from before are removed"),
    "problems": gettext_noop("Problems"),
    "profile": gettext_noop("Profile"),
    "profile_version": gettext_noop("Version of the profile"),
    "proofed": gettext_noop("Identity was proven"),
    "purchase_order": gettext_noop("Purchase-order number"),
    "purpose": gettext_noop("Purpose"),
    "reason": gettext_noop("Reason"),
    "reasons": gettext_noop("Reasons"),
    "registered": gettext_noop("Registered"),
    "reserved": gettext_noop("Reserved"),
    "restored": gettext_noop("As before"),
    "role": gettext_noop("Role"),
    "round": gettext_noop("Round of the review"),
    "rows": gettext_noop("Rows"),
    "rows_digest": gettext_noop("Digest of the rows"),
    "scopes": gettext_noop("Scopes"),
    "settings": gettext_noop("Settings"),
    "share": gettext_noop("Share in per cent"),
    "since": gettext_noop("Since"),
    "skipped": gettext_noop("Lines left out"),
    "source": gettext_noop("Source"),
    "spent": gettext_noop("Spent"),
    "state": gettext_noop("State"),
    "status": gettext_noop("Status"),
    "suspended": gettext_noop("Suspended"),
    "suspended_here": gettext_noop("Suspended, of those who were active"),
    "saved_codes": gettext_noop("Saved codes that were ended"),
    "step": gettext_noop("Step"),
    "template": gettext_noop("Mail"),
    "text_version": gettext_noop("Version of the text"),
    "threshold": gettext_noop("Threshold"),
    "tax_id": gettext_noop("Tax number"),
    "time_zone": gettext_noop("Time zone"),
    "to": gettext_noop("After"),
    "tries": gettext_noop("Tries"),
    "unchanged": gettext_noop("Unchanged"),
    "unit_price": gettext_noop("Price of one"),
    "until": gettext_noop("Until"),
    "vendor": gettext_noop("Verification partner"),
    "verdict": gettext_noop("Verdict"),
    "version": gettext_noop("Version"),
    "was_taken": gettext_noop("Used already"),
    "why": gettext_noop("Why"),
}

# Codes that are words already, in the rooms that own them.
_CHOICES: tuple[Any, ...] = (
    CaseStatus,
    Mode,
    StepKind,
    StepState,
    Role,
    Connection.Kind,
    Connection.Status,
    PurchaseStatus,
    Operation,
    Pattern.Kind,
    AttestationAsk.As,
    AttestationAsk.Word,
    AttestationAsk.Contact,
    Category,
)
_VALUES: dict[str, str] = {
    "pass": gettext_noop("A Temporary Access Pass"),
    "browser_session": gettext_noop("A sign-in"),
    "name": gettext_noop("Name"),
    "accent": gettext_noop("Accent colour"),
    "time_zone": gettext_noop("Time zone"),
    "help_desk_contact": gettext_noop("Help desk contact"),
    "buy_partner": gettext_noop("Buy a verification partner"),
    "set_up_partner": gettext_noop("Set up a verification partner"),
    "approved": gettext_noop("Approved"),
    "refused": gettext_noop("Refused"),
    "passed": gettext_noop("Passed"),
    "failed": gettext_noop("Failed"),
    "silent": gettext_noop("No answer that counts"),
    "spared": gettext_noop("Not asked: one before it said no"),
    "face_check": gettext_noop("Face Check"),
    "decision": gettext_noop("Decision of a partner"),
    "refuse": gettext_noop("Refuse"),
    "more_evidence": gettext_noop("Ask for more evidence"),
}


def label_of(key: str) -> str:
    return _(LABELS[key]) if key in LABELS else _plain(key)


def _plain(code: str) -> str:
    """A code of a room that has no words here yet, without its underscores."""
    text = code.replace("_", " ").replace(":", ": ")
    return text[:1].upper() + text[1:]


def _known(code: str) -> str:
    for choices in _CHOICES:
        if code in choices.values:
            return str(choices(code).label)
    return _(_VALUES[code]) if code in _VALUES else ""


def _kept_for(rule: str) -> str:
    """ "numbers 30 3650" as `tenants.directory.retention.keeping` writes it down, in words."""
    category, _space, days = rule.partition(" ")
    left, _space, confirmed = days.partition(" ")
    counted = [(_("%(days)s days after somebody left"), left)]
    counted.append((_("%(days)s days after the last proof or file"), confirmed))
    ends = [sentence % {"days": number} for sentence, number in counted if number.isdigit()]
    return f"{_known(category) or _plain(category)}: {', '.join(ends) or _('until the person is removed')}"


def _looks_like_code(text: str) -> bool:
    return text.islower() and text.replace("_", "").isalpha()


def _value(tenant: Tenant, key: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return pgettext("nothing was written down", "None")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if key in ("days_before", "days_after") and isinstance(value, list):
        return "; ".join(_kept_for(str(entry)) for entry in value)
    if isinstance(value, list):
        return ", ".join(_value(tenant, key, entry) for entry in value)
    if not isinstance(value, str):
        return str(value)
    if key == "item":
        item = find_item(tenant, value)
        return item.title if item else _known(value) or _plain(value)
    if value.startswith(("case_", "member_", "profile_", "passkey_", "event_", "invite_", "person_")):
        return value
    return _known(value) or (_plain(value) if _looks_like_code(value) else value)


def in_words(tenant: Tenant, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Items of a `definition_list`."""
    return [
        {"term": label_of(key), "value": _value(tenant, key, value)} for key, value in sorted(data.items())
    ]
