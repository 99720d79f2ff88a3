"""Whose manager is whom, as far as something may be decided by it.

Protects people from whoever writes themselves down as somebody's manager, or writes the manager's identifier beside an
account of their own: a word that changed counts after 72 hours, whatever names somebody has to be held as long, and a name
that could be anybody's counts for nothing. What it does not do: say what a manager may.
"""

from __future__ import annotations

from django.db.models import Q

from portal.kit import clock
from portal.kit.ids import parse_public_id
from tenants.directory.models import DirectoryPerson, NoticeAddress, PersonKey
from tenants.directory.naming import HELD_FOR, external_since, is_held
from tenants.directory.selectors import normalise_identifier

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
        is_address = key.kind == PersonKey.Kind.EMAIL
        is_old = is_held(key.held_since) and (not is_address or _is_held(key.person, wanted))
        return key.person if is_old or not held else None
    # Two of one name are two whatever the day: a name that is new takes a manager away at once and makes none.
    found = list(DirectoryPerson.objects.filter(_by_identifier(word)).exclude(status=REMOVED)[:2])
    if len(found) != 1:
        return None
    by_word = found[0].external_id == word and held
    return found[0] if not by_word or is_held(external_since(found[0])) else None


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
