"""Telling owners once a week how many people could not recover. Numbers only, never a name."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from recovery.readiness.models import ReadinessMail, Survey
from recovery.readiness.reasons import known, what_of
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Member, Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Role

EVERY = timedelta(days=7)
MOST_REASONS = 5


def mail_setting() -> ReadinessMail:
    """On unless somebody turned it off."""
    return ReadinessMail.objects.first() or ReadinessMail()


def set_mail(*, is_on: bool, actor: Actor) -> ReadinessMail:
    """Turn the weekly mail on or off."""
    found, _made = ReadinessMail.objects.get_or_create()
    if found.is_on != is_on:
        found.is_on = is_on
        found.save(update_fields=["is_on"])
        record_event(EventName.READINESS_MAIL_CHANGED, actor=actor, data={"on": is_on})
    return found


def tell_owners(survey: Survey) -> None:
    """After a survey: a mail to each owner if somebody could not recover, and the last one is a week old."""
    setting, _made = ReadinessMail.objects.get_or_create()
    setting = ReadinessMail.objects.select_for_update().get(id=setting.id)
    is_due = setting.sent_at is None or setting.sent_at <= clock.now() - EVERY
    if not survey.cannot or not setting.is_on or not is_due:
        return
    setting.sent_at = clock.now()
    setting.save(update_fields=["sent_at"])
    tenant = Tenant.objects.get(id=current_tenant_id())
    path = reverse("readiness:home", urlconf=settings.ROOT_URLCONF, args=[tenant.slug])
    context = {
        "organisation": tenant.name,
        "people": str(survey.people),
        "cannot": str(survey.cannot),
        "doubtful": str(survey.doubtful or ""),
        "reasons": "\n".join(_lines(survey)),
        "readiness_url": site_url(path),
    }
    owners = Member.objects.filter(role=Role.OWNER, removed_at=None).select_related("user")
    for address in sorted({member.user.email for member in owners}):
        send_staff_mail("staff_readiness", address=address, context=context)


def _lines(survey: Survey) -> list[str]:
    counted = sorted(survey.reasons.items(), key=lambda pair: -pair[1])
    named = [(known(code), number) for code, number in counted]
    return [f"{number} × {what_of(reason)}" for reason, number in named if reason][:MOST_REASONS]
