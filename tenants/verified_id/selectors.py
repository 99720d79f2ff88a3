"""Reading the authority."""

from __future__ import annotations

from portal.kit.errors import NotHere
from tenants.verified_id.models import Authority, LinkedDomain, SigningKey


def authority() -> Authority | None:
    return Authority.objects.first()


def get_authority() -> Authority:
    found = authority()
    if found is None:
        raise NotHere("no_authority")
    return found


def linked_domain() -> LinkedDomain | None:
    return LinkedDomain.objects.first()


def signing_keys() -> list[SigningKey]:
    return list(SigningKey.objects.order_by("-created_at"))
