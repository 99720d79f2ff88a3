"""Reading the authority."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Subquery

from portal.kit.errors import NotHere
from tenants.verified_id.models import Authority, LinkedDomain, SigningKey


def authority() -> Authority | None:
    return Authority.objects.first()


def get_authority() -> Authority:
    found = authority()
    if found is None:
        raise NotHere("no_authority")
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """What the checklist asks: the authority, whether all it publishes could be read, and the domain beside it."""

    did: str
    is_broken: bool
    domain: str
    domain_state: str


def standing() -> Standing | None:
    """In one query; None until Verified ID is turned on."""
    domain = LinkedDomain.objects.order_by()
    found = Authority.objects.annotate(
        origin=Subquery(domain.values("origin")[:1]), state=Subquery(domain.values("state")[:1])
    ).first()
    if found is None:
        return None
    broken = bool(found.published_checked_at) and not all(line["ok"] for line in found.published)
    return Standing(found.did, broken, found.origin or "", found.state or LinkedDomain.State.NOT_LINKED)


def linked_domain() -> LinkedDomain | None:
    return LinkedDomain.objects.first()


def signing_keys() -> list[SigningKey]:
    return list(SigningKey.objects.order_by("-created_at"))
