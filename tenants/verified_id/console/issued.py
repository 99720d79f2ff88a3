"""Issued credentials as the console lists them, and cards that wait for a member's look.

A credential names no person. Whose it is stands beside it for those who may see people, once it is tied to an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.paging import Column, Order, Page, page_of, read_order
from portal.kit.references import typed_reference, with_reference
from tenants.verified_id.holders import Holder, holders
from tenants.verified_id.models import Credential, Issuance, IssuanceOffer

PAGE = 50
COLUMNS: Mapping[str, Column] = {
    "issued": Column("created_at"),
    "until": Column("expires_at"),
    "state": Column("state"),
}


EXPIRED = "expired"
# As many characters of a reference as are searched for beside a name.
REFERENCE_FROM = 4


@dataclass(frozen=True, slots=True)
class IssuedFilter:
    """`text` is a person for those who may see people, and the reference of a case for everybody."""

    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    names_people: bool = False
    key: str = ""
    sort: str = ""
    # A day, state or name of a filter that is none: it finds nothing, because whoever mistyped meant to leave cards out.
    is_unreadable: bool = False

    @property
    def order(self) -> Order:
        return read_order(self.sort, COLUMNS, "-issued")

    @property
    def is_narrow(self) -> bool:
        return bool(self.is_unreadable or self.state or self.since or self.until or self.text or self.key)


def _of_text(text: str, *, names_people: bool) -> Q:
    """A word of two letters begins many names, and one reference in a thousand by chance."""
    typed = typed_reference(text)
    is_reference = not names_people or len(typed) >= REFERENCE_FROM
    known = with_reference(Credential.objects.order_by(), "reference", typed) if is_reference else None
    found = Q(id__in=known.values("id")) if known is not None else Q(pk__in=[])
    return found | holders().cards_of(text) if names_people else found


def issued_found(chosen: IssuedFilter) -> QuerySet[Credential]:
    """Every credential of the filter in its order, newest first otherwise; none for one that cannot be read."""
    found = Credential.objects.order_by(*chosen.order.fields())
    if chosen.is_unreadable:
        return found.none()
    if chosen.state == EXPIRED:
        found = found.filter(state=Credential.State.VALID, expires_at__lte=clock.now())
    elif chosen.state:
        found = found.filter(state=chosen.state)
        if chosen.state == Credential.State.VALID:
            found = found.filter(expires_at__gt=clock.now())
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    if chosen.key:
        found = found.filter(status_list__key__kid__endswith=f"#{chosen.key}")
    return found.filter(_of_text(chosen.text, names_people=chosen.names_people)) if chosen.text else found


def issued_page(chosen: IssuedFilter, cursor: str, size: int = PAGE) -> Page[Credential]:
    """One page, in the order the filter asks for."""
    return page_of(issued_found(chosen), chosen.order, cursor, size)


def get_credential(credential_id: UUID) -> Credential:
    row = Credential.objects.filter(id=credential_id).first()
    if row is None:
        raise NotHere("credential_unknown")
    return row


def holder_of(row: Credential) -> Holder | None:
    return holders().of_cards([row.id]).get(row.id)


# Cards that wait for a look ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """`is_asked_for`: a wallet came for it, and was told to come back."""

    issuance: Issuance
    holder: Holder | None
    is_asked_for: bool


def _waiting() -> QuerySet[Issuance]:
    live = Issuance.objects.filter(review=Issuance.Review.WAITING, expires_at__gt=clock.now())
    asked = IssuanceOffer.objects.filter(issuance=OuterRef("id")).exclude(transaction_digest=None).order_by()
    return live.annotate(asked=Exists(asked)).order_by("created_at", "id")


def _as_waiting(rows: Iterable[Issuance]) -> list[Waiting]:
    found = list(rows)
    people = holders().of_people([row.person_id for row in found if row.person_id])
    return [
        Waiting(row, people.get(row.person_id) if row.person_id else None, bool(getattr(row, "asked", False)))
        for row in found
    ]


def waiting_cards() -> list[Waiting]:
    """At most a page of them, the longest wait first; they are gone after a day."""
    return _as_waiting(_waiting()[:PAGE])


def count_waiting() -> int:
    return _waiting().count()


def get_waiting(issuance_id: UUID) -> Waiting:
    """NotHere for one that nobody has to look at any more."""
    found = _as_waiting(_waiting().filter(id=issuance_id))
    if not found:
        raise NotHere("issuance_unknown")
    return found[0]
