"""Handing mail to the mail server. The words leave the database in the transaction that notes the sending."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import strip_tags

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import public_id
from portal.kit.origins import site_url
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from portal.kit.sealed import unseal
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.models import LocalMessage, Notice, StaffMail
from tenants.notices.services import notice_context, staff_mail_context


def _deliver(template: str, message_id: str, body: dict[str, Any], organisation: Tenant | None) -> None:
    context = {"tenant": organisation, "site_name": "Readmit", "site_url": site_url(""), **body["context"]}
    context.setdefault("case_reference", context.get("reference", ""))
    zone = organisation.time_zone if organisation else "UTC"
    with timezone.override(zone):
        subject = " ".join(render_to_string(f"email/{template}/subject.txt", context).split())
        text = render_to_string(f"email/{template}/body.txt", {**context, "subject": subject})
        html = render_to_string(f"email/{template}/body.html", {**context, "subject": subject})
    mail = EmailMultiAlternatives(
        # A header of ours: a mail server that got the same mail twice can tell.
        strip_tags(subject),
        text,
        to=[body["address"]],
        headers={"X-Entity-Ref-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    mail.send()


@effect
def send(job: Job) -> Apply | None:
    """Send one notice. Sending may repeat after a crash between the server's yes and ours; losing it may not."""
    notice_id = job.uuid("notice_id")
    if job.tenant_id is None:
        return None
    organisation = Tenant.objects.get(id=job.tenant_id)
    with tenant_scope(job.tenant_id):
        notice = Notice.objects.filter(id=notice_id, sent_at=None).first()
        if notice is None or notice.sealed is None:
            return None
        body = json.loads(unseal(notice.sealed, notice_context(notice.id)))
    goes_out = bool(body["address"])
    if goes_out:
        # A decoy's mail has no address: the same rows, and nobody is written to.
        _deliver(notice.template, str(notice.id), body, organisation)

    def apply() -> None:
        Notice.objects.filter(id=notice_id).update(sent_at=clock.now(), sealed=None)
        record_event(
            EventName.NOTICE_SENT,
            actor=SYSTEM,
            subject=public_id("notice", notice_id),
            case_id=notice.case_id,
            data={"template": notice.template, "delivered": goes_out},
        )

    return apply


@effect
def send_staff_mail(job: Job) -> Apply | None:
    """Send one mail to a member of staff."""
    mail = StaffMail.objects.filter(id=job.uuid("staff_mail_id"), sent_at=None).first()
    if mail is None or mail.sealed is None:
        return None
    _deliver(mail.template, str(mail.id), json.loads(unseal(mail.sealed, staff_mail_context(mail.id))), None)
    return lambda: _mark_sent(mail)


def _mark_sent(mail: StaffMail) -> None:
    StaffMail.objects.filter(id=mail.id).update(sent_at=clock.now(), sealed=None)


def prune_mail() -> None:
    """Forget sent staff mail after a week and local messages after a day. Periodic."""
    StaffMail.objects.filter(sent_at__lt=clock.now() - timedelta(days=7)).delete()
    LocalMessage.objects.filter(created_at__lt=clock.now() - timedelta(days=1)).delete()
