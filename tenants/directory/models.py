"""The tenant's people, and what the organisation held about them before anyone was locked out."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.models import TenantForeignKey, TenantModel


class DirectoryPerson(TenantModel):
    """Somebody with an account in the tenant. Not a user of ours: they have no password and no seat."""

    prefix: ClassVar[str] = "person"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        # Left the directory: nothing finds them any more, and cases and the audit log keep their reference.
        REMOVED = "removed", _("Removed")

    class Assurance(models.TextChoices):
        IAL1 = "ial1", _("Identity not proven before")
        IAL2 = "ial2", _("Identity proven before")

    user_name = models.CharField(_("user name"), max_length=120)
    employee_number = models.CharField(_("employee number"), max_length=60, blank=True)
    given_names = models.CharField(_("given names"), max_length=120)
    family_name = models.CharField(_("family name"), max_length=120)
    display_name = models.CharField(max_length=250)
    sort_key = models.CharField(max_length=250)
    birthdate = models.DateField(_("date of birth"), null=True)
    department = models.CharField(_("department"), max_length=120, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    # The kind of whoever suspended them: provisioning lifts what provisioning did, and never a colleague's suspension.
    suspended_by = models.CharField(max_length=12, blank=True)
    suspended_at = models.DateTimeField(null=True)
    assurance_level = models.CharField(max_length=8, choices=Assurance.choices, default=Assurance.IAL1)
    recovery_allowed = models.BooleanField(default=True)
    names_changed_at = models.DateTimeField(null=True)
    # When the last e-mail address went: whoever takes it away to recover without a code waits like everybody who changes one.
    address_lost_at = models.DateTimeField(null=True)
    # A guest of another organisation: no Temporary Access Pass can be made for them there.
    is_guest = models.BooleanField(default=False)
    # May do more than others: out of every profile that does not let such accounts in. None: nobody said.
    is_privileged = models.BooleanField(_("privileged account"), null=True)
    # As the source names them: a user name, an identifier or a name; what is decided by it is in `managers`.
    manager = models.CharField(_("manager"), max_length=250, blank=True)
    manager_changed_at = models.DateTimeField(null=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    source = models.CharField(max_length=20, default="csv")
    # How the system that provisions people calls this one (RFC 7643, 3.1).
    external_id = models.CharField(max_length=250, blank=True)
    # None: the person came with it.
    external_id_changed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=clock.now)
    # When they first made a passkey or codes of their own here: no file takes an account away that somebody has come into.
    enrolled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "user_name"], name="person_user_name")]
        indexes = [
            models.Index(fields=["tenant_id", "sort_key", "id"], name="person_sorted"),
            models.Index(fields=["tenant_id", "status", "sort_key", "id"], name="person_by_status"),
            models.Index(fields=["tenant_id", "employee_number", "id"], name="person_by_number"),
            models.Index(fields=["tenant_id", "department", "id"], name="person_by_department"),
            models.Index(
                fields=["tenant_id", "external_id"],
                name="person_by_external_id",
                condition=~models.Q(external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class PersonKey(TenantModel):
    """One way to name a person: user name, e-mail or employee number, normalised. Unique in the tenant. Whoever is looked
    for by it is found at once; what is decided by it counts later (`naming`)."""

    class Kind(models.TextChoices):
        USER_NAME = "user_name", _("User name")
        EMAIL = "email", _("E-mail")
        EMPLOYEE_NUMBER = "employee_number", _("Employee number")

    # Here and below, where an index by tenant and person serves: another by the person alone would only be written.
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    value = models.CharField(max_length=254)
    held_since = models.DateTimeField(default=clock.now)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "value"], name="person_key_once")]
        indexes = [models.Index(fields=["tenant_id", "person"], name="person_keys_of")]


class SearchWord(TenantModel):
    """A normalised word of a person's names, for prefix search by range (a substring cannot use an index here)."""

    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.CharField(max_length=120)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "word", "person"], name="search_word"),
            models.Index(fields=["tenant_id", "person"], name="search_words_of"),
        ]


class PersonName(TenantModel):
    """A name the person bore before, is called by, or has in another script. An empty field means the account's own."""

    class Kind(models.TextChoices):
        FORMER = "former", _("Former name")
        PREFERRED = "preferred", _("Called")
        SCRIPT = "script", _("In another script")

    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    given_names = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    held_since = models.DateTimeField(default=clock.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "person", "kind", "given_names", "family_name"], name="person_name_once"
            )
        ]


