"""The checklist's items. Each asks its room, in the scope of the organisation."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.console.checklist import ChecklistItem, Status
from portal.console.selectors import Headcount, chosen_partners, headcount
from portal.kit.scope import read_once
from recovery.applying import profiles_in_force
from recovery.console.reach import can_sentence, kept_reach_by, kept_reach_of
from recovery.models import Profile
from recovery.statuses import Mode
from tenants.directory.counting import Needs
from tenants.models import Tenant
from tenants.rights import Right
from tenants.verified_id import selectors as verified_id_room
from tenants.verified_id.models import LinkedDomain
from tenants.verified_id.selectors import Standing
from vendors import selectors as partners
from vendors.console.partner_purchase import is_requested, is_sold
from vendors.console.partner_shown import listed_item
from vendors.models import Connection
from vendors.registry import is_listed
from vendors.wording import partner_name


def _headcount() -> Headcount:
    return read_once("headcount", headcount)


def _standing() -> Standing | None:
    return read_once("standing", verified_id_room.standing)


def _in_force() -> list[Profile]:
    return list(read_once("profiles_in_force", profiles_in_force))


def _without_partner(found: list[Profile]) -> Profile | None:
    """The first of them none of whose partners works now."""
    works = {
        str(one.id)
        for one in chosen_partners()
        if one.status == Connection.Status.READY and one.paused_at is None
    }
    return next((profile for profile in found if works.isdisjoint(profile.partners)), None)


def second_owner(tenant: Tenant) -> ChecklistItem:
    done = _headcount().owners > 1
    hint = (
        _("If one of you is locked out, the other lets them back in.")
        if not done
        else _("Two or more owners can let each other back in.")
    )
    return ChecklistItem(
        "second_owner",
        _("Invite a second owner"),
        hint,
        "done" if done else "todo",
        "console:members",
        Right.MANAGE_MEMBERS,
        can_be_sent=False,
        is_needed=False,
    )


def help_desk_contact(tenant: Tenant) -> ChecklistItem:
    done = bool(tenant.help_desk_contact)
    hint = tenant.help_desk_contact or _("Your people read it on every page, for the day they are stuck.")
    return ChecklistItem(
        "help_desk_contact",
        _("Name your help desk"),
        hint,
        "done" if done else "todo",
        "console:settings",
        Right.MANAGE_ORGANISATION,
    )


def verified_id(tenant: Tenant) -> ChecklistItem:
    found = _standing()
    status: Status = "done"
    if found is None:
        status, hint = "todo", _("Makes your own authority, which issues and checks the cards.")
    elif found.is_broken:
        status, hint = "problem", _("Something that your authority publishes cannot be read from outside.")
    else:
        hint = found.did
    return ChecklistItem(
        "verified_id",
        _("Turn on Verified ID"),
        hint,
        status,
        "verified_id:home",
        Right.MANAGE_VERIFIED_ID,
    )


def _linked_domain_state() -> tuple[Status, str]:
    found = _standing()
    if found is None:
        return "blocked", _("Turn on Verified ID first.")
    if found.domain_state == LinkedDomain.State.NOT_LINKED:
        return "todo", _("Shows wallets that the authority is yours: you publish one file on your domain.")
    if found.domain_state == LinkedDomain.State.WRONG:
        return "problem", _("The file on your domain is wrong.")
    return "done", found.domain


def linked_domain(tenant: Tenant) -> ChecklistItem:
    status, hint = _linked_domain_state()
    return ChecklistItem(
        "linked_domain",
        _("Link your domain"),
        hint,
        status,
        "verified_id:home" if status == "blocked" else "verified_id:domain",
        Right.MANAGE_VERIFIED_ID,
        is_needed=False,
    )


def _partner_state() -> tuple[Status, str]:
    found = chosen_partners()
    ready = [
        connection
        for connection in found
        if connection.status == Connection.Status.READY and connection.paused_at is None
    ]
    if ready:
        return "done", ", ".join(_(partners.listing(connection.vendor).title) for connection in ready)
    if any(connection.status == Connection.Status.FAILING for connection in found):
        return "problem", _("The partner you chose does not answer as it should.")
    if any(connection.paused_at is not None for connection in found):
        return "problem", _("The partner you chose is paused.")
    if found:
        return "todo", _("The partner you chose is being connected.")
    return "todo", _("The partner checks documents and faces. The house partner is ready at once.")


def partner(tenant: Tenant) -> ChecklistItem:
    status, hint = _partner_state()
    return ChecklistItem(
        "partner", _("Choose a verification partner"), hint, status, "partners:browse", Right.MANAGE_PARTNERS
    )


def buy_partner(about: str) -> ChecklistItem | None:
    """Sent to whoever pays; it stands on no checklist, since the house partner costs nothing."""
    item = listed_item(about)
    if item is None or not (is_sold(item) or is_requested(item)):
        return None
    told = _("Buy %(partner)s") if is_sold(item) else _("Ask %(partner)s for a contract")
    return ChecklistItem(
        "buy_partner",
        told % {"partner": _(item.listing.name)},
        _("Choose a plan, agree to price and terms, and pay on the payment page."),
        "todo",
        "partners:browse",
        Right.MANAGE_BILLING,
        is_needed=False,
        about=about,
    )


def set_up_partner(about: str) -> ChecklistItem | None:
    """Sent to whoever has the partner's keys, also when another partner works already."""
    if not is_listed(about):
        return None
    return ChecklistItem(
        "set_up_partner",
        _("Set up %(partner)s") % {"partner": partner_name(about)},
        _("Enter what the partner gave you, and try it."),
        "todo",
        "partners:browse",
        Right.MANAGE_PARTNERS,
        is_needed=False,
        about=about,
    )


