"""Set-up links: the right colleague does one item of the checklist, and nothing else, until the link expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import SetupLink

LIFETIME = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class MadeLink:
    """The token is known only here and in the mail."""

    link: SetupLink
    token: str


def is_open(link: SetupLink) -> bool:
    return link.completed_at is None and link.withdrawn_at is None and link.expires_at > clock.now()


def make_setup_link(*, item: str, about: str = "", email: str, made_by: UUID, actor: Actor) -> MadeLink:
    """An earlier link for the same item, `about` the same partner, to the same address stops working."""
    address = email.strip().lower()
    SetupLink.objects.filter(
        item=item, about=about, email=address, completed_at=None, withdrawn_at=None
    ).update(withdrawn_at=clock.now())
    token = new_token()
    link = SetupLink.objects.create(
        item=item,
        about=about,
        email=address,
        token_digest=digest(token),
        made_by_id=made_by,
        expires_at=clock.now() + LIFETIME,
    )
    record_event(
        EventName.SETUP_LINK_MADE,
        actor=actor,
        subject=link.public_id,
        data=_told(link),
        personal={"email": address},
    )
    return MadeLink(link, token)


def _told(link: SetupLink) -> dict[str, str]:
    return {"item": link.item, **({"vendor": link.about} if link.about else {})}


def get_open_link(link_id: UUID) -> SetupLink:
    link = SetupLink.objects.filter(id=link_id).first()
    if link is None or not is_open(link):
        raise NotHere("setup_link_spent")
    return link


def _locked(link_id: UUID) -> SetupLink:
    link = SetupLink.objects.select_for_update().filter(id=link_id).first()
    if link is None or not is_open(link):
        raise NotHere("setup_link_spent")
    return link


def note_use(link: SetupLink) -> None:
    """Somebody proved the address and took the limited seat."""
    record_event(
        EventName.SETUP_LINK_USED,
        actor=Actor(ActorKind.MEMBER, link.public_id),
        subject=link.public_id,
        data=_told(link),
        personal={"email": link.email},
    )


def withdraw_setup_link(link_id: UUID, *, actor: Actor) -> None:
    """Ends the seat of whoever sits in it, at once."""
    link = (
        SetupLink.objects.select_for_update().filter(id=link_id, withdrawn_at=None, completed_at=None).first()
    )
    if link is None:
        raise NotHere("setup_link_unknown")
    link.withdrawn_at = clock.now()
    link.save(update_fields=["withdrawn_at"])
    record_event(EventName.SETUP_LINK_WITHDRAWN, actor=actor, subject=link.public_id, data=_told(link))


def complete_setup_link(link_id: UUID, *, actor: Actor) -> None:
    """The colleague says: done. The link does not open again."""
    link = _locked(link_id)
    link.completed_at = clock.now()
    link.save(update_fields=["completed_at"])
    record_event(EventName.SETUP_LINK_COMPLETED, actor=actor, subject=link.public_id, data=_told(link))
