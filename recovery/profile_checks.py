"""What keeps a profile from going into force (DESIGN 1, rule 4)."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from recovery.applying import groups_named
from recovery.attesting.attesters import may_stand_for_address
from recovery.attesting.settling import check_attesters
from recovery.callouts.services import callout_names
from recovery.decision import has_two_independent_kinds, levels_of_eid_from
from recovery.models import Profile
from recovery.no_address import has_way_without_address
from recovery.ordering import free_partner, partners_of
from recovery.partner_conditions import groups_named as opened_by
from recovery.reviewing import check_reviewers
from recovery.routes import asked_on, required_by, route_of
from recovery.statuses import GATHERED, EvidenceKind, Mode, Route
from tenants.directory.selectors import groups_that_are
from tenants.selectors import own_tenant
from vendors.addresses import is_played
from vendors.models import Connection
from vendors.selectors import eid_level, gives_portrait, may_be_used_in_production


def check_profile(profile: Profile) -> None:
    """Invalid when the profile may not go into force; says what to change (DESIGN 1, rule 4)."""
    kinds = required_by(profile)
    if not kinds:
        raise Invalid(
            "profile_asks_nothing", _("Choose what people have to prove."), field="evidence_required"
        )
    if not kinds <= GATHERED:
        raise Invalid(
            "profile_asks_impossible",
            _(
                "No partner of yours can check all of that yet, so that everybody would be refused. Ask for less."
            ),
            field="evidence_required",
        )
    if profile.mode == Mode.PRODUCTION and not has_two_independent_kinds(kinds):
        raise Invalid(
            "profile_one_kind",
            _(
                "In production a photographed document is not enough by itself: somebody can make one. Ask for a "
                "second kind of evidence as well, such as a code to an address you have held for 72 hours."
            ),
            field="evidence_required",
        )
    if not partners_of(profile):
        raise Invalid("profile_no_partner", _("Choose a verification partner first."), field="connection")
    _check_ways(profile, kinds)
    if profile.mode == Mode.PRODUCTION:
        _check_contracts(profile)
        _check_simulators(profile)
    if profile.who == Profile.Everyone.DEPARTMENTS and not profile.departments:
        raise Invalid("profile_nobody", _("Name at least one department."), field="departments")
    _check_groups(profile)
    _check_conditions(profile)
    check_reviewers(profile)
    if EvidenceKind.ATTESTATION in kinds or may_stand_for_address(profile):
        check_attesters(profile)
    _check_no_address(profile)
    if profile.callouts and not {UUID(one) for one in profile.callouts} <= set(callout_names()):
        raise Invalid(
            "profile_callout_gone",
            _("It names a callout that is not there any more. Look at its callouts and save it again."),
            field="callout",
        )


def _check_no_address(profile: Profile) -> None:
    """Who has no address goes the way that everybody may go who is nobody, and it costs nothing."""
    leads_there = profile.decoys_end == Profile.DecoysEnd.FREE_PARTNER
    if has_way_without_address(profile) and not leads_there:
        raise Invalid(
            "profile_tells_apart",
            _(
                "If only people without an address could go on, going on would tell a stranger who has an account here. Let "
                "whoever gets no code go on to the free partner as well."
            ),
            field="decoys_end",
        )
    if leads_there and free_partner() is None:
        raise Invalid(
            "profile_no_free_partner",
            _(
                "None of your partners that are ready costs nothing, and whoever gets no code must not cost anything. Choose "
                "the house partner first; the profile need not name it."
            ),
            field="decoys_end",
        )


def _check_ways(profile: Profile, kinds: frozenset[EvidenceKind]) -> None:
    """Nobody is sent to a partner for what would be refused at the end."""
    for connection in partners_of(profile):
        if route_of(connection) is Route.EID:
            _check_eid(profile, connection, kinds)
        elif not gives_portrait(connection.vendor):
            raise Invalid(
                "profile_no_portrait",
                _(
                    "This partner hands over no portrait, and a recovery compares a live face with one. It can be tried "
                    "from the command line, not chosen here."
                ),
                field="connection",
            )


def _check_eid(profile: Profile, connection: Connection, kinds: frozenset[EvidenceKind]) -> None:
    if profile.mode == Mode.PRODUCTION and not has_two_independent_kinds(asked_on(Route.EID, kinds)):
        raise Invalid(
            "profile_eid_alone",
            _(
                "In production an eID is not enough by itself: it stands for whoever holds the device and its code. Ask "
                "for a code to an address you have held for 72 hours as well."
            ),
            field="evidence_required",
        )
    if EvidenceKind.HELD_DOCUMENT_NUMBER in kinds:
        raise Invalid(
            "profile_eid_shows_no_document",
            _(
                "Nobody shows a document with an eID, so that everybody who takes that way would be refused. Do not ask "
                "for the same document as before, or leave the eID out."
            ),
            field="evidence_required",
        )
    level = eid_level(connection)
    if level is None or level.value not in levels_of_eid_from(profile.eid_level):
        raise Invalid(
            "profile_eid_level",
            _(
                "The name of the eID that is asked for at your broker says no level, or a lower one than this profile asks "
                "for. Change the partner's setting, or the level here."
            ),
            field="connection",
        )


def _check_contracts(profile: Profile) -> None:
    for connection in partners_of(profile):
        if not may_be_used_in_production(connection.vendor):
            raise Invalid(
                "profile_contract_unconfirmed",
                _(
                    "How this partner speaks is not public, and it has not confirmed what we wrote of it. Until then it "
                    "can be tried in evaluation, not used in production."
                ),
                field="connection",
            )


def _check_simulators(profile: Profile) -> None:
    """What a simulator answers opens no account, so that nobody could recover by it; in a demonstration nobody is anybody."""
    if own_tenant().is_demonstration:
        return
    if any(is_played(connection) for connection in partners_of(profile)):
        raise Invalid(
            "profile_partner_played",
            _(
                "One of its partners is played by a simulator, which verifies nobody. It can be tried in evaluation, not "
                "used in production."
            ),
            field="connection",
        )


def _check_groups(profile: Profile) -> None:
    """A group that is gone keeps nobody out, and lets nobody in."""
    known = {str(group) for group in groups_that_are([UUID(name) for name in groups_named([profile])])}
    for field, named in (("groups_out", profile.groups_out), ("groups_in", profile.groups_in)):
        if not set(named) <= known:
            raise Invalid(
                "profile_group_gone",
                _("It names a group that is not there any more. Look at its groups and save it again."),
                field=field,
            )


def _check_conditions(profile: Profile) -> None:
    """Nobody is in a group that is gone: the partner would be nobody's."""
    named = opened_by([profile])
    known = {str(group) for group in groups_that_are([UUID(name) for name in named])} if named else set()
    if not named <= known:
        raise Invalid(
            "profile_group_gone",
            _(
                "One of its partners is for a group that is not there any more. Look at whom its partners are for and save "
                "it again."
            ),
        )
