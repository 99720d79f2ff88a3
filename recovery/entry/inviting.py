"""Mails with a link into the hosted pages, for people who have no passkey yet.

Protects accounts from whoever wrote an address into the directory this morning, and mailboxes from being filled: an address
counts after 72 hours, one mail goes to one address, nobody is mailed twice in a week or more than three times in a quarter,
and an organisation sends so many a day and no more. The worker goes through the people in steps; a step and its mails are
one transaction. What it does not do: open anything.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.origins import tenant_url
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from recovery.entry.covering import reachable, why_left_out
from recovery.entry.models import Invitation, Kind, NoReminders, ReminderPlan, Round
from recovery.held import HELD_FOR
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson, Group, NoticeAddress
from tenants.models import Tenant
from tenants.notices.services import send_notice

LIFE = timedelta(days=7)
MOST_A_DAY = 2000
STEP = 100
EVERY = timedelta(days=30)
SEND = "entry.send"


def address_digest(address: str, person_id: UUID) -> bytes:
    return keyed_digest(address.casefold(), context=f"invited address|{person_id}")


def _left_today() -> int:
    sent = Invitation.objects.filter(created_at__gt=clock.now() - timedelta(days=1)).count()
    return max(0, MOST_A_DAY - sent)


def _one_at_a_time() -> None:
    list(Tenant.objects.select_for_update(no_key=True).filter(id=current_tenant_id()).values_list("id"))


def begin_round(kind: str, *, group_id: UUID | None, actor: Actor) -> Round:
    """The worker sends. Refused while another round is under way, or when the day's mails are used up."""
    _one_at_a_time()
    if Round.objects.filter(ended_at=None).exists():
        raise Refused("round_under_way", _("Mails are being sent already. Wait until they are out."))
    if not _left_today():
        raise Refused("mails_used_up", _("The mails of the day are used up. Go on tomorrow."))
    made = Round.objects.create(kind=kind, group_id=group_id)
    group = public_id("group", group_id) if group_id else ""
    record_event(
        EventName.INVITATIONS_BEGUN, actor=actor, subject=made.public_id, data={"kind": kind, "group": group}
    )
    enqueue(SEND, tenant_id=current_tenant_id(), round=made.id)
    return made


def invite_person(person_id: UUID, *, actor: Actor) -> Round:
    """One mail to one person, by the same rules: Refused(code) for whoever may not be mailed now, and when the day's mails
    are used up. The code is the reason (`covering.why_left_out`)."""
    _one_at_a_time()
    if not _left_today():
        raise Refused("mails_used_up", _("The mails of the day are used up. Go on tomorrow."))
    why = why_left_out(person_id)
    if why:
        raise Refused(why)
    person = DirectoryPerson.objects.get(id=person_id)
    made = Round.objects.create(
        kind=Kind.INVITATION, person_id=person_id, after=person_id, sent=1, ended_at=clock.now()
    )
    _invite(made, person)
    record_event(
        EventName.PERSON_INVITED, actor=actor, subject=person.public_id, data={"round": made.public_id}
    )
    return made


def on_send(job: Job) -> None:
    """One step. Somebody who got a passkey, left or was suspended since the preview is passed over."""
    made = Round.objects.select_for_update().filter(id=job.uuid("round"), ended_at=None).first()
    if made is None:
        return
    left = _left_today()
    people = reachable(made.kind, made.group_id).order_by("id")
    if made.after is not None:
        people = people.filter(id__gt=made.after)
    found = list(people[: min(STEP, left)])
    for person in found:
        made.sent += int(_invite(made, person))
        made.after = person.id
    if len(found) < STEP:
        made.ended_at = clock.now()
        # Whoever comes after the last one waits for a round of another day.
        is_short = bool(left <= len(found) and people.filter(id__gt=made.after or UUID(int=0)).exists())
        made.problem = "day_used_up" if is_short else ""
        record_event(
            EventName.INVITATIONS_SENT, actor=SYSTEM, subject=made.public_id, data={"sent": made.sent}
        )
    else:
        enqueue(SEND, tenant_id=current_tenant_id(), round=made.id)
    made.save(update_fields=["sent", "after", "ended_at", "problem"])


