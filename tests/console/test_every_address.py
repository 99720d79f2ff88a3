"""Every address of the console, for every role, for strangers, for passers-by, and for what is somebody else's.

The table names each of them with who may open it. An address that is not in it fails, and so does one that is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import parse_public_id, uuid7
from portal.kit.scope import tenant_scope
from recovery.callouts.services import create_callout
from recovery.patterns.models import Pattern
from recovery.readiness.running import survey_now
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections import services as directories
from tenants.directory.imports import begin_import
from tenants.directory.models import Group, PeopleImport
from tenants.directory.scim.tokens import make_token
from tenants.membership import invite_member
from tenants.models import Member, Tenant
from tenants.rights import RIGHTS, Role
from tenants.setup_links import make_setup_link
from tenants.verified_id.clients import begin_certificate
from tenants.verified_id.entra.services import connect
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import BulkRevocation, Credential, SigningKey, StatusList
from tenants.verified_id.services import link_domain, turn_on_verified_id
from tenants.verified_id.trusting import add_trusted_issuer
from tests.api.world import key_of
from tests.billing.test_budgets import cap
from tests.billing.test_ledger import record
from tests.bridge.conftest import given_for
from tests.conftest import make_member, make_tenant, site_client
from tests.console.conftest import client_of_member, forget_network_jobs
from tests.recovery.console.world import add_whole_journey, make_case, make_person, published_profile
from tests.verified_id.entra.entered import GIVEN
from vendors.billing.book import standing
from vendors.billing.collecting.models import Operation, PaymentCall
from vendors.billing.services import close_period, dispute_entry
from vendors.bridge.models import BridgeRun
from vendors.bridge.registering import MadeSecret, create_client
from vendors.catalogue.models import Purchase
from vendors.console.partner_invoices import BillFacts, compare_bill
from vendors.models import Connection, ProofingAttempt

# O owner, A administrator, B billing manager, H help-desk agent, U auditor: who opens it (GET), and who sends (POST).
# "-" where that method is not answered. Nobody else gets more than 403.
TABLE: dict[str, tuple[str, str]] = {
    "console:overview": ("OABHU", "-"),
    "console:send_item": ("OA", "OA"),
    "console:send_about": ("OA", "OA"),
    "console:withdraw_link": ("-", "OA"),
    "console:settings": ("OA", "OA"),
    "console:accent": ("OA", "-"),
    "console:members": ("OAU", "-"),
    "console:invite": ("OA", "OA"),
    "console:member": ("OA", "OA"),
    "console:remove_member": ("OA", "OA"),
    "console:renew_invitation": ("-", "OA"),
    "console:withdraw_invitation": ("-", "OA"),
    "audit:log": ("OAU", "-"),
    "audit:state": ("OAU", "-"),
    "audit:verify": ("-", "OAU"),
    "audit:csv": ("OAU", "-"),
    "audit:event": ("OAU", "OAU"),
    "people:list": ("OAHU", "-"),
    "people:csv": ("OAHU", "-"),
    "people:groups": ("OAHU", "-"),
    "people:group": ("OAHU", "-"),
    "people:person": ("OAHU", "-"),
    "people:details": ("OA", "OA"),
    "people:export": ("OA", "-"),
    "people:remove": ("OA", "OA"),
    "privacy:home": ("OAU", "-"),
    "privacy:preview": ("-", "OA"),
    "privacy:apply": ("-", "OA"),
    "people:suspend": ("OA", "OA"),
    "people:activate": ("OA", "OA"),
    "people:suspend_several": ("-", "OA"),
    "people:import": ("OA", "OA"),
    "people:example": ("OA", "-"),
    "people:preview": ("OA", "-"),
    "people:columns": ("OA", "OA"),
    "people:undo": ("OA", "OA"),
    "people:apply": ("-", "OA"),
    "people:discard": ("-", "OA"),
    "cases:list": ("OAHU", "-"),
    "cases:csv": ("OAHU", "-"),
    "cases:of_person": ("OAHU", "-"),
    "cases:case": ("OAHU", "-"),
    "cases:act": ("OAH", "OAH"),
    "patterns:list": ("OAHU", "-"),
    "patterns:pattern": ("OAHU", "OAH"),
    "reviews:list": ("OAH", "-"),
    "reviews:case": ("OAH", "OAH"),
    "profiles:list": ("OAU", "-"),
    "profiles:new": ("OA", "OA"),
    "profiles:check": ("-", "OA"),
    "profiles:of_partner": ("OAU", "-"),
    "profiles:edit": ("OAU", "OA"),
    "profiles:guide": ("OA", "OA"),
    "profiles:guide_step": ("OA", "OA"),
    "profiles:risk": ("OAU", "OA"),
    "profiles:limits": ("OAU", "OA"),
    "profiles:partners": ("OAU", "OA"),
    "profiles:attestation": ("OAU", "OA"),
    "profiles:publish": ("OA", "OA"),
    "profiles:withdraw": ("OA", "OA"),
    "profiles:move": ("-", "OA"),
    "profiles:copy": ("-", "OA"),
    "profiles:restore": ("OA", "OA"),
    "tell:home": ("OAU", "-"),
    "profiles:applies": ("OAU", "-"),
    "first_sign_in:home": ("OAHU", "OA"),
    "first_sign_in:state": ("OAHU", "-"),
    "first_sign_in:test": ("-", "OA"),
    "first_sign_in:trial": ("-", "OA"),
    "first_sign_in:turn": ("-", "OA"),
    "first_sign_in:remove": ("OA", "OA"),
    "coverage:home": ("OABHU", "-"),
    "coverage:invite": ("OA", "OA"),
    "coverage:invite_person": ("OA", "OA"),
    "coverage:reminders": ("OA", "OA"),
    "coverage:stop": ("-", "OA"),
    "callouts:list": ("OAU", "-"),
    "callouts:new": ("OA", "OA"),
    "callouts:key": ("OA", "OA"),
    "callouts:callout": ("OAU", "OA"),
    "callouts:state": ("OAU", "-"),
    "callouts:test": ("-", "OA"),
    "callouts:remove": ("OA", "OA"),
    "readiness:home": ("OAU", "-"),
    "readiness:state": ("OAU", "-"),
    "readiness:people": ("OAU", "-"),
    "readiness:csv": ("OAU", "-"),
    "readiness:check": ("-", "OA"),
    "readiness:mail": ("-", "OA"),
    "rehearsals:home": ("OAU", "-"),
    "rehearsals:state": ("OAU", "-"),
    "rehearsals:people": ("OAU", "-"),
    "rehearsals:csv": ("OAU", "-"),
    "rehearsals:begin": ("-", "OA"),
    "rehearsals:evaluation": ("OAU", "-"),
    "rehearsals:go_live": ("OA", "OA"),
    "rehearsals:go_back": ("OA", "OA"),
    "savings:home": ("OABU", "-"),
    "verified_id:home": ("OAU", "-"),
    "verified_id:state": ("OAU", "-"),
    "verified_id:turn_on": ("-", "OA"),
    "verified_id:check": ("-", "OA"),
    "verified_id:keys": ("OAU", "-"),
    "verified_id:key": ("OAU", "-"),
    "verified_id:compromised": ("OA", "OA"),
    "verified_id:certificate": ("OAU", "OA"),
    "verified_id:certificate_request": ("OA", "-"),
    "verified_id:rotate": ("OA", "OA"),
    "verified_id:domain": ("OAU", "OA"),
    "verified_id:domain_state": ("OAU", "-"),
    "verified_id:domain_file": ("OAU", "-"),
    "verified_id:domain_check": ("-", "OA"),
    "verified_id:card": ("OAU", "OA"),
    "verified_id:card_contrast": ("OAU", "-"),
    "verified_id:issuers": ("OAU", "-"),
    "verified_id:new_issuer": ("OA", "OA"),
    "verified_id:check_issuer": ("-", "OA"),
    "verified_id:remove_issuer": ("OA", "OA"),
    "verified_id:access": ("OAU", "OA"),
    "verified_id:new_access_key": ("-", "OA"),
    "verified_id:access_request": ("OA", "-"),
    "verified_id:entra": ("OAU", "OA"),
    "verified_id:entra_state": ("OAU", "-"),
    "verified_id:entra_test": ("-", "OA"),
    "verified_id:entra_certificate": ("OAU", "-"),
    "verified_id:entra_new_certificate": ("OA", "OA"),
    "verified_id:entra_remove": ("OA", "OA"),
    "verified_id:entra_use": ("OA", "OA"),
    "verified_id:trial": ("OA", "-"),
    "verified_id:trial_begin": ("-", "OA"),
    "verified_id:trial_offer": ("-", "OA"),
    "verified_id:trial_request": ("-", "OA"),
    "verified_id:trial_messages": ("OA", "-"),
    "verified_id:trial_end": ("-", "OA"),
    "verified_id:issued": ("OAU", "-"),
    "verified_id:csv": ("OAU", "-"),
    "verified_id:credential": ("OAU", "-"),
    "verified_id:revoke": ("OA", "OA"),
    "verified_id:revoke_several": ("OA", "OA"),
    "verified_id:revocation": ("OAU", "-"),
    "verified_id:revocation_state": ("OAU", "-"),
    "verified_id:suspend": ("OA", "OA"),
    "verified_id:reinstate": ("OA", "OA"),
    "verified_id:waiting": ("OAU", "-"),
    "verified_id:look": ("OA", "OA"),
    "partners:browse": ("OABU", "-"),
    "partners:compare": ("OABU", "-"),
    "partners:yours": ("OABU", "-"),
    "partners:partner": ("OABU", "-"),
    "partners:state": ("OABU", "-"),
    "partners:choose": ("-", "OA"),
    "partners:settings": ("OA", "OA"),
    "partners:test": ("-", "OA"),
    "partners:another": ("-", "OA"),
    "partners:remove": ("OA", "OA"),
    "partners:simulator": ("OA", "-"),
    "partners:simulator_state": ("OA", "-"),
    "partners:simulator_start": ("-", "OA"),
    "partners:simulator_stop": ("-", "OA"),
    "partners:simulator_ends": ("-", "OA"),
    "partners:simulator_fill": ("-", "OA"),
    "partners:record": ("OABU", "-"),
    "partners:erasing": ("OABU", "-"),
    "partners:erasing_csv": ("OABU", "-"),
    "partners:erase_again": ("-", "OA"),
    "partners:keys": ("OA", "OA"),
    "partners:keys_state": ("OA", "-"),
    "partners:keys_use": ("-", "OA"),
    "partners:keys_discard": ("-", "OA"),
    "partners:pause": ("OA", "OA"),
    "partners:unpause": ("-", "OA"),
    "partners:buy": ("OB", "OB"),
    "partners:review": ("OB", "OB"),
    "partners:pay": ("-", "OB"),
    "partners:checkout": ("OB", "-"),
    "partners:paid": ("OB", "-"),
    "partners:give_up": ("-", "OB"),
    "partners:request": ("OB", "OB"),
    "partners:cancel": ("OB", "OB"),
    "partners:resume": ("-", "OB"),
    "bridges:home": ("OABU", "-"),
    "bridges:new": ("OA", "OA"),
    "bridges:key": ("OA", "OA"),
    "bridges:run": ("OABU", "-"),
    "bridges:client": ("OABU", "-"),
    "bridges:edit": ("OA", "OA"),
    "bridges:trial": ("OA", "OA"),
    "bridges:secret": ("-", "OA"),
    "bridges:end_secret": ("-", "OA"),
    "bridges:mode": ("OA", "OA"),
    "bridges:pause": ("-", "OA"),
    "bridges:unpause": ("-", "OA"),
    "bridges:remove": ("OA", "OA"),
    "people:provisioning": ("OAHU", "-"),
    "people:provisioning_new": ("OA", "OA"),
    "people:provisioning_close": ("OA", "OA"),
    "people:connection": ("OAHU", "OA"),
    "people:connection_new": ("OA", "OA"),
    "people:connection_state": ("OAHU", "-"),
    "people:connection_test": ("-", "OA"),
    "people:connection_sync": ("-", "OA"),
    "people:connection_everything": ("-", "OA"),
    "people:connection_pause": ("-", "OA"),
    "people:connection_resume": ("-", "OA"),
    "people:connection_remove": ("OA", "OA"),
    "people:connection_accounts": ("OAHU", "OA"),
    "people:connection_allow": ("O", "O"),
    "api:keys": ("OAU", "-"),
    "api:new": ("OA", "OA"),
    "api:reference": ("OABHU", "-"),
    "api:revoke": ("OA", "OA"),
    "budgets:list": ("OABU", "-"),
    "budgets:new": ("OB", "OB"),
    "budgets:edit": ("OB", "OB"),
    "budgets:close": ("-", "OB"),
    "budgets:lift": ("O", "O"),  # the roles that the budget names
    "disputes:list": ("OABU", "-"),
    "disputes:dispute": ("OABU", "-"),
    "disputes:open": ("OB", "OB"),
    "partner_invoices:list": ("OABU", "-"),
    "partner_invoices:new": ("OB", "OB"),
    "partner_invoices:bill": ("OABU", "-"),
    "partner_invoices:csv": ("OABU", "-"),
    "invoices:list": ("OABU", "-"),
    "invoices:details": ("OB", "OB"),
    "invoices:so_far": ("OABU", "-"),
    "invoices:running": ("OABU", "-"),
    "invoices:running_line": ("OABU", "-"),
    "invoices:invoice": ("OABU", "-"),
    "invoices:pdf": ("OABU", "-"),
    "invoices:line": ("OABU", "-"),
    "usage:reset_cost": ("OB", "OB"),
    "usage:face_price": ("OB", "OB"),
    "payment:home": ("OABU", "-"),
    "payment:open": ("-", "OB"),
    "payment:continue": ("OB", "-"),
    "usage:usage": ("OABU", "-"),
    "usage:csv": ("OABU", "-"),
    "usage:export": ("OABU", "-"),
    "usage:entry": ("OABU", "-"),
}
# Of what is bought: one purchase is in force, and another plan of it is at the payment page.
BOUGHT = {
    f"partners:{name}" for name in ("buy", "review", "pay", "checkout", "paid", "give_up", "cancel", "resume")
}
# Opened from a limited seat instead of by a right; every other seat reads 404 there.
BY_SEAT = {"console:setup_done"}
LETTERS = {
    "O": Role.OWNER,
    "A": Role.ADMINISTRATOR,
    "B": Role.BILLING_MANAGER,
    "H": Role.HELP_DESK,
    "U": Role.AUDITOR,
}
# The places of an address that name something of one organisation.
OWN = {
    *("member", "invitation", "link", "event", "person_id", "import_id", "group_id"),
    *(
        "case_id",
        "credential_id",
        "issuer_id",
        "entry_id",
        "profile_id",
        "connection_id",
        "budget_id",
        "invoice_id",
        "bill_id",
        "call_id",
    ),
    *("key_id", "token_id", "revocation_id", "callout_id", "pattern_id", "client_id", "run_id"),
}
PEOPLE = b"user_name,given_names,family_name,email\nzoe,Zoe,Zed,zoe@people.example\n"

CALLOUT = {
    "name": "Payroll",
    "url": "https://payroll.example.com/claims",
    "audience": "payroll",
    "claims": ["firstName"],
    "on_silence": "refuse",
    "timeout_seconds": 5,
    "retries": 1,
}
BILL = b"date,amount\n2026-05-01,1.00\n"
MAY = BillFacts("oidc", date(2026, 5, 1), date(2026, 5, 31), "EUR", "may.csv")


@cache
def routes() -> dict[str, str]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(
                    entry.url_patterns, route, f"{entry.namespace}:" if entry.namespace else space
                )
            elif route.startswith("o/<slug:organisation>/"):
                yield f"{space}{entry.name}", route

    return dict(walk(get_resolver("portal.urls.site").url_patterns, "", ""))


class World:
    """One organisation with something behind every address, and a member in each role."""

    def __init__(self) -> None:
        self.tenant = make_tenant()
        self.members = {letter: make_member(self.tenant, role) for letter, role in LETTERS.items()}
        self.clients = {letter: client_of_member(member) for letter, member in self.members.items()}
        with tenant_scope(self.tenant.id):
            self.places = {"organisation": self.tenant.slug, **self._people(), **self._organisation()}
            profile_id = parse_public_id("profile", self.places["profile_id"])
        for rehearsed in (None, profile_id):
            survey_now(self.tenant.id, actor=SYSTEM, profile_id=rehearsed)

    def _organisation(self) -> dict[str, str]:
        owner: Member = self.members["O"]
        given = {"rights": RIGHTS[Role.OWNER], "actor": SYSTEM, "invited_by": owner.id}
        invitation = invite_member(email=f"{uuid4().hex}@x.example", role=Role.AUDITOR, **given).invitation
        link = make_setup_link(item="people", email="it@x.example", made_by=owner.id, actor=SYSTEM).link
        event = record_event(EventName.PERSON_CREATED, actor=SYSTEM, personal={"name": "Zoe"})
        return {
            "member": self.members["H"].public_id,
            "invitation": invitation.public_id,
            "link": link.public_id,
            "item": "linked_domain",
            "token_id": make_token(tenant=self.tenant, label="Entra", actor=SYSTEM).row.public_id,
            "key_id": key_of(self.tenant, maker=owner).row.public_id,
            "event": event.public_id,
        }

    def _people(self) -> dict[str, str]:
        profile, person = published_profile(), make_person()
        case = make_case(profile, person, CaseStatus.IN_REVIEW)
        add_whole_journey(case)
        turn_on_verified_id(actor=SYSTEM)
        begin_certificate()
        link_domain("www.example.com", actor=SYSTEM)
        connect(given=GIVEN, secret="", actor=SYSTEM)
        directories.connect(
            kind="entra",
            given={"directory": str(uuid4()), "client_id": str(uuid4())},
            secret="a secret",
            actor=SYSTEM,
        )
        credential = Credential.objects.create(
            issuance_id=begin_issuance(reference=case.id, claims={}, portrait=b"", actor=SYSTEM).id,
            reference=case.id,
            status_list=StatusList.objects.get(),
            status_index=0,
            holder_thumbprint="x",
            notification_digest=b"x",
            expires_at=clock.now() + timedelta(days=1),
        )
        issuer = add_trusted_issuer(
            name="Employer", purpose="employee", did="did:web:employer.example.com", actor=SYSTEM
        )
        return {
            "person_id": person.public_id,
            "group_id": Group.objects.create(name="Sales").public_id,
            "case_id": case.public_id,
            "action": "cancel",
            "profile_id": profile.public_id,
            "part": "who",
            "pattern_id": Pattern.objects.create(
                kind=Pattern.Kind.ONE_DOCUMENT, key="ab", cases=[str(case.id)], last_at=clock.now()
            ).public_id,
            "callout_id": create_callout(given=CALLOUT, secret="", actor=SYSTEM).public_id,
            "credential_id": credential.public_id,
            "issuance_id": begin_issuance(
                claims={}, portrait=b"", actor=SYSTEM, person_id=person.id, review_first=True
            ).public_id,
            "thumbprint": SigningKey.objects.get().kid.partition("#")[2],
            "issuer_id": issuer.public_id,
            "revocation_id": BulkRevocation.objects.create(chosen=bytes(16), digest="x", total=1).public_id,
            "budget_id": cap("9.00", lifting_roles=("owner",)).public_id,
            **self._money(),
            **self._bought(),
            "connection_id": Connection.objects.get().public_id,
            "kind": "entra",
            "vendor": "house",
            **self._keys(),
            **self._bridge(),
        }

    def _bridge(self) -> dict[str, str]:
        """A client of the bridge, and one request of its own."""
        given = given_for(Connection.objects.get(vendor="house"), serves="openid")
        made = create_client(given=given, actor=SYSTEM)
        assert isinstance(made, MadeSecret)
        run = BridgeRun.objects.create(client=made.client, mode="evaluation", expires_at=clock.now())
        return {"client_id": made.client.public_id, "run_id": run.public_id}

    def _keys(self) -> dict[str, str]:
        """A partner that is used with keys."""
        made = Connection.objects.create(vendor="stripe_identity", kind="own_contract", status="ready")
        attempt = ProofingAttempt.objects.create(
            connection=made,
            reference=uuid7(),
            browser_digest=b"x",
            mode="evaluation",
            is_demonstration=True,
            return_url="",
            locale="en",
            purpose="",
            expires_at=clock.now(),
            erase_due_at=clock.now(),
        )
        return {"attempt_id": attempt.public_id}

    def _bought(self) -> dict[str, str]:
        for plan, status in (("volume", "ready"), ("bundle-500", "paying")):
            Purchase.objects.create(slug="face_check", plan=plan, currency="EUR", status=status)
        return {}

    def _money(self) -> dict[str, str]:
        """A charge that is disputed, behind the first line of the running period and of a closed one."""
        entry = record(idempotency_key=uuid7().hex, occurred_at=clock.now())
        dispute_entry(entry, reason="Why?", actor=SYSTEM)
        earlier = standing().period_at(clock.now() - timedelta(days=31))
        record(idempotency_key=uuid7().hex, occurred_at=earlier.start)
        invoice = close_period(earlier.label, actor=SYSTEM)[0]
        assert entry.price_version is not None
        return {
            "entry_id": entry.public_id,
            "invoice_id": invoice.public_id,
            "position": "1",
            "version": "1",
            "bill_id": compare_bill(BILL, MAY, actor=SYSTEM).public_id,
            "currency": "EUR",
            "what": "portal",
            "about": standing().period_at(clock.now()).label,
            "price_id": entry.price_version.public_id,
        }

    def path(self, name: str, letter: str, slug: str = "") -> str:
        places = {**self.places, "organisation": slug or self.tenant.slug}
        if name in ("partners:settings", "partners:request"):
            places["vendor"] = "oidc"
        if name.startswith(("partners:keys", "partners:eras")):
            places["vendor"] = "stripe_identity"
        if name.startswith("partners:simulator"):
            places["vendor"] = "persona"
        if name == "console:send_about":
            places |= {"item": "set_up_partner", "about": "persona"}
        if name in BOUGHT:
            places["vendor"] = "face_check"
        if "import_id" in routes()[name]:
            places["import_id"] = self._import_of(letter, is_applied=name == "people:undo")
        if name == "payment:continue":
            places["call_id"] = self._call_of(letter)
        return "/" + re.sub(r"<\w+:(\w+)>", lambda place: places[place[1]], routes()[name])

    def _call_of(self, letter: str) -> str:
        """A page at Stripe is for whoever asked for it."""
        asked = {"asked_by": self.members[letter].public_id, "return_url": ""}
        with tenant_scope(self.tenant.id):
            call = PaymentCall(operation=Operation.OPEN_PORTAL, currency="EUR", params=asked)
            call.chain, call.idempotency_key = f"page:{call.id}", f"page:{call.id}"
            call.save()
        return call.public_id

    def _import_of(self, letter: str, *, is_applied: bool) -> str:
        """A preview is its sender's own; what was applied is everybody's."""
        with tenant_scope(self.tenant.id):
            row = begin_import(PEOPLE, file_name="x.csv", member_id=self.members[letter].id)
            if is_applied:
                PeopleImport.objects.filter(id=row.id).update(applied_at=clock.now())
            return row.public_id


# Somebody keeps simulators, at an address where nobody answers.
SIMULATORS_KEPT: dict[str, str] = {"SIMULATORS_URL": "http://127.0.0.1:1", "SIMULATORS_TOKEN": "w" * 32}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with override_settings(**SIMULATORS_KEPT):
        yield World()
    forget_network_jobs()


@pytest.fixture(scope="module")
def other() -> Tenant:
    return make_tenant()


@pytest.fixture(scope="module")
def stranger(other: Tenant) -> Client:
    return client_of_member(make_member(other, Role.OWNER))


each = pytest.mark.parametrize("name", list(TABLE))


def test_the_table_names_every_address_of_the_console_and_no_other() -> None:
    assert set(TABLE) | BY_SEAT == set(routes())


@each
def test_each_role_opens_what_the_table_says(world: World, name: str) -> None:
    may_open, _may_send = TABLE[name]
    for letter, client in world.clients.items():
        answer = client.get(world.path(name, letter))
        expected = {200} if letter in may_open else {403, 405} if may_open == "-" else {403}
        assert answer.status_code in expected, (letter, answer.status_code)


@each
def test_no_other_role_sends_what_the_table_says(world: World, name: str) -> None:
    _may_open, may_send = TABLE[name]
    for letter, client in world.clients.items():
        if letter in may_send:
            continue  # what happens then is tested where it is done
        answer = client.post(world.path(name, letter))
        assert answer.status_code in ({403, 405} if may_send == "-" else {403}), (letter, answer.status_code)


@each
def test_a_stranger_reads_404_at_the_address_and_for_the_thing(
    world: World, other: Tenant, stranger: Client, name: str
) -> None:
    for method in (stranger.get, stranger.post):
        assert method(world.path(name, "O")).status_code == 404
    if not OWN & set(re.findall(r"<\w+:(\w+)>", routes()[name])):
        return
    for method, may in zip((stranger.get, stranger.post), TABLE[name], strict=True):
        answer = method(world.path(name, "O", slug=other.slug))
        assert answer.status_code == (405 if may == "-" else 404), (name, answer.status_code)


@each
def test_nobody_is_led_to_sign_in_and_then_to_a_page_that_answers(world: World, name: str) -> None:
    path, form = world.path(name, "O"), f"/o/{world.tenant.slug}/members/"
    opened = site_client().get(path)
    assert opened.status_code == 302 and opened["Location"].startswith("/accounts/login/?next=")
    sent = site_client().post(path, headers={"referer": f"{settings.SITE_ORIGIN}{form}"})
    assert sent.status_code == 302 and sent["Location"] == f"/accounts/login/?next={form}"


@each
def test_a_part_of_a_page_takes_the_whole_page_to_sign_in(world: World, name: str) -> None:
    shown = f"/o/{world.tenant.slug}/people/?q=a"
    asked = {"hx-request": "true", "hx-current-url": f"{settings.SITE_ORIGIN}{shown}"}
    answer = site_client().get(world.path(name, "O"), headers=asked)
    assert answer.status_code == 204 and answer.content == b""
    assert answer["HX-Redirect"] == f"/accounts/login/?next=/o/{world.tenant.slug}/people/%3Fq%3Da"


def test_somebody_elses_address_is_no_way_back(world: World) -> None:
    path = world.path("console:withdraw_link", "O")
    for written in (
        "https://evil.example/x",
        "//evil.example",
        "http://localhost.evil.example:8000/x",
        "x",
        "",
    ):
        sent = site_client().post(path, headers={"referer": written})
        assert sent["Location"] == f"/accounts/login/?next={path}"
        asked = {"hx-request": "true", "hx-current-url": written}
        assert site_client().post(path, headers=asked)["HX-Redirect"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("letter", list(LETTERS))
def test_setting_up_by_link_is_no_members_page(world: World, letter: str) -> None:
    assert world.clients[letter].post(f"/o/{world.tenant.slug}/setup-done").status_code == 404