def _people_state() -> tuple[Status, str]:
    """By the last profile in the order, into which everybody falls whom none before it is for; before there is one, by what
    every profile asks."""
    found = _in_force()
    reach = kept_reach_of(found[-1]) if found else kept_reach_by(Needs())
    count = reach.can + reach.cannot + reach.outside
    if not count:
        return "todo", _("Those who may recover, with the addresses you hold for them.")
    if reach.can and found:
        return "done", can_sentence(reach)
    if reach.can:
        told = ngettext(
            "%(can)d of %(count)d person has an address to write to.",
            "%(can)d of %(count)d people have an address to write to.",
            count,
        )
        return "done", told % {"can": reach.can, "count": count}
    there = ngettext("%(count)d person is there", "%(count)d people are there", count) % {"count": count}
    nobody = _("%(there)s, and nobody of them can recover.") % {"there": there}
    outside = [_("None of them may recover by your profile.")] if not reach.cannot else []
    return "problem", " ".join([nobody, *reach.reasons, *outside])


def people(tenant: Tenant) -> ChecklistItem:
    status, hint = _people_state()
    return ChecklistItem(
        "people",
        _("Import your people"),
        hint,
        status,
        "people:list",
        Right.MANAGE_PEOPLE,
    )


def profile(tenant: Tenant) -> ChecklistItem:
    found = _in_force()
    status: Status = "todo"
    stuck = _without_partner(found)
    if stuck:
        named = {"name": stuck.name}
        status, hint = "problem", _("“%(name)s” is in force, and no partner of it works now.") % named
    elif len(found) > 1:
        status, hint = "done", _("%(number)d profiles are in force.") % {"number": len(found)}
    elif found:
        status, hint = "done", _("“%(name)s” is in force.") % {"name": found[0].name}
    elif not chosen_partners():
        status, hint = "blocked", _("Choose a verification partner first.")
    else:
        hint = _("Who may recover, and what they have to prove. Begin in evaluation mode.")
    return ChecklistItem(
        "profile",
        _("Put a recovery profile in force"),
        hint,
        status,
        "profiles:list",
        Right.MANAGE_PROFILES,
    )


def production(tenant: Tenant) -> ChecklistItem:
    found = _in_force()
    status: Status = "blocked"
    hint = _("Put a profile in force first.")
    if any(profile.mode == Mode.PRODUCTION for profile in found):
        status, hint = "done", _("Who proves who they are gets back in.")
    elif found:
        status, hint = "todo", _("In evaluation mode everybody walks through and nobody gets a pass.")
    return ChecklistItem("production", _("Go live"), hint, status, "profiles:list", Right.MANAGE_PROFILES)
