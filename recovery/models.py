"""Cases, what was done in them, and the profiles they run under."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.ids import short_reference
from portal.kit.models import TenantForeignKey, TenantModel
from recovery.signs import WAITED_FOR
from recovery.statuses import GAVE_ACCOUNT, CaseStatus, EvidenceKind, Mode, Route, StepKind, StepState, Told
from tenants.directory.matching import HeldDocument, MatchPolicy
from tenants.directory.models import DirectoryPerson
from vendors.models import Connection


def default_evidence() -> list[str]:
    return [EvidenceKind.DOCUMENT_PHOTOGRAPH.value, EvidenceKind.HELD_ADDRESS.value]


def default_waiting_signs() -> list[str]:
    return [sign.value for sign in WAITED_FOR]


def default_told() -> list[str]:
    return [Told.REVIEWERS.value]


class Profile(TenantModel):
    """Who may recover, by which partners, how strictly. A document: what staff write is changed, kept and restored as a
    whole (`ProfileVersion`), so partners, groups and departments are named in it and not in tables beside it."""

    prefix: ClassVar[str] = "profile"

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("In force")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Names(models.TextChoices):
        EXACT = "exact", _("Names agree exactly")
        RELAXED = "relaxed", _("Names agree with the usual differences of spelling")

    class EidLevel(models.TextChoices):
        SUBSTANTIAL = "substantial", _("Substantial or high")
        HIGH = "high", _("High")

    class OtherDocument(models.TextChoices):
        TOLD = "told", _("Goes on: documents are renewed")
        DECIDES = "decides", _("Refused")

    class ReviewersAre(models.TextChoices):
        ANYONE = "anyone", _("Every member who may review")
        ROLE = "role", _("Members of one role")
        NAMED = "named", _("These members only")

    class NoAddress(models.TextChoices):
        OFF = "off", _("They recover with a code they saved, or not at all")
        HELD = "held", _("They prove it at the free partner first, with the document you hold")
        REVIEWED = "reviewed", _("Also without it: somebody who knows them says so, and two members look")

    class DecoysEnd(models.TextChoices):
        NO_CODE = "no_code", _("No code ever comes, and the page says what to do")
        FREE_PARTNER = "free_partner", _("They may go on to the free partner, and are refused after it")

    class CodeGoesTo(models.TextChoices):
        OTHER = "other", _("To another mailbox than the account's own, where one is settled")
        LONGEST = "longest", _("To the address held longest, whichever it is")

    class OldWays(models.TextChoices):
        REMOVED = "removed", _("They are removed")
        CONFIRMED = "confirmed", _("They are suspended until the person confirms each")

    class Everyone(models.TextChoices):
        EVERYONE = "everyone", _("Everyone who is active")
        DEPARTMENTS = "departments", _("Only these departments")

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode.choices, default=Mode.EVALUATION)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    # Of those in force, the lowest that is for a person counts for them.
    position = models.IntegerField(default=0)
    # Ids of connections, in the order in which they are offered (recovery.ordering).
    partners = models.JSONField(default=list)
    # {id of a connection: {"countries": [two letters], "groups": [ids]}}; who is not named is for everybody
    # (recovery.partner_conditions).
    partner_conditions = models.JSONField(default=dict)
    # {id of a connection: ["names", "birthdate"]}: what that partner is told of a person beforehand
    # (recovery.reference_evidence).
    reference_evidence = models.JSONField(default=dict)
    evidence_required = models.JSONField(default=default_evidence)
    face_threshold = models.PositiveSmallIntegerField(_("Face Check threshold"), default=70)
    # Of an eID, where one of the partners is one (recovery.routes).
    eid_level = models.CharField(
        _("level of an eID"), max_length=12, choices=EidLevel.choices, default=EidLevel.SUBSTANTIAL
    )
    names = models.CharField(max_length=12, choices=Names.choices, default=Names.EXACT)
    birthdate_required = models.BooleanField(default=True)
    former_names = models.BooleanField(default=False)
    other_document = models.CharField(max_length=8, choices=OtherDocument.choices, default=OtherDocument.TOLD)
    pass_lifetime_minutes = models.PositiveSmallIntegerField(_("pass lifetime"), default=60)
    # What becomes of the passkeys from before; sessions end whatever it says (recovery.old_ways).
    old_ways = models.CharField(max_length=10, choices=OldWays.choices, default=OldWays.REMOVED)
    reuse_hours = models.PositiveSmallIntegerField(_("hours in which a proof serves again"), default=24)
    # 0: what is held from before counts for nothing, and everybody proves anew.
    held_days = models.PositiveSmallIntegerField(_("days in which a held Verified ID counts"), default=365)
    daily_checks = models.PositiveIntegerField(_("paid checks a day"), default=500)
    checks_used_up_at = models.DateTimeField(null=True)
    who = models.CharField(max_length=12, choices=Everyone.choices, default=Everyone.EVERYONE)
    departments = models.JSONField(default=list)
    # Ids of groups. Empty `groups_in`: whoever else it is for; nobody who is in one of `groups_out`.
    groups_in = models.JSONField(default=list)
    groups_out = models.JSONField(default=list)
    # Ids of callouts, in the order in which they are asked (recovery.callouts).
    callouts = models.JSONField(default=list)
    privileged = models.BooleanField(default=False)
    # Codes of signs (recovery.signs): which of them two members look at, and which let a recovery wait.
    review_signs = models.JSONField(default=list)
    waiting_signs = models.JSONField(default=default_waiting_signs)
    waiting_hours = models.PositiveSmallIntegerField(_("hours of waiting"), default=24)
    # Where a sign begins, by name; what is not named has the usual value (recovery.signs.Limits).
    sign_limits = models.JSONField(default=dict)
    reviewers_are = models.CharField(max_length=8, choices=ReviewersAre.choices, default=ReviewersAre.ANYONE)
    reviewer_role = models.CharField(max_length=20, blank=True)
    reviewers = models.JSONField(default=list)
    # Sessions at a partner in one recovery, and recoveries of one person in a day before the next is held.
    proofings = models.PositiveSmallIntegerField(_("sessions at a partner"), default=3)
    attempts_a_day = models.PositiveSmallIntegerField(_("recoveries a day"), default=12)
    # Which address a code goes to, and the domains whose mailboxes open with the account (recovery.code_address).
    code_goes_to = models.CharField(max_length=8, choices=CodeGoesTo.choices, default=CodeGoesTo.OTHER)
    work_domains = models.JSONField(default=list)
    # The way of people of whom no e-mail address is on file, and what becomes of whoever is nobody (recovery.first_proof).
    no_address = models.CharField(max_length=8, choices=NoAddress.choices, default=NoAddress.OFF)
    first_proofs_a_day = models.PositiveSmallIntegerField(_("proofs without a code a day"), default=20)
    decoys_end = models.CharField(max_length=12, choices=DecoysEnd.choices, default=DecoysEnd.NO_CODE)
    # Who attests where `evidence_required` asks for it (recovery.attesting.rule); what it does not name is as usual.
    attestation = models.JSONField(default=dict)
    # Who hears beside the person, and of what (recovery.telling).
    told = models.JSONField(default=default_told)
    # The step at which whoever writes it left the guide; empty once it was gone through, or never begun.
    guide_step = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(face_threshold__gte=50, face_threshold__lte=100), name="profile_threshold"
            ),
            models.CheckConstraint(
                condition=models.Q(pass_lifetime_minutes__gte=10, pass_lifetime_minutes__lte=480),
                name="profile_pass_lifetime",
            ),
            # The portrait of a proof is kept for a day at most (DESIGN 7).
            models.CheckConstraint(condition=models.Q(reuse_hours__lte=24), name="profile_reuse_hours"),
            models.CheckConstraint(condition=models.Q(held_days__lte=1825), name="profile_held_days"),
            models.CheckConstraint(
                condition=models.Q(waiting_hours__gte=1, waiting_hours__lte=168), name="profile_waiting_hours"
            ),
            models.CheckConstraint(
                condition=models.Q(proofings__gte=1, proofings__lte=3), name="profile_proofings"
            ),
            models.CheckConstraint(
                condition=models.Q(attempts_a_day__gte=2, attempts_a_day__lte=12),
                name="profile_attempts_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(first_proofs_a_day__gte=1, first_proofs_a_day__lte=500),
                name="profile_first_proofs_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def match_policy(self) -> MatchPolicy:
        """How far what a document says may be from the account."""
        return MatchPolicy.in_mode(
            self.names,
            birthdate_required=self.birthdate_required,
            former_names=self.former_names,
            held_document=HeldDocument(self.other_document),
        )


class ProfileVersion(TenantModel):
    """What a profile said since somebody saved it; the audit log says who."""

    profile = TenantForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    values = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "profile", "version"], name="profile_version_once")
        ]


class Case(TenantModel):
    """One recovery. A decoy walks like the others as far as the code and can never be granted."""

    prefix: ClassVar[str] = "case"

    class Purpose(models.TextChoices):
        RECOVERY = "recovery", _("Recovery")
        ENROLMENT = "enrolment", _("Verified ID before a loss")

    class Authority(models.TextChoices):
        OWN = "own", _("Your authority here")
        ENTRA = "entra", _("Microsoft Entra Verified ID")

    status = models.CharField(max_length=12, choices=CaseStatus.choices, default=CaseStatus.OPENED)
    # Who issues its card and asks for it back: what the tenant used when it began (recovery.microsoft).
    authority = models.CharField(max_length=5, choices=Authority.choices, default=Authority.OWN)
    profile = TenantForeignKey(Profile, on_delete=models.PROTECT, related_name="+")
    profile_version = models.PositiveIntegerField()
    # The partner the person agreed to go to; nobody until they did, and again while another has to be agreed to.
    connection = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="+", null=True)
    # How the person proves who they are: chosen where there is a choice, and what the partner is listed as from the moment
    # they agreed to it. Empty is never "without a face".
    route = models.CharField(max_length=10, choices=Route.choices, blank=True)
    # Which country issued what the person will show, as they said where the directory says nothing (portal.kit.countries).
    issuing_country = models.CharField(max_length=2, blank=True)
    # What was proven before this moment does not stand any more: an eID is asked again (recovery.proof.void_proof).
    proof_void_at = models.DateTimeField(null=True)
    mode = models.CharField(max_length=12, choices=Mode.choices)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.RECOVERY)
    person = TenantForeignKey(DirectoryPerson, on_delete=models.PROTECT, related_name="+", null=True)
    is_decoy = models.BooleanField(default=False)
    decoy_reason = models.CharField(max_length=40, blank=True)
    browser_digest = models.BinaryField()
    code_tries = models.PositiveSmallIntegerField(default=0)
    needs_new_presence = models.BooleanField(default=False)
    # No code was read: the person proves who they are at the free partner before anything else, and whether that was enough
    # to go on (recovery.first_proof). Until then a name is all there is, and the case speaks for nobody.
    proves_first_at = models.DateTimeField(null=True)
    first_proof_at = models.DateTimeField(null=True)
    # Begins with a Verified ID the person holds from before, instead of a new proof; `credential_id` is that one then.
    shows_held = models.BooleanField(default=False)
    no_flashing = models.BooleanField(default=False)
    # Everything else passed, and somebody who knows the person is still to say so; in which browser they said so.
    attestation_due = models.BooleanField(default=False)
    attested_browser_digest = models.BinaryField(null=True)
    # Where the proof was made, and where a live face agreed with it: only there its card is given out.
    proofed_browser_digest = models.BinaryField(null=True)
    known_face_browser_digest = models.BinaryField(null=True)
    earlier_case_id = models.UUIDField(null=True)
    attempt_id = models.UUIDField(null=True)
    issuance_id = models.UUIDField(null=True)
    credential_id = models.UUIDField(null=True)
    presentation_id = models.UUIDField(null=True)
    face_check_id = models.UUIDField(null=True)
    face_is_before_card = models.BooleanField(default=False)
    document_digest = models.CharField(max_length=64, blank=True)
    reasons = models.JSONField(default=list)
    # Signs of risk (recovery.signs): those that wait for two members now, that two members let go on, that were waited for.
    signs_in_review = models.JSONField(default=list)
    signs_reviewed = models.JSONField(default=list)
    signs_waited = models.JSONField(default=list)
    # A keyed digest of the network it began in, bound to the tenant; empty where none is known, and half a year later
    # (recovery.tasks).
    network_digest = models.CharField(max_length=64, blank=True)
    assurance = models.CharField(max_length=8, blank=True)
    expires_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    extended_at = models.DateTimeField(null=True)
    moved_to_phone_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "status", "-created_at"], name="case_by_status"),
            models.Index(fields=["tenant_id", "person"], name="case_of_person"),
            models.Index(fields=["tenant_id", "browser_digest"], name="case_of_browser"),
            models.Index(fields=["tenant_id", "expires_at"], name="case_expiry"),
            models.Index(
                fields=["tenant_id", "network_digest", "-created_at"],
                name="case_of_network",
                condition=~models.Q(network_digest=""),
            ),
            models.Index(
                fields=["tenant_id", "proves_first_at"],
                name="case_proves_first",
                condition=models.Q(proves_first_at__isnull=False),
            ),
        ]

    @property
    def reference(self) -> str:
        """What a person can read out over the telephone."""
        return short_reference(self.id)

    @property
    def state(self) -> CaseStatus:
        return CaseStatus(self.status)

    @property
    def is_enrolment(self) -> bool:
        """Whether somebody who is signed in gets a Verified ID: it ends with a card and opens nothing."""
        return self.purpose == Case.Purpose.ENROLMENT

    @property
    def proves_first(self) -> bool:
        """Whether it goes without a code, at the free partner."""
        return self.proves_first_at is not None

    @property
    def is_unproven(self) -> bool:
        """Whether it goes without a code and nothing says yet that it is anybody's."""
        return self.proves_first_at is not None and self.first_proof_at is None

    @property
    def is_at_microsoft(self) -> bool:
        """Whether the card lives in Microsoft Authenticator, and Microsoft compares the face with it."""
        return self.authority == Case.Authority.ENTRA

    @property
    def gave_account(self) -> bool:
        """Whether the account was opened by this case."""
        return self.state in GAVE_ACCOUNT


