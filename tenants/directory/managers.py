"""Whose manager is whom, as far as something may be decided by it.

Protects people from whoever writes themselves down as somebody's manager: a word that changed counts after 72 hours, an
address that names somebody has to be held as long, and a name that could be anybody's counts for nothing. What it does not
do: say what a manager may.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from portal.kit import clock
from portal.kit.ids import parse_public_id
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonKey
from tenants.directory.selectors import normalise_identifier

HELD_FOR = timedelta(hours=72)
# Nobody has more managers above them; what goes on after that goes in a circle.
LONGEST_CHAIN = 12


def manager_of(person: DirectoryPerson) -> DirectoryPerson | None:
    """The one person whom the directory names as the manager: by user name, e-mail, employee number or the identifier of
    the system that provisions people. None where it says so for less than 72 hours, or names nobody or several."""
    since = person.manager_changed_at
    if not person.manager or since is None or since > clock.now() - HELD_FOR:
        return None
    return _named_by(person.manager, held=True)


def _named_by(word: str, *, held: bool) -> DirectoryPerson | None:
    wanted = normalise_identifier(word)
    key = PersonKey.objects.filter(value=wanted).select_related("person").first()
    if key is not None:
        is_old = key.kind != PersonKey.Kind.EMAIL or not held or _is_held(key.person, wanted)
        return key.person if is_old else None
    found = list(DirectoryPerson.objects.filter(_by_identifier(word)).exclude(status=REMOVED)[:2])
    return found[0] if len(found) == 1 else None


REMOVED = DirectoryPerson.Status.REMOVED


def _by_identifier(word: str) -> Q:
    try:
        own = Q(id=parse_public_id(DirectoryPerson.prefix, word))
    except ValueError:
        own = Q(pk__in=[])
    return own | Q(external_id=word)


def _is_held(person: DirectoryPerson, address: str) -> bool:
    since = clock.now() - HELD_FOR
    held = NoticeAddress.objects.filter(person=person, value__iexact=address, held_since__lte=since)
    return held.exists()


def stands_above(one: DirectoryPerson, other: DirectoryPerson) -> bool:
    """Whether `one` is the manager of `other`, or of one of their managers. Whatever the directory says now counts, however
    short a time it has said so: this keeps people out and lets nobody in."""
    seen, at = {other.id}, other
    for _step in range(LONGEST_CHAIN):
        above = _named_by(at.manager, held=False) if at.manager else None
        if above is None or above.id in seen:
            return False
        if above.id == one.id:
            return True
        seen.add(above.id)
        at = above
    # A chain without end is nobody's to vouch in.
    return True
