"""Literal registries of the roof: what the outbox, the clock and the console know by name (STYLE 9).

Rooms are named by string, so that imports keep running downhill.
"""

from __future__ import annotations

from collections.abc import Mapping

# topic -> handler(job). A transactional handler works in the transaction that deletes the row; an `effect` talks to
# the outside first (see portal.kit.outbox).
OUTBOX_TOPICS: dict[str, str] = {
    "verified_id.check_published": "tenants.verified_id.tasks.check_published",
    "verified_id.check_linked_domain": "tenants.verified_id.tasks.check_linked_domain",
    "verified_id.check_trusted_issuer": "tenants.verified_id.tasks.check_trusted_issuer",
    "verified_id.check_shown": "tenants.verified_id.tasks.check_shown",
    "verified_id.revoke_chosen": "tenants.verified_id.revoking.on_revoke_chosen",
    "verified_id.end_trial": "tenants.verified_id.trial.services.on_time_over",
    "verified_id.entra_test": "tenants.verified_id.entra.tasks.test",
    "verified_id.entra_callback": "tenants.verified_id.entra.tasks.on_callback",
    "directory.person_removed": "recovery.entry.erasing.on_person_removed",
    "directory.people_removed": "recovery.entry.erasing.on_people_removed",
    "directory.connection_test": "tenants.directory.connections.tasks.test",
    "directory.sync_step": "tenants.directory.connections.tasks.step",
    "verified_id.entra_ask": "tenants.verified_id.entra.journeys.send",
    "verified_id.entra_look": "tenants.verified_id.entra.checking.look",
    "verified_id.entra_check_shown": "tenants.verified_id.entra.checking.check_shown",
    "verified_id.entra_revoke": "tenants.verified_id.entra.checking.on_revoked",
    "verified_id.entra_answered": "recovery.microsoft.showing.on_answered",
    "vendors.proofing_completed": "recovery.proofing.on_proofing_completed",
    "vendors.bridge_completed": "vendors.bridge.running.on_completed",
    "vendors.bridge_contradicted": "vendors.bridge.running.on_contradicted",
    "vendors.bridge_face_recorded": "vendors.bridge.face.on_face_check_recorded",
    "vendors.proofing_contradicted": "recovery.contradiction.on_proofing_contradicted",
    "verified_id.credential_issued": "recovery.proofing.on_credential_issued",
    "recovery.decide": "recovery.deciding.on_decide",
    "recovery.callouts_answered": "recovery.deciding.on_callouts_answered",
    "entry.exchange": "recovery.entry.signing_in.on_exchange",
    "entry.test_provider": "recovery.entry.provider_services.on_test",
    "entry.send": "recovery.entry.inviting.on_send",
    "callouts.ask": "recovery.callouts.asking.on_ask",
    "callouts.test": "recovery.callouts.services.on_test",
    "recovery.hold_over": "recovery.holding.on_hold_over",
    "vendors.face_check_recorded": "recovery.presence.on_face_check_recorded",
    "recovery.case_ended": "recovery.completion.on_case_ended",
    "connected.make_pass": "recovery.connected.making.make",
    "connected.look": "recovery.connected.watching.look",
    "connected.clear": "recovery.connected.clearing.clear",
    "readiness.work": "recovery.readiness.running.on_work",
    "vendors.connect": "vendors.tasks.connect",
    "vendors.test_connection": "vendors.tasks.test_connection",
    "vendors.test_keys": "vendors.tasks.test_keys",
    "vendors.destroy_keys": "vendors.tasks.destroy_keys",
    "vendors.leave_partner": "vendors.leaving.leave_partner",
    "vendors.end_leaving": "vendors.leaving.end_leaving",
    "vendors.destroy_left_keys": "vendors.leaving.destroy_left_keys",
    "vendors.start_proofing": "vendors.tasks.start_proofing",
    "vendors.exchange_return": "vendors.tasks.exchange_return",
    "vendors.fetch_proofing": "vendors.fetching.fetch_proofing",
    "vendors.erase_proofing": "vendors.erasing.erase_proofing",
    "vendors.erasing_overdue": "vendors.erasing.tell_overdue",
    "vendors.cancel_proofing": "vendors.fetching.cancel_proofing",
    "vendors.expire_proofing": "vendors.tasks.expire_proofing",
    "trying.try_provider": "vendors.trying.services.try_provider",
    "vendors.destroy_result": "vendors.tasks.destroy_result",
    "facecheck.decided": "vendors.tasks.record_face_check",
    "billing.release_reservation": "vendors.billing.reservations.on_release_reservation",
    "billing.send_calls": "vendors.billing.collecting.sending.on_send_calls",
    "billing.look_again": "vendors.billing.collecting.mirroring.on_look_again",
    "billing.checkout_seen": "vendors.buying.on_checkout_seen",
    "catalogue.end_purchase": "vendors.buying.on_end_purchase",
    "billing.reconcile": "vendors.billing.collecting.reconciling.on_reconcile",
    "audit.verify": "tenants.audit.tasks.verify",
    "notices.send": "tenants.notices.tasks.send",
    "notices.send_staff_mail": "tenants.notices.tasks.send_staff_mail",
}