class CaseStep(TenantModel):
    """One thing that was done in a case. `evidence` holds codes, ids and measures, nothing that names a person."""

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    attempt = models.PositiveSmallIntegerField(default=1)
    vendor = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=StepState.choices)
    evidence: Any = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "case", "kind", "attempt"], name="case_step_once")
        ]


class ConfirmationCode(TenantModel):
    """A code sent to an address the organisation already held. A new one replaces it; the tries stay on the case."""

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    code_digest = models.BinaryField()
    # Where it went, as long as that is held; a decoy's went nowhere.
    address_id = models.UUIDField(null=True)
    address_held_since = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "case", "-created_at"], name="confirmation_of_case")]


class CarryCode(TenantModel):
    """Brings a case into another browser: the QR hand-over to a phone, or a continuation code. A continuation code that
    was typed waits in `asked_by_digest`'s browser for a fresh code; until then the case stays where it is."""

    class Kind(models.TextChoices):
        HAND_OVER = "hand_over", _("Hand-over to a phone")
        CONTINUATION = "continuation", _("Continuation code")

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    code_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    asked_by_digest = models.BinaryField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    carried_at = models.DateTimeField(null=True)
    left_browser_digest = models.BinaryField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "code_digest"], name="carry_code_once")]
        indexes = [
            models.Index(fields=["tenant_id", "asked_by_digest"], name="carry_code_asked_by"),
            models.Index(fields=["tenant_id", "left_browser_digest"], name="carry_code_left"),
        ]


class RepudiationLink(TenantModel):
    """ "This was not me": one link for each case, in every mail about it."""

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    token_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="repudiation_token")
        ]


class CredentialBinding(TenantModel):
    """Ties a credential to an account. Made only at `recovered`: before that a credential names nobody."""

    person = TenantForeignKey(DirectoryPerson, on_delete=models.PROTECT, related_name="+")
    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    credential_id = models.UUIDField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "credential_id"], name="binding_once")]


class Review(TenantModel):
    """One member's word on a case in review."""

    class Verdict(models.TextChoices):
        REFUSE = "refuse", _("Refuse")
        MORE_EVIDENCE = "more_evidence", _("Ask for more evidence")
        GO_ON = "go_on", _("Let it go on")

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    member_id = models.UUIDField()
    round = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    reason = models.CharField(max_length=500)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case", "round", "member_id"], name="review_once_a_member"
            )
        ]