def stop_rounds(*, actor: Actor) -> None:
    """Whoever was not mailed yet is not."""
    for made in Round.objects.select_for_update().filter(ended_at=None).order_by("id"):
        made.ended_at, made.problem = clock.now(), "stopped"
        made.save(update_fields=["ended_at", "problem"])
        record_event(
            EventName.INVITATIONS_STOPPED, actor=actor, subject=made.public_id, data={"sent": made.sent}
        )


def held_address(person_id: UUID) -> str:
    """The one that was held longest; empty when none was held long enough."""
    held = NoticeAddress.objects.filter(
        person_id=person_id, kind=NoticeAddress.Kind.EMAIL, held_since__lte=clock.now() - HELD_FOR
    )
    first = held.order_by("held_since", "id").first()
    return first.value if first else ""


def _invite(made: Round, person: DirectoryPerson) -> bool:
    address = held_address(person.id)
    if not address:
        return False
    token = new_token()
    Invitation.objects.create(
        round=made,
        kind=made.kind,
        person=person,
        token_digest=digest(token),
        address_digest=address_digest(address, person.id),
        expires_at=clock.now() + LIFE,
    )
    tenant = Tenant.objects.get(id=current_tenant_id())
    link = tenant_url(tenant.slug, f"/enter/{token}")
    context = {"given_names": person.given_names, "link": link, "days": str(LIFE.days)}
    if made.kind == Kind.REMINDER:
        context["stop_link"] = f"{link}/no-reminders"
    send_notice(f"enrolment_{made.kind}", addresses=[address], context=context)
    return True


def void_invitations(person_id: UUID) -> None:
    """Links that are still under way are worth nothing any more."""
    Invitation.objects.filter(person_id=person_id, used_at=None).update(expires_at=clock.now())


# Reminders ------------------------------------------------------------------------------------------------------------


def reminder_plan() -> ReminderPlan:
    return ReminderPlan.objects.first() or ReminderPlan()


def set_reminders(*, is_on: bool, actor: Actor) -> ReminderPlan:
    """On: people who have nothing are mailed now, and every thirty days."""
    _one_at_a_time()
    found, _made = ReminderPlan.objects.get_or_create()
    if found.is_on != is_on:
        found.is_on = is_on
        found.save(update_fields=["is_on"])
        record_event(EventName.REMINDERS_CHANGED, actor=actor, data={"on": is_on})
    return found


def stop_reminding(person_id: UUID) -> None:
    """Quiet the second time."""
    _row, made = NoReminders.objects.get_or_create(person_id=person_id)
    if made:
        record_event(EventName.REMINDERS_DECLINED, actor=SYSTEM, subject=public_id("person", person_id))


def remind() -> None:
    """Periodic: begin what is due, and take up a round whose job was lost."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        with tenant_scope(tenant.id):
            _take_up()
            _remind()


def _take_up() -> None:
    """A second job for a round that goes on does nothing that the first did: each locks the round and goes on from where
    it is."""
    waits = Round.objects.filter(ended_at=None, created_at__lt=clock.now() - timedelta(hours=1)).first()
    if waits is not None:
        enqueue(SEND, tenant_id=current_tenant_id(), round=waits.id)


def _remind() -> None:
    plan = ReminderPlan.objects.select_for_update().filter(is_on=True).first()
    if plan is None or (plan.begun_at is not None and plan.begun_at > clock.now() - EVERY):
        return
    if Round.objects.filter(ended_at=None).exists() or not reachable(Kind.REMINDER, None).exists():
        return
    try:
        begin_round(Kind.REMINDER, group_id=None, actor=SYSTEM)
    except Refused:
        return
    plan.begun_at = clock.now()
    plan.save(update_fields=["begun_at"])


def group_or_none(group_id: UUID) -> Group | None:
    return Group.objects.filter(id=group_id).first()