# name -> (seconds between runs, function()). Runs in one worker at a time.
PERIODIC_JOBS: dict[str, tuple[int, str]] = {
    "directory.let_go": (60, "tenants.directory.tasks.let_go"),
    "directory.keep_to_retention": (6 * 3600, "tenants.directory.retention.keeping.keep_to_retention"),
    "directory.keep_going": (60, "tenants.directory.connections.tasks.keep_going"),
    "directory.let_go_of_runs": (24 * 3600, "tenants.directory.connections.tasks.let_go"),
    "verified_id.let_go": (60, "tenants.verified_id.tasks.let_go"),
    "verified_id.check_trusted_issuers": (3600, "tenants.verified_id.tasks.check_trusted_issuers"),
    "verified_id.entra_let_go": (600, "tenants.verified_id.entra.tasks.let_go"),
    "trying.let_go_of_tests": (600, "vendors.trying.services.let_go_of_tests"),
    "bridge.let_go": (20, "vendors.bridge.tasks.let_go"),
    "vendors.forget_signals": (6 * 3600, "vendors.fetching.forget_signals"),
    "vendors.tell_of_certificates": (6 * 3600, "vendors.expiring.tell_ahead"),
    "recovery.expire": (20, "recovery.tasks.expire_cases"),
    "recovery.take_away_unconfirmed_passkeys": (3600, "recovery.tasks.take_away_unconfirmed_passkeys"),
    "recovery.forget_networks": (24 * 3600, "recovery.tasks.forget_networks"),
    "patterns.look": (600, "recovery.patterns.tasks.look"),
    "connected.keep_going": (60, "recovery.connected.tasks.keep_going"),
    "entry.refresh": (6 * 3600, "recovery.entry.provider_services.refresh"),
    "entry.let_go": (600, "recovery.entry.signing_in.let_go"),
    "entry.remind": (3600, "recovery.entry.inviting.remind"),
    "readiness.look": (3600, "recovery.readiness.tasks.look_once_a_day"),
    "readiness.take_up": (300, "recovery.readiness.tasks.take_up"),
    "billing.roll_up": (2, "vendors.billing.tasks.roll_up_usage"),
    "billing.check_days": (24 * 3600, "vendors.billing.tasks.check_usage_days"),
    "catalogue.announce": (6 * 3600, "vendors.catalogue.announcing.announce_prices"),
    "billing.close": (3600, "vendors.billing.tasks.close_due_periods"),
    "billing.read_events": (1, "vendors.billing.collecting.reading.read_events"),
    "billing.prune_events": (24 * 3600, "vendors.billing.collecting.reading.prune_events"),
    "billing.reconcile": (86400, "vendors.billing.collecting.reconciling.reconcile_everybody"),
    "audit.seal": (1, "tenants.audit.tasks.seal"),
    "audit.sign_heads": (600, "portal.console.tasks.sign_audit_heads"),
    "notices.prune": (3600, "tenants.notices.tasks.prune_mail"),
    "limits.prune": (300, "tenants.limits.prune_limits"),
}

# What processes must beat for `/readyz` to say yes.
HEARTBEATS: tuple[str, ...] = ("worker",)

# The set-up checklist, in its order: each function(tenant) -> portal.console.checklist.ChecklistItem.
CHECKLIST_ITEMS: tuple[str, ...] = (
    "portal.console.items.second_owner",
    "portal.console.items.help_desk_contact",
    "portal.console.items.verified_id",
    "portal.console.items.linked_domain",
    "portal.console.items.partner",
    "portal.console.items.people",
    "portal.console.items.profile",
    "portal.console.items.production",
)

# Tasks that a colleague can be sent like an item of the checklist, each about one partner, and that stand on no checklist:
# function(slug of the partner) -> item, or None where there is no such task.
SENT_ITEMS: Mapping[str, str] = {
    "buy_partner": "portal.console.items.buy_partner",
    "set_up_partner": "portal.console.items.set_up_partner",
}

# Names of recovery profiles by id, for rooms below them: function() -> dict[UUID, str], in the tenant's scope.
PROFILE_NAMES = "recovery.profiles.profile_names"

# What rooms above the directory hold of one person, for whoever asks for their own data: each function(person_id) -> dict, in
# the tenant's scope.
HELD_ELSEWHERE: tuple[str, ...] = (
    "recovery.exporting.recoveries_of",
    "recovery.exporting.ways_in_of",
    "recovery.entry.exporting.mails_of",
)

# How many accounts were recovered in [start, end): function(start, end) -> int, in the tenant's scope.
RECOVERED_BETWEEN = "recovery.selectors.recovered_between"

# Whose a card is, for the room that issues them: a module with of_cards, of_people and cards_of
# (tenants.verified_id.holders.Holders), called in the tenant's scope.
CARD_HOLDERS = "recovery.holders"

# The name of the organisation's own sign-in, for the page where people sign in: function() -> str, in the tenant's scope.
SIGN_IN_OFFER = "recovery.entry.signing_in.offered"

# Finds the seat of somebody who came by a set-up link: function(request, slug) -> Seat | None.
LIMITED_SEATS = "portal.console.setup_links.limited_seat"
