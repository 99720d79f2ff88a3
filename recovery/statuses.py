"""What a case is, and which moves there are (DESIGN 1). The table is checked for completeness on import."""

from __future__ import annotations

from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.transitions import TransitionTable


class CaseStatus(models.TextChoices):
    OPENED = "opened", _("Opened")
    PROVING = "proving", _("Proving")
    DECIDING = "deciding", _("Deciding")
    IN_REVIEW = "in_review", _("In review")
    HELD = "held", _("On hold")
    GRANTED = "granted", _("Granted")
    HANDED_OVER = "handed_over", _("Handed over")
    RECOVERED = "recovered", _("Recovered")
    ENROLLED = "enrolled", _("Verified ID handed out")
    EVALUATED = "evaluated", _("Evaluated")
    REFUSED = "refused", _("Refused")
    CANCELED = "canceled", _("Canceled")
    EXPIRED = "expired", _("Expired")
    SUPERSEDED = "superseded", _("Superseded")
    REPUDIATED = "repudiated", _("Repudiated")


S = CaseStatus
_LEAVING = frozenset({S.REFUSED, S.CANCELED, S.EXPIRED, S.SUPERSEDED})

MOVES: TransitionTable[CaseStatus] = TransitionTable(
    CaseStatus,
    {
        S.OPENED: _LEAVING | {S.PROVING, S.HELD},
        S.PROVING: _LEAVING | {S.DECIDING, S.HELD},
        S.DECIDING: _LEAVING | {S.PROVING, S.IN_REVIEW, S.HELD, S.GRANTED, S.EVALUATED, S.ENROLLED},
        # A review refuses, asks for more evidence or lets what passed go on to the next decision; it never grants (DESIGN 1,
        # rule 5).
        S.IN_REVIEW: _LEAVING | {S.PROVING, S.HELD},
        S.HELD: _LEAVING | {S.PROVING, S.DECIDING, S.IN_REVIEW},
        S.GRANTED: _LEAVING | {S.HANDED_OVER, S.RECOVERED, S.REPUDIATED},
        S.HANDED_OVER: frozenset({S.RECOVERED, S.EXPIRED, S.SUPERSEDED, S.REPUDIATED}),
        S.RECOVERED: frozenset({S.REPUDIATED}),
        S.ENROLLED: frozenset({S.REPUDIATED}),
        S.EVALUATED: frozenset(),
        S.REFUSED: frozenset(),
        S.CANCELED: frozenset(),
        S.EXPIRED: frozenset(),
        S.SUPERSEDED: frozenset(),
        S.REPUDIATED: frozenset(),
    },
)

LIVE = frozenset({S.OPENED, S.PROVING, S.DECIDING, S.IN_REVIEW, S.HELD, S.GRANTED})
ENDED_WITHOUT_ACCOUNT = frozenset({S.EVALUATED, S.REFUSED, S.CANCELED, S.EXPIRED, S.SUPERSEDED, S.REPUDIATED})
MAY_PROVE = frozenset({S.PROVING})
# The end of a case that was to tie a card to an account: what it gave stays.
KEPT_CARD = frozenset({S.RECOVERED, S.ENROLLED})
GAVE_ACCOUNT = frozenset({S.HANDED_OVER, S.RECOVERED})


class StepKind(models.TextChoices):
    CONFIRMED = "confirmed", _("Address confirmed")
    CONSENTED = "consented", _("Consent given")
    PROOFED = "proofed", _("Identity proven")
    CREDENTIAL_ISSUED = "credential_issued", _("Verified ID issued")
    PRESENTED = "presented", _("Verified ID presented")
    FACE_CHECKED = "face_checked", _("Face Check")
    MATCHED = "matched", _("Matched to an account")
    ATTESTED = "attested", _("Confirmed by somebody who knows them")
    CLAIMS_CHECKED = "claims_checked", _("Checked by your own systems")
    PASS_ISSUED = "pass_issued", _("Pass issued")
    SIGNED_IN = "signed_in", _("Pass used")
    PASSKEY_REGISTERED = "passkey_registered", _("Passkey registered")
    METHOD_SEEN = "method_seen", _("New way to sign in seen")


class StepState(models.TextChoices):
    STARTED = "started", _("Started")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Mode(models.TextChoices):
    EVALUATION = "evaluation", _("Evaluation")
    PRODUCTION = "production", _("Production")


class Route(models.TextChoices):
    """How somebody proves who they are (recovery.routes)."""

    DOCUMENT = "document", _("A document and a live face")
    EID = "eid", _("An eID, without a face")


class Told(models.TextChoices):
    """Who hears of a recovery beside the person, whom nothing turns off (recovery.telling)."""

    REVIEWERS = "reviewers", _("Those who may review: a recovery waits for two of them")
    MEMBERS_WAITING = "members_waiting", _("Those who act on cases: a recovery waits")
    MEMBERS_RECOVERED = "members_recovered", _("Those who act on cases: an account was recovered")
    MANAGER = "manager", _("Their manager: an account was recovered")


class EvidenceKind(Enum):
    """Kinds of evidence that do not stand or fall together (DESIGN 1, rule 4)."""

    DOCUMENT_PHOTOGRAPH = "document_photograph"
    HELD_ADDRESS = "held_address"
    SAVED_CODE = "saved_code"
    # The session of whoever gets a Verified ID before the loss; no recovery has one.
    PASSKEY = "passkey"
    HELD_DOCUMENT_NUMBER = "held_document_number"
    HELD_CREDENTIAL = "held_credential"
    HELD_PORTRAIT = "held_portrait"
    CHIP = "chip"
    EID = "eid"
    # The word of somebody who knows the person (recovery.attesting). It is asked for last.
    ATTESTATION = "attestation"


# A photograph of a document is one kind; each of these is another.
INDEPENDENT_OF_PHOTOGRAPH = frozenset(EvidenceKind) - {EvidenceKind.DOCUMENT_PHOTOGRAPH}
# What a journey can gather today: a profile that asks for anything else would refuse everybody.
GATHERED = frozenset(
    {
        EvidenceKind.DOCUMENT_PHOTOGRAPH,
        EvidenceKind.HELD_ADDRESS,
        EvidenceKind.SAVED_CODE,
        EvidenceKind.HELD_DOCUMENT_NUMBER,
        EvidenceKind.ATTESTATION,
    }
)
# What raises no level of assurance and never counts with codes alone: a help desk would ask for no more (decision 0061).
WORDS_OF_OTHERS = frozenset({EvidenceKind.ATTESTATION})
# A code the person saved while signed in proves more than reading a mailbox does, and stands in for it.
# An eID does not: it stands where the document would, and nothing counts twice.
STANDS_IN_FOR_ADDRESS = frozenset({EvidenceKind.SAVED_CODE, EvidenceKind.CHIP})
