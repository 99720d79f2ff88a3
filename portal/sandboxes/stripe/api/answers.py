"""Lists: one page of the objects of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api.errors import no_such, refused
from portal.sandboxes.stripe.api.parameters import IDS, Reader, created, filled, integer, read
from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.store import Doc, Store

PAGE: dict[str, Reader] = {
    "limit": integer(1, 100),
    "starting_after": filled(200),
    "ending_before": filled(200),
    "expand": IDS,
}


def list_of(url: str, docs: list[Doc], *, has_more: bool = False) -> Doc:
    return {"object": "list", "data": docs, "has_more": has_more, "url": url}


def page(
    store: Store,
    given: Mapping[str, Any],
    kind: str,
    *,
    url: str,
    filters: Mapping[str, Reader] | None = None,
    narrow: Callable[[QuerySet[Record], dict[str, Any]], QuerySet[Record]] | None = None,
    oldest_first: bool = False,
) -> Doc:
    """One page, newest first. `filters` compare a field of the object unless `narrow` handles them."""
    asked = read(given, {**PAGE, "created": created, **(filters or {})})
    found = store.records(kind).filter(deleted=False)
    for edge, moment in (asked.get("created") or {}).items():
        found = found.filter(**{f"created__{edge}": moment})
    if narrow:
        found = narrow(found, asked)
    else:
        found = found.filter(**{f"data__{name}": asked[name] for name in filters or {} if name in asked})
    return _cut(store, found, asked, kind, url, oldest_first)


def _cut(
    store: Store, found: QuerySet[Record], asked: dict[str, Any], kind: str, url: str, oldest_first: bool
) -> Doc:
    if "starting_after" in asked and "ending_before" in asked:
        raise refused("You may only specify one of these parameters: starting_after, ending_before.")
    limit = asked.get("limit", 10)
    backwards = "ending_before" in asked
    if "starting_after" in asked or backwards:
        name = "ending_before" if backwards else "starting_after"
        place = _place(store, kind, asked[name], name)
        upwards = backwards != oldest_first
        found = found.filter(position__gt=place) if upwards else found.filter(position__lt=place)
    ascending = oldest_first != backwards
    rows = list(found.order_by("position" if ascending else "-position")[: limit + 1])
    taken = rows[:limit][::-1] if backwards else rows[:limit]
    return list_of(url, [dict(row.data) for row in taken], has_more=len(rows) > limit)


def _place(store: Store, kind: str, identifier: str, param: str) -> int:
    record = store.records(kind).filter(id=identifier).first()
    if record is None:
        raise no_such(ids.spoken(kind), identifier, param)
    return record.position
