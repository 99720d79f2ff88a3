"""The limited seat of somebody who came by a set-up link.

Protects the organisation from a link that was forwarded: whoever opens it proves the invited address by a code first,
then gets the right of one item and the addresses that this item takes, until the link ends or its maker loses the
right. Not the rest of the room: whoever imports people neither lists nor exports them, whoever links a domain makes no
new key.
What it does not do: make them a member.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from portal.console.checklist import ChecklistItem, find_item
from portal.console.mailed_code import SECONDS, MailedCode
from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from portal.recent import SEAT_PROVEN_AT
from tenants.models import Member, SetupLink, Tenant
from tenants.rights import Right, rights_of
from tenants.selectors import Seat, find_setup_link, tenant_of_slug, tenant_of_token
from tenants.setup_links import is_open, note_use

SEAT_KEY = "setup_seat"
CODE = MailedCode(
    "setup_code",
    "staff_setup_code",
    sent=Limit("setup_code_sent", 5, 3600),
    tried=Limit("setup_code_tried", 5, SECONDS),
)


# What whoever buys has to see beside it.
ALSO: dict[str, frozenset[Right]] = {"buy_partner": frozenset({Right.SEE_PARTNERS})}


def rights_for(item: ChecklistItem) -> frozenset[Right]:
    """The item's right, and seeing what it manages."""
    also = ALSO.get(item.key, frozenset())
    seeing = item.right.value.replace("manage_", "see_", 1)
    return also | frozenset({item.right} | {right for right in Right if right.value == seeing})


# item -> the addresses it takes, the first being the page where the link lands. Empty means no (STYLE 16).
_PROFILE = (
    "profiles:list",
    "profiles:guide",
    "profiles:guide_step",
    "profiles:new",
    "profiles:check",
    "profiles:edit",
    "profiles:publish",
)
OPENS: dict[str, tuple[str, ...]] = {
    "help_desk_contact": ("console:settings", "console:accent"),
    "verified_id": ("verified_id:home", "verified_id:state", "verified_id:turn_on", "verified_id:check"),
    "linked_domain": (
        "verified_id:domain",
        "verified_id:domain_state",
        "verified_id:domain_file",
        "verified_id:domain_check",
    ),
    "partner": (
        "partners:browse",
        "partners:compare",
        "partners:partner",
        "partners:state",
        "partners:choose",
        "partners:settings",
        "partners:test",
    ),
    "buy_partner": (
        "partners:partner",
        "partners:buy",
        "partners:review",
        "partners:pay",
        "partners:checkout",
        "partners:paid",
        "partners:give_up",
        "partners:request",
    ),
    "set_up_partner": (
        "partners:partner",
        "partners:state",
        "partners:choose",
        "partners:settings",
        "partners:test",
    ),
    "people": (
        "people:import",
        "people:example",
        "people:columns",
        "people:preview",
        "people:apply",
        "people:discard",
    ),
    "profile": _PROFILE,
    "production": _PROFILE,
}


def landing_of(item: ChecklistItem) -> str:
    """The name of the page where the link leads."""
    return OPENS[item.key][0]


def has_no_page_yet(item: ChecklistItem) -> bool:
    """Something else has to be done first, on a page that this link does not open."""
    return item.status == "blocked" and item.url_name not in OPENS[item.key]


def _maker_may(link: SetupLink, right: Right) -> bool:
    maker = Member.objects.filter(id=link.made_by_id, removed_at=None).first()
    return maker is not None and right in rights_of(maker.role)


def find_link(token: str) -> tuple[Tenant, SetupLink, ChecklistItem]:
    """NotHere for a link that is unknown, spent, or of an item that cannot be sent."""
    tenant = tenant_of_token(token)
    if tenant is None:
        raise NotHere("setup_link_unknown")
    with tenant_scope(tenant.id):
        link = find_setup_link(token)
        item = find_item(tenant, link.item, link.about) if link else None
        if link is None or item is None or not item.can_be_sent:
            raise NotHere("setup_link_unknown")
        if not is_open(link) or not _maker_may(link, item.right):
            raise NotHere("setup_link_spent")
    return tenant, link, item


def limited_seat(request: HttpRequest, slug: str) -> Seat | None:
    """The seat that this browser's set-up link gives on the page asked for. Everything is looked up anew."""
    held = request.session.get(SEAT_KEY) or {}
    if held.get("slug") != slug or request.resolver_match is None:
        return None
    tenant = tenant_of_slug(slug)
    if tenant is None:
        return None
    with tenant_scope(tenant.id):
        link = SetupLink.objects.filter(id=UUID(held["link"])).first()
        opened = {*OPENS.get(link.item, ()), "console:setup_done"} if link else set()
        if link is None or request.resolver_match.view_name not in opened:
            return None
        # A task about one partner opens that one's pages.
        if link.about and request.resolver_match.kwargs.get("vendor", link.about) != link.about:
            return None
        item = find_item(tenant, link.item, link.about)
        if item is None or not is_open(link) or not _maker_may(link, item.right):
            return None
    return Seat(tenant, link.id, "", rights_for(item))


def _context(link: SetupLink) -> str:
    return f"setup code|{link.tenant_id}|{link.id}"


def send_code(request: HttpRequest, tenant: Tenant, link: SetupLink) -> None:
    """To the invited address."""
    CODE.send(request, _context(link), address=link.email, context={"organisation": tenant.name})


def prove_address(request: HttpRequest, tenant: Tenant, link: SetupLink, typed: str) -> None:
    """Give the seat for a right code. Invalid when it is wrong or too old."""
    CODE.check(request, _context(link), typed)
    request.session.cycle_key()
    request.session[SEAT_KEY] = {"slug": tenant.slug, "link": str(link.id)}
    request.session[SEAT_PROVEN_AT] = clock.now().timestamp()
    with tenant_scope(tenant.id):
        note_use(link)


def leave_seat(request: HttpRequest) -> None:
    request.session.pop(SEAT_KEY, None)
    request.session.pop(SEAT_PROVEN_AT, None)
