"""Places in the status lists: one for each credential, drawn at random and never used again (Token Status List, 13.2)."""

from __future__ import annotations

import secrets

from tenants.verified_id.models import Authority, Credential, CredentialCopy, SigningKey, StatusList
from tenants.verified_id.protocol.status_list import SIZE, StatusReference, choose_unused_index
from tenants.verified_id.selectors import get_authority

FULLEST = SIZE * 3 // 4
"""Entries after which the next card opens another list: a free place is to be hit at random, not searched for."""


def open_status_list(authority: Authority, key: SigningKey) -> StatusList:
    """One more list for what this key will sign."""
    row = StatusList(key=key)
    row.uri = f"{authority.issuer}/status/{row.id.hex}"
    row.save(force_insert=True)
    return row


def take_places(key: SigningKey, count: int) -> tuple[StatusList, list[StatusReference]]:
    """As many different places as one card needs, all in one list. Who takes some waits for whoever is taking others of the
    same list; they are taken when the card is written in the same transaction."""
    row, used = _with_room(key, count)
    found = []
    for _number in range(count):
        index = choose_unused_index(used=used, random_below=secrets.randbelow)
        used.add(index)
        found.append(StatusReference(row.uri, index))
    return row, found


def _with_room(key: SigningKey, count: int) -> tuple[StatusList, set[int]]:
    """The key's newest list, locked, and what is used of it; a new one where it is full, unless somebody opened one while the
    lock was awaited."""
    lists = StatusList.objects.filter(key=key).order_by("-created_at", "-id")
    while (row := lists.select_for_update(no_key=True).first()) is not None:
        used = _used(row)
        if len(used) + count <= FULLEST:
            return row, used
        if lists.first() == row:
            break
    return open_status_list(get_authority(), key), set()


def _used(row: StatusList) -> set[int]:
    cards = Credential.objects.filter(status_list=row).values_list("status_index", flat=True)
    copies = CredentialCopy.objects.filter(status_list=row).values_list("status_index", flat=True)
    return {index for index in cards.union(copies) if index is not None}


def card_at(uri: str, index: int) -> tuple[Credential, str] | None:
    """The card that stands there, and the thumbprint of the key it is bound to."""
    rows = Credential.objects.select_related("issuance")
    row = rows.filter(status_list__uri=uri, status_index=index).first()
    if row is not None:
        return row, row.holder_thumbprint
    copies = CredentialCopy.objects.select_related("credential__issuance")
    copy = copies.filter(status_list__uri=uri, status_index=index).first()
    return (copy.credential, copy.holder_thumbprint) if copy is not None else None
