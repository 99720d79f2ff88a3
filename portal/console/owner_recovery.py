"""An operator gives an owner a way back who lost every way to prove themselves: begun, waited for, then used once.

Protects an organisation from whoever sits at the operator's machine or talks its operator into this: everybody who could
object is told at every address on file and has a day to stop it with one press; the link opens only after its wait, in the
browser where a code to the owner's own mailbox was typed; and each organisation of theirs reads in its audit log what was done
and why. That browser alone is signed in, to make a new passkey; what was lost stands until then, so that whoever merely reads
the mailbox gets no further than before. What it does not do: find out whether the person who asked is the owner (the reason says
how the operator did).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.console.mailed_code import MailedCode
from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import Invalid, NotHere
from portal.kit.ids import public_id
from portal.kit.limits import Limit
from portal.kit.origins import site_url
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.audit.services import record_event
from tenants.models import Member, OwnerRecovery, Tenant, User
from tenants.notices.services import send_staff_mail
from tenants.rights import Role
from tenants.selectors import Seat, seats_of_user

# Long enough that a mailbox is read and a colleague is back from a day off, short enough for somebody who is locked out.
WAIT, OPEN_FOR = timedelta(hours=24), timedelta(hours=24)
SHORTEST_REASON = 20

# In the session of the browser that came back: the authenticators that go once a new passkey stands.
LOST_KEY = "owner_recovery_lost"
CODE = MailedCode(
    "owner_recovery_code",
    "staff_sign_in_code",
    sent=Limit("owner_recovery_code_sent", 5, 3600),
    # For the whole link, and not anew with each code.
    tried=Limit("owner_recovery_code_tried", 5, 3600),
)


@dataclass(frozen=True, slots=True)
class BegunRecovery:
    """The link is known only here and to whoever the operator gives it to."""

    recovery: OwnerRecovery
    link: str


def find_owner(tenant: Tenant, address: str) -> User:
    """NotHere unless somebody with this address is an owner of the organisation today, and it is open."""
    if tenant.status != Tenant.Status.ACTIVE:
        raise NotHere("organisation_closed", _("This organisation is closed: no owner can get into it."))
    wanted = address.strip().lower()
    with tenant_scope(tenant.id):
        found = Member.objects.filter(user__email=wanted, role=Role.OWNER, removed_at=None).first()
    if found is None:
        raise NotHere("owner_unknown", _("No owner of this organisation has this address."))
    return User.objects.get(id=found.user_id)


def has_lost_something(user: User) -> bool:
    """Whether a passkey or an authenticator app stands between this account and a mailed code."""
    return bool(Authenticator.objects.filter(user_id=user.id).exists())


def begin_owner_recovery(user: User, *, reason: str, actor: Actor) -> BegunRecovery:
    """Write it down and tell everybody; an earlier one of the same person ends."""
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        sentence = _("Say in a sentence how you found out that this is the owner.")
        raise Invalid("reason_missing", sentence, field="reason")
    opens_at = clock.now() + WAIT
    link, objection = new_token(), new_token()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(id=user.id)
        _open_ones().filter(user=user).update(stopped_at=clock.now())
        recovery = OwnerRecovery.objects.create(
            user=user,
            link_digest=digest(link),
            objection_digest=digest(objection),
            opens_at=opens_at,
            expires_at=opens_at + OPEN_FOR,
        )
        seats = seats_of_user(user.id)
        _record(EventName.OWNER_RECOVERY_BEGUN, recovery, actor, seats, words=words)
        _tell("begun", recovery, seats, objection=site_url(f"/owner-recovery/stop/{objection}"))
    return BegunRecovery(recovery, site_url(f"/owner-recovery/{link}"))


def find_by_link(token: str) -> OwnerRecovery:
    """One that waits or is open. NotHere when it was used, stopped or is over."""
    found = _open_ones().filter(link_digest=digest(token)).select_related("user").first()
    if found is None:
        raise NotHere("owner_recovery_spent")
    return found


def find_by_objection(token: str) -> OwnerRecovery:
    """Also one that is over, so that whoever presses late reads how it ended. The link of one that was begun again meanwhile
    is about the one that took its place: nobody who objects is told that it is stopped while another goes on."""
    found = OwnerRecovery.objects.filter(objection_digest=digest(token)).select_related("user").first()
    if found is None:
        raise NotHere("owner_recovery_unknown")
    if found.expires_at <= clock.now():
        return found
    return _open_ones().filter(user_id=found.user_id).select_related("user").first() or found


def is_open(recovery: OwnerRecovery) -> bool:
    return recovery.opens_at <= clock.now() < recovery.expires_at


def stop_owner_recovery(token: str) -> OwnerRecovery:
    """By the word of whoever was told, without a sign-in: the owner may have none. Quiet when it is stopped already."""
    recovery = find_by_objection(token)
    with transaction.atomic():
        if _open_ones().filter(id=recovery.id).update(stopped_at=clock.now()):
            actor, seats = Actor(ActorKind.MEMBER, recovery.public_id), seats_of_user(recovery.user_id)
            _record(EventName.OWNER_RECOVERY_STOPPED, recovery, actor, seats)
            _tell("stopped", recovery, seats)
    recovery.refresh_from_db()
    return recovery


def _context(recovery: OwnerRecovery) -> str:
    return f"owner recovery code|{recovery.id}"


def send_code(request: HttpRequest, recovery: OwnerRecovery) -> None:
    if not is_open(recovery):
        raise NotHere("owner_recovery_waits")
    CODE.send(request, _context(recovery), address=recovery.user.email)


def complete(request: HttpRequest, recovery: OwnerRecovery, typed: str) -> None:
    """End every session and sign this browser in, for a right code. Invalid when it is wrong or too old."""
    CODE.check(request, _context(recovery), typed)
    with transaction.atomic():
        user = _use(recovery.id)
    # A sign-in that waits in this browser for what was lost would lead in a circle.
    clear_login(request)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, method="code", email=user.email)
    lost = Authenticator.objects.filter(user=user).order_by("id").values_list("id", flat=True)
    request.session[LOST_KEY] = list(lost)


@receiver(authenticator_added, dispatch_uid="console.remove_what_was_lost")
def remove_what_was_lost(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """The new passkey stands: what stood between this account and a mailed code may go now."""
    if authenticator.type == Authenticator.Type.WEBAUTHN:
        lost = request.session.pop(LOST_KEY, [])
        Authenticator.objects.filter(user=user, id__in=lost).exclude(id=authenticator.id).delete()


def _use(recovery_id: UUID) -> User:
    """One conditional update decides; what follows runs in its transaction. NotHere when it is not open, when the last seat as
    an owner was taken meanwhile, or when a seat was added whose organisation had no day to object."""
    now = clock.now()
    taken = _open_ones().filter(id=recovery_id, opens_at__lte=now).update(used_at=now)
    if not taken:
        raise NotHere("owner_recovery_spent")
    recovery = OwnerRecovery.objects.select_related("user").get(id=recovery_id)
    user = recovery.user
    seats = seats_of_user(user.id)
    if not any(seat.role == Role.OWNER for seat in seats):
        raise NotHere("owner_recovery_of_no_owner")
    if not all(_was_told(recovery, seat) for seat in seats):
        raise NotHere("owner_recovery_untold")
    # No password is left that whoever took the passkey may know as well, and every session ends with it.
    user.set_unusable_password()
    user.save(update_fields=["password"])
    _record(EventName.OWNER_RECOVERY_USED, recovery, Actor(ActorKind.MEMBER, recovery.public_id), seats)
    _tell("used", recovery, seats)
    return user


def _was_told(recovery: OwnerRecovery, seat: Seat) -> bool:
    """Whether the organisation of this seat was told when it began: its audit log has it exactly then. A seat that was taken
    away and given back is the row it was, so its date would not say it."""
    with tenant_scope(seat.tenant.id):
        begun = AuditEvent.objects.filter(
            name=EventName.OWNER_RECOVERY_BEGUN,
            created_at__gte=recovery.created_at,
            data__recovery=recovery.public_id,
        )
        return bool(begun.exists())


def _open_ones() -> QuerySet[OwnerRecovery]:
    return OwnerRecovery.objects.filter(used_at=None, stopped_at=None, expires_at__gt=clock.now())


def _record(
    event: EventName, recovery: OwnerRecovery, actor: Actor, seats: Sequence[Seat], *, words: str = ""
) -> None:
    """In every organisation of theirs: the way back opens all of them."""
    for seat in seats:
        with tenant_scope(seat.tenant.id):
            record_event(
                event,
                actor=actor,
                subject=public_id(Member.prefix, seat.member_id),
                data={"recovery": recovery.public_id},
                personal={"reason": words} if words else None,
            )


def _addresses_of(user: User) -> set[str]:
    """Every address that was confirmed, for whoever is told."""
    return set(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))


def _tell(stage: str, recovery: OwnerRecovery, seats: Sequence[Seat], *, objection: str = "") -> None:
    """Every owner of every organisation of theirs, and every address of their own."""
    addresses = {recovery.user.email, *_addresses_of(recovery.user)}
    names = []
    for seat in seats:
        names.append(seat.tenant.name)
        with tenant_scope(seat.tenant.id):
            owners = Member.objects.filter(role=Role.OWNER, removed_at=None)
            addresses |= set(owners.values_list("user__email", flat=True))
    context = {
        "stage": stage,
        "person": str(recovery.user),
        "organisations": ", ".join(names),
        "opens_at": recovery.opens_at.strftime("%Y-%m-%d %H:%M UTC"),
        "objection_url": objection,
    }
    for address in sorted(addresses):
        send_staff_mail("staff_owner_recovery", address=address, context=context)