class NoticeAddress(TenantModel):
    """Where the organisation can reach a person, and since when it holds the address."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Telephone")

    person = TenantForeignKey(
        DirectoryPerson, on_delete=models.CASCADE, related_name="addresses", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=254)
    # As the system that provisions people labels it: work, home, mobile.
    label = models.CharField(max_length=60, blank=True)
    is_primary = models.BooleanField(null=True)
    held_since = models.DateTimeField(default=clock.now)
    # When whoever reads it last proved that: a code or a link that was sent there came back.
    confirmed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person", "value"], name="notice_address_once")
        ]


class HeldEvidence(TenantModel):
    """Evidence the organisation held before the loss: a digest, never the thing itself."""

    class Kind(models.TextChoices):
        DOCUMENT_NUMBER = "document_number", _("Document number")
        NATIONAL_ID = "national_id", _("National number")
        PORTRAIT = "portrait", _("Earlier portrait")
        CREDENTIAL = "credential", _("Verified ID")

    class Source(models.TextChoices):
        PROVEN = "proven", _("Proven in a recovery")
        # Counts later: see `evidence`.
        FILE = "file", _("From a file")

    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.PROVEN)
    held_since = models.DateTimeField(default=clock.now)
    # Proven once more, or told by a file again.
    confirmed_at = models.DateTimeField(default=clock.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "person", "kind", "digest"], name="held_evidence_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "kind", "digest"], name="held_evidence_digest")]


class RetentionRule(TenantModel):
    """How long one kind of what is held is kept, in days; nothing means until the person is removed."""

    class Category(models.TextChoices):
        NUMBERS = "numbers", _("Document and national numbers")
        BIRTHDATE = "birthdate", _("Date of birth")
        OTHER_NAMES = "other_names", _("Former and other names")
        PHONES = "phones", _("Telephone numbers")
        EMAILS = "emails", _("E-mail addresses")
        STANDING = "standing", _("Manager, country and department")

    category = models.CharField(max_length=12, choices=Category.choices)
    left_days = models.PositiveIntegerField(null=True)
    confirmed_days = models.PositiveIntegerField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "category"], name="retention_rule_once")]


class Group(TenantModel):
    """People whom the provisioning system puts together. It has no members but people: groups in groups come resolved."""

    prefix: ClassVar[str] = "group"

    name = models.CharField(max_length=250)
    external_id = models.CharField(max_length=250, blank=True)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "name", "id"], name="group_by_name")]

    def __str__(self) -> str:
        return self.name


class GroupMember(TenantModel):
    """One person in one group."""

    group = TenantForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "group", "person"], name="group_member_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "person"], name="groups_of_person")]


class ScimToken(TenantModel):
    """Lets one system provision people and groups (RFC 7644, 2). Of the token there is a keyed digest only."""

    prefix: ClassVar[str] = "scim"

    label = models.CharField(_("name"), max_length=80)
    name_in_token = models.CharField(max_length=12)
    secret_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # A day, and no more: enough to see which connection sleeps.
    last_used_on = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "secret_digest"], name="scim_token_once")]


class PeopleImport(TenantModel):
    """A file that was sent. It rests sealed for half an hour, for the member who sent it, first as it came and, once it is
    known what its columns mean, with the rows that were read; of one that was applied the numbers stay, and for a while
    what it changed (`ImportedBefore`)."""

    prefix: ClassVar[str] = "import"
    UNDO_LIFE: ClassVar[timedelta] = timedelta(days=7)

    member_id = models.UUIDField()
    file_name = models.CharField(max_length=200)
    sealed_file = models.BinaryField(null=True)
    # Empty while nobody has said what the columns mean.
    sealed = models.BinaryField(null=True)
    # What the columns mean, by their headings: the next file of the organisation begins with it.
    layout = models.JSONField(default=dict)
    # How many rows add, change, keep or cannot be read: numbers only.
    counts = models.JSONField(default=dict)
    rows_digest = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "expires_at"], name="people_import_expiry"),
            models.Index(fields=["tenant_id", "applied_at"], name="people_import_applied"),
        ]

    @property
    def may_undo(self) -> bool:
        """Within a week, once."""
        return (
            self.applied_at is not None
            and self.undone_at is None
            and clock.now() < self.applied_at + self.UNDO_LIFE
        )


class ImportedBefore(TenantModel):
    """One person whom an import touched, as they were before it; null for whom it added. Kept for as long as the import can be
    taken back, and gone with the person."""

    people_import = TenantForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", db_index=False)
    before = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "people_import", "id"], name="imported_before"),
            models.Index(fields=["tenant_id", "person"], name="imported_before_of"),
        ]
