"""What a profile does to people, in numbers: how many can recover with it, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from recovery.models import Profile
from recovery.statuses import EvidenceKind
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress

HELD_FOR = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Reach:
    """Numbers of people. `reasons` are sentences; each person counts in one of them, the first that holds."""

    can: int
    cannot: int
    outside: int
    reasons: tuple[str, ...]


def reach_of(profile: Profile) -> Reach:
    """One query over the directory, whether the profile is in force or only typed."""
    allowed = Q(status=DirectoryPerson.Status.ACTIVE, recovery_allowed=True)
    if profile.who == Profile.Everyone.DEPARTMENTS:
        allowed &= Q(department__in=profile.departments)
    emails = NoticeAddress.objects.filter(person=OuterRef("pk"), kind=NoticeAddress.Kind.EMAIL)
    documents = HeldEvidence.objects.filter(person=OuterRef("pk"), kind=HeldEvidence.Kind.DOCUMENT_NUMBER)
    whens = [When(~allowed, then=Value("outside")), When(~Exists(emails), then=Value("no_address"))]
    if EvidenceKind.HELD_ADDRESS.value in profile.evidence_required:
        held = Exists(emails.filter(held_since__lte=clock.now() - HELD_FOR))
        whens.append(When(~held, then=Value("fresh_address")))
    if EvidenceKind.HELD_DOCUMENT_NUMBER.value in profile.evidence_required:
        whens.append(When(~Exists(documents), then=Value("no_document")))
    if profile.birthdate_required:
        whens.append(When(Q(birthdate=None) & ~Exists(documents), then=Value("no_birthdate")))
    group = Case(*whens, default=Value("can"), output_field=CharField())
    rows = (
        DirectoryPerson.objects.annotate(group=group).order_by().values("group").annotate(number=Count("id"))
    )
    counted = {row["group"]: row["number"] for row in rows}
    can, outside = counted.pop("can", 0), counted.pop("outside", 0)
    return Reach(can, sum(counted.values()), outside, _sentences(counted))


def _sentences(counted: dict[str, int]) -> tuple[str, ...]:
    return tuple(sentence(counted[group]) for group, sentence in _WORDS.items() if counted.get(group))


def _no_address(number: int) -> str:
    return ngettext("%(number)d has no e-mail address.", "%(number)d have no e-mail address.", number) % {
        "number": number
    }


def _fresh_address(number: int) -> str:
    return ngettext(
        "%(number)d has no address that was held for 72 hours.",
        "%(number)d have no address that was held for 72 hours.",
        number,
    ) % {"number": number}


def _no_document(number: int) -> str:
    return ngettext(
        "%(number)d never showed a document before.", "%(number)d never showed a document before.", number
    ) % {"number": number}


def _no_birthdate(number: int) -> str:
    return ngettext(
        "%(number)d has no date of birth in the directory.",
        "%(number)d have no date of birth in the directory.",
        number,
    ) % {"number": number}


_WORDS = {
    "no_address": _no_address,
    "fresh_address": _fresh_address,
    "no_document": _no_document,
    "no_birthdate": _no_birthdate,
}


def can_sentence(reach: Reach) -> str:
    """ "124 people can recover, 3 cannot." """
    if not reach.can and not reach.cannot:
        return _("There is nobody yet for whom this profile is.")
    can = ngettext("%(number)d person can recover", "%(number)d people can recover", reach.can) % {
        "number": reach.can
    }
    return _("%(can)s, %(cannot)d cannot.") % {"can": can, "cannot": reach.cannot}
