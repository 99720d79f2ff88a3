"""What a tenant has of the marketplace: the list, and of each how it works and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors import selectors, services
from vendors.addresses import is_simulated
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import ACTIVE, BUYING, PurchaseStatus
from vendors.catalogue.shelf import Item
from vendors.console import partner_shown as shown
from vendors.console.partner_purchase import TONES as PURCHASE_TONES
from vendors.expiring import certificates_of
from vendors.health import resting
from vendors.heard import heard_from
from vendors.models import Connection, PartnerHealth, ProofingAttempt
from vendors.record import DAYS, Record, Session, costs_of, record_of
from vendors.registry import is_listed, listed_as
from vendors.rotating import has_keys
from vendors.wording import PROBLEMS, TONES, partner_name, partner_reason

# How long a removed partner stands below the others.
SHOWN_AFTER = timedelta(days=90)


def _row(
    slug: str,
    item: Item,
    connection: Connection | None,
    bought: list[Purchase],
    own: shown.Own,
    rests: frozenset[UUID],
) -> dict[str, Any]:
    """`step` is the word of a purchase that waits for somebody; `rests`: which connections do not answer now."""
    status = Connection.Status(connection.status) if connection else None
    under_way = next((row for row in bought if row.status in BUYING), None)
    active = next((row for row in bought if row.status in ACTIVE), None)
    plan = item.listing.plan(active.plan) if active else None
    step = PurchaseStatus(under_way.status) if under_way else None
    return {
        "name": _(item.listing.name),
        "url": reverse("partners:record", args=[slug, item.slug])
        if connection or active
        else reverse("partners:partner", args=[slug, item.slug]),
        "is_paused": bool(connection and connection.paused_at),
        "is_resting": bool(connection and connection.id in rests),
        "is_simulated": bool(connection and is_listed(connection.vendor) and is_simulated(connection)),
        "kind": shown.kinds_in_words(item.listing),
        "plan": _(plan.title) if plan else "",
        "status_label": status.label if status else PurchaseStatus(active.status).label if active else "",
        "status_tone": TONES[status] if status else "ok" if active else "neutral",
        "step_label": step.label if step else "",
        "step_tone": PURCHASE_TONES[step] if step else "neutral",
        "ends_at": active.ends_at if active else None,
        "price": shown.price_of(item, own),
    }


@require_GET
@requires(Right.SEE_PARTNERS)
def yours(request: HttpRequest) -> HttpResponse:
    own, found, slug = shown.read_own(), shown.items(), seat_of(request).tenant.slug
    bought: dict[str, list[Purchase]] = {}
    for row in Purchase.objects.filter(status__in=BUYING | ACTIVE).order_by("created_at"):
        bought.setdefault(row.slug, []).append(row)
    named = [name for name in dict.fromkeys([*own.connections, *bought]) if listed_as(name) in found]
    rests = resting([one.id for one in own.connections.values()]) if own.connections else frozenset[UUID]()
    rows = [
        _row(
            slug,
            shown.item_of(found[listed_as(name)], name),
            own.connections.get(name),
            bought.get(name, []),
            own,
            rests,
        )
        for name in named
    ]
    context = {"rows": rows, "left": _left(slug), "partner_tabs": shown.tabs_of(request, "yours")}
    return render(request, "vendors/yours.html", context)


def _left(slug: str) -> list[dict[str, Any]]:
    """Partners that were removed in the last months and asked to erase: what they confirmed."""
    since = clock.now() - SHOWN_AFTER
    asked = Connection.objects.filter(status=Connection.Status.REMOVED, removed_at__gte=since)
    counted = ProofingAttempt.objects.filter(connection__in=asked, erase_due_at__isnull=False)
    by_partner = counted.values("connection_id").annotate(
        asked=Count("id"), erased=Count("id", filter=Q(erased_at__isnull=False))
    )
    found = {row["connection_id"]: row for row in by_partner}
    rows = Connection.objects.filter(id__in=found).order_by("-removed_at") if found else []
    return [
        {
            "name": partner_name(row.vendor),
            "url": f"{reverse('partners:erasing', args=[slug, row.vendor])}?of={row.public_id}",
            "removed_at": row.removed_at,
            "keys_kept_until": row.keys_kept_until,
            **found[row.id],
        }
        for row in rows
    ]


# ------------------------------------------------------------------ one of them

ENDS = {
    "verified": (gettext_noop("Confirmed"), "ok"),
    "not_verified": (gettext_noop("Said no"), "bad"),
    "retry_allowed": (gettext_noop("Could not decide"), "warn"),
    "user_aborted": (gettext_noop("Given up by the person"), "neutral"),
    "expired": (gettext_noop("Not finished in time"), "neutral"),
    "partner_failed": (gettext_noop("No usable answer"), "warn"),
    "failed": (gettext_noop("No answer"), "warn"),
    "": (gettext_noop("Under way"), "info"),
}


def _end(outcome: str) -> tuple[str, str]:
    label, tone = ENDS.get(outcome, (gettext_noop("Ended"), "neutral"))
    return _(label), tone


def _seconds(value: float | None) -> str:
    if value is None:
        return str(shown.NOT_MEASURED)
    if value < 10:
        return _("%(seconds).1f s") % {"seconds": value}
    if value < 120:
        return _("%(seconds)d s") % {"seconds": value}
    return _("%(minutes)d min") % {"minutes": value / 60}


def _half_and_most(half: float | None, most: float | None) -> str:
    """The median and the ninety-fifth of a hundred, or that nothing was measured."""
    return _seconds(half) if half is None else f"{_seconds(half)} / {_seconds(most)}"


def _session(row: Session) -> dict[str, Any]:
    label, tone = _end(row.outcome)
    return {
        "at": row.began_at,
        "label": label,
        "tone": tone,
        "why": " ".join(dict.fromkeys(partner_reason(code) for code in row.reasons)),
        "took": _seconds(row.seconds) if row.seconds is not None else "",
    }


def _recorded(found: Record) -> dict[str, Any]:
    health = found.health
    return {
        "days": DAYS,
        "counted": found.counted,
        "is_cut": found.is_cut,
        "outcomes": [(*_end(outcome), count) for outcome, count in found.outcomes],
        "reasons": [(partner_reason(code), count) for code, count in found.reasons],
        "link": _half_and_most(found.link_median, found.link_slowest),
        "session": _half_and_most(found.session_median, found.session_slowest),
        "last": [_session(row) for row in found.last],
        "rests_until": health.rests_until if health and health.rests_until and _is_ahead(health) else None,
        "faults": health.faults_in_row if health else 0,
        "last_fault_at": health.last_fault_at if health else None,
        "last_fault": _(PROBLEMS[health.last_fault_code])
        if health and health.last_fault_code in PROBLEMS
        else "",
    }


def _is_ahead(health: PartnerHealth) -> bool:
    return health.rests_until is not None and health.rests_until > clock.now()


@require_GET
@requires(Right.SEE_PARTNERS)
def record(request: HttpRequest, vendor: str) -> HttpResponse:
    """Whether it works, how its last sessions ended, why it said no, and what it cost. Nobody's name is here."""
    item, connection = shown.item_or_404(vendor), selectors.connection_to(vendor)
    # What is bought and never connected, such as Face Checks, has a page too.
    active = None if connection else Purchase.objects.filter(slug=vendor, status__in=ACTIVE).first()
    if connection is None and active is None:
        raise Http404
    status = Connection.Status(connection.status) if connection else None
    since = connection.chosen_at if connection else active.created_at if active else clock.now()
    costs = costs_of(item.listing.vendor, since=since)
    context = {
        "title": _(item.listing.name),
        "slug": vendor,
        "connection": connection,
        "status_label": status.label if status else "",
        "status_tone": TONES[status] if status else "neutral",
        "record": _recorded(record_of(connection.id)) if connection else None,
        "heard": heard_from(connection) if connection else None,
        "certificates": certificates_of(connection) if connection else [],
        "is_simulated": connection is not None and is_listed(connection.vendor) and is_simulated(connection),
        "is_unpriced": connection is not None
        and connection.kind == Connection.Kind.OWN_CONTRACT
        and not costs.is_priced,
        "running": costs.running,
        "whole": costs.whole,
        "since": since,
        "has_keys": connection is not None and has_keys(connection.vendor),
        "may_manage": seat_of(request).may(Right.MANAGE_PARTNERS),
        "may_see_usage": seat_of(request).may(Right.SEE_USAGE),
        "ledger_vendor": item.listing.vendor,
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[seat_of(request).tenant.slug])},
            {"label": _("Yours"), "url": reverse("partners:yours", args=[seat_of(request).tenant.slug])},
            {"label": _(item.listing.name)},
        ],
    }
    return render(request, "vendors/record.html", context)


def _connection_or_404(vendor: str) -> Connection:
    found = selectors.connection_to(vendor)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PARTNERS)
@recent_sign_in
def pause(request: HttpRequest, vendor: str) -> HttpResponse:
    """The effect first: nobody new is sent there."""
    connection, item = _connection_or_404(vendor), shown.item_or_404(vendor)
    slug = seat_of(request).tenant.slug
    if request.method == "POST":
        services.pause_partner(connection.id, actor=actor_of(request))
        messages.success(request, _("Paused. Nobody new is sent there."))
        return redirect("partners:record", slug, vendor)
    context = {
        "title": _(item.listing.name),
        "back": reverse("partners:record", args=[slug, vendor]),
        "open_attempts": selectors.open_attempts(connection),
        "needed_by_url": reverse("profiles:of_partner", args=[slug, connection.public_id])
        if seat_of(request).may(Right.SEE_PROFILES)
        else "",
    }
    return render(request, "vendors/pause.html", context)


@require_POST
@requires(Right.MANAGE_PARTNERS)
def unpause(request: HttpRequest, vendor: str) -> HttpResponse:
    try:
        services.unpause_partner(_connection_or_404(vendor).id, actor=actor_of(request))
    except Invalid as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("Used again."))
    return redirect("partners:record", seat_of(request).tenant.slug, vendor)
