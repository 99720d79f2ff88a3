"""Every console page of people, recovery, Verified ID, partners and usage in a real browser: accessible, at both widths
and in both schemes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.access_pass.services import issue_pass
from recovery.callouts.models import Callout
from recovery.callouts.services import create_callout
from recovery.entry.models import Round, SignInAttempt
from recovery.entry.provider_services import save_provider
from recovery.models import Review
from recovery.ordering import partners_of
from recovery.patterns.models import Pattern
from recovery.profiles import Place, change_profile, publish_profile
from recovery.readiness.models import ReadinessDay
from recovery.readiness.running import survey_now
from recovery.statuses import CaseStatus
from tenants.directory.connections import services as directories
from tenants.directory.connections.models import SyncRun
from tenants.directory.imports import begin_import
from tenants.directory.models import DirectoryPerson, Group, GroupMember, PersonName
from tenants.directory.scim.tokens import make_token
from tenants.rights import Role
from tenants.verified_id.certifying import certify, signing_request
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import Authority, BulkRevocation, TrialMessage
from tenants.verified_id.publishing import published_addresses
from tenants.verified_id.rotation import rotate_key
from tenants.verified_id.services import link_domain, turn_on_verified_id
from tenants.verified_id.signing import active_key
from tenants.verified_id.trial.services import begin_trial
from tests.billing.test_ledger import record
from tests.bridge.shown import bridge_pages
from tests.conftest import make_member
from tests.look.looking import examined
from tests.recovery.console.serving import serve_site
from tests.recovery.console.world import (
    add_whole_journey,
    make_case,
    make_group,
    make_person,
    make_profile,
    published_profile,
)
from tests.verified_id.test_asking import answered, authority_pair
from tests.verified_id.test_issued_console import a_card
from vendors.catalogue.purchasing import begin_purchase
from vendors.models import Connection, ProofingAttempt

pytestmark = pytest.mark.browser

FILE = (
    "user_name,given_names,family_name,email,department,shoe\n"
    "anna.novak,Anna,Nováková,anna.novak@new.example,Finance,38\n"
    "ben.okri,Ben,Okri,ben@people.example,Sales,44\n"
)
BROKEN = FILE + "carl,Carl,Jung,not an address,,\n,Dora,Maar,dora@people.example,,\n"


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = serve_site()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, origin, staff_client) -> Iterator[Page]:
    client = staff_client(Role.OWNER)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": origin}])
    made = context.new_page()
    made.member_client = client
    yield made
    context.close()


def entra_with_something_to_tell(object_id: str) -> None:
    """A connection that was tested and synchronised, with a permission missing, people left out and a removal held."""
    given = {"directory": str(uuid7()), "client_id": str(uuid7())}
    row = directories.connect(kind="entra", given=given, secret="a secret", actor=SYSTEM)
    row.held_people, row.held_memberships, row.held_suspensions = 31, 120, 46
    row.synced_at = row.tested_at = clock.now()
    row.found = [
        {"step": "token", "ok": True, "problem": ""},
        {"step": "users", "ok": True, "problem": ""},
        {"step": "groups", "ok": False, "problem": "permission_missing_groups"},
    ]
    row.save()
    SyncRun.objects.create(state=SyncRun.State.FAILED, problem="service_busy", ended_at=clock.now())
    SyncRun.objects.create(
        state=SyncRun.State.DONE,
        ended_at=clock.now(),
        counts={"added": 12, "changed": 3, "suspended": 1, "memberships": 40, "problems": 2},
        problems=[
            {"code": "address_taken", "object": object_id},
            {"code": "user_name_taken", "object": str(uuid7())},
        ],
    )
    SyncRun.objects.create(counts={"changed": 3, "waits": 1}, next_at=clock.now())


def callout_with_something_to_tell() -> Callout:
    """One that answered, then fell silent, and that was tested."""
    url = "https://payroll.example.com/api/CustomClaimMatching"
    row = create_callout(
        given={
            "name": "Payroll",
            "url": url,
            "audience": url,
            "claims": ["firstName", "lastName", "dateOfBirth"],
            "on_silence": "review",
            "timeout_seconds": 5,
            "retries": 1,
        },
        secret="sixteen letters and more",
        actor=SYSTEM,
    )
    row.answered_at, row.silent_at, row.silent_in_row, row.problem = clock.now(), clock.now(), 3, "no_answer"
    row.tested_at = clock.now()
    row.found = {
        "state": "failed",
        "problem": "",
        "status": 200,
        "failed_claims": ["dateOfBirth"],
        "milliseconds": 412,
    }
    row.save()
    return row


def provider_with_something_to_tell(person: DirectoryPerson) -> None:
    """One that was tested, and a sign-in that was tried."""
    row = save_provider(
        given={
            "name": "Nordlicht",
            "issuer": "https://login.example.com/nordlicht/v2.0",
            "client_id": "readmit",
            "proof": "private_key",
            "match": "external_id",
            "claim": "oid",
        },
        secret="",
        actor=SYSTEM,
    )
    row.tested_at, row.memory = clock.now(), {"provider": {"issuer": row.issuer, "document": {}}}
    row.save()
    SignInAttempt.objects.create(
        provider=row,
        is_trial=True,
        state=SignInAttempt.State.DONE,
        person=person,
        expires_at=clock.now() + timedelta(minutes=5),
    )


@pytest.fixture
def addresses(tenant, page) -> dict[str, str]:
    base = f"/o/{tenant.slug}"
    member = page.member_client.session["_auth_user_id"]
    with tenant_scope(tenant.id):
        from tenants.models import Member

        member_id = Member.objects.get(user_id=member).id
        profile = published_profile()
        begin_purchase("face_check", "bundle-500", actor=SYSTEM)
        anna = make_person("anna.novak", birthdate=None)
        pilots = make_group("Pilots in Prague and Brno", anna)
        board = Group.objects.get(id=make_group("Board", anna))
        own = Connection.objects.create(vendor="oidc", kind="own_contract", status="ready")
        narrow = make_profile(
            name="Pilots",
            description="They rehearse before everybody else may recover.",
            mode="evaluation",
            groups_in=[pilots],
            partners=[*profile.partners, own.id],
        )
        publish_profile(narrow.id, place=Place.FIRST, actor=SYSTEM)
        change_profile(narrow.id, face_threshold=80, actor=SYSTEM)
        draft = make_profile(name="Sales", mode="evaluation", who="departments", departments=["Sales"])
        for number in range(12):
            make_person(
                f"person{number}", given_names="Maria", family_name=f"Musterfrau {number}", department="Sales"
            )
        held = make_case(profile, anna, CaseStatus.HELD, reasons=["changed_recently"])
        add_whole_journey(held)
        granted = make_case(profile, anna, CaseStatus.GRANTED)
        add_whole_journey(granted)
        issue_pass(
            case_id=granted.id,
            person_id=anna.id,
            browser_digest=b"x" * 32,
            lifetime=timedelta(hours=1),
            actor=SYSTEM,
        )
        refused = make_case(profile, anna, CaseStatus.REFUSED, reasons=["face_check_failed", "match_none"])
        make_case(profile, None, CaseStatus.EXPIRED)
        reviewed = make_case(profile, anna, CaseStatus.IN_REVIEW, reasons=["review_asked"])
        other = make_member(tenant, Role.HELP_DESK)
        Review.objects.create(
            case=reviewed, member_id=other.id, verdict="refuse", reason="The measures are weak."
        )
        turn_on_verified_id(actor=SYSTEM)
        found = [
            {
                "what": what,
                "address": address,
                "ok": what != "status_list",
                "problem": "http_404" if what == "status_list" else "",
            }
            for what, address in published_addresses(Authority.objects.get())
        ]
        Authority.objects.update(published=found, published_checked_at=clock.now())
        link_domain("www.example.com", actor=SYSTEM)
        a_card(begin_issuance(reference=granted.id, claims={}, portrait=b"", actor=SYSTEM))
        certify(answered(signing_request(active_key()), *authority_pair()), actor=SYSTEM)
        key = active_key().kid.partition("#")[2]
        rotate_key(actor=SYSTEM)
        bulk = BulkRevocation.objects.create(chosen=bytes(16), digest="x", total=1200, done=500)
        trial = begin_trial(member_id, actor=SYSTEM)
        for step, status, refusal in (("token", 200, ""), ("credential", 400, "nonce_unknown")):
            TrialMessage.objects.create(
                trial=trial,
                step=step,
                method="POST",
                path=f"/openid4vci/{step}",
                status=status,
                refusal=refusal,
                clause="OpenID4VCI 1.0 section 8.3" if refusal else "",
                asked=[["proofs.jwt[0]: header.alg", "ES256"], ["proofs.jwt[0]: payload.nonce", "n" * 150]],
                answered=[["error", "invalid_nonce"]] if refusal else [["expires_in", "300"]],
            )
        entry = record(idempotency_key=uuid7().hex)
        token = make_token(tenant=tenant, label="Entra ID", actor=SYSTEM).row
        entra_with_something_to_tell(anna.public_id)
        payroll = callout_with_something_to_tell()
        provider_with_something_to_tell(anna)
        Round.objects.create(kind="invitation", group_id=pilots, sent=31, ended_at=clock.now())
        Round.objects.create(kind="reminder", sent=12)
        change_profile(narrow.id, callouts=[payroll.id], actor=SYSTEM)
        pattern = Pattern.objects.create(
            kind=Pattern.Kind.TRIED_NAMES,
            key="n" * 64,
            cases=[str(case.id) for case in (held, granted, refused)],
            figures={"cases": 31, "names": 27, "confirmed": 2},
            last_at=clock.now(),
        )
        Pattern.objects.create(
            kind=Pattern.Kind.REFUSES_LESS,
            key=str(own.id),
            figures={"events": 0, "total": 80, "events_before": 30, "total_before": 200},
            last_at=clock.now(),
            closed_at=clock.now(),
            closed_by=member_id,
            note="They confirmed that a new template is in use.",
        )
        anna.manager, anna.country, anna.is_privileged = "jan.dvorak", "CZ", True
        anna.save(update_fields=["manager", "country", "is_privileged"])
        for kind, given, family in (("former", "", "Svobodová"), ("script", "Анна", "Новакова")):
            PersonName.objects.create(person=anna, kind=kind, given_names=given, family_name=family)
        sound = begin_import(FILE.encode(), file_name="people.csv", member_id=member_id)
        Connection.objects.create(
            vendor="oidc-north-bank",
            kind="own_contract",
            status="ready",
            config={"issuer": "https://verify.north-bank.example/realms/identity"},
        )
        _asked_to_erase(partners_of(profile)[0])
        made = {
            **bridge_pages(own),
            "people": "/people/",
            "person": f"/people/{anna.public_id}/",
            "person_details": f"/people/{anna.public_id}/details",
            "person_remove": f"/people/{anna.public_id}/remove",
            "suspend": f"/people/{anna.public_id}/suspend",
            "groups": "/people/groups/",
            "group": f"/people/groups/{board.public_id}/",
            "import": "/people/import",
            "provisioning": "/people/provisioning/",
            "connect": "/people/provisioning/new",
            "disconnect": f"/people/provisioning/{token.public_id}/revoke",
            "directory": "/people/directory/",
            "directory_allow": "/people/directory/allow",
            "directory_remove": "/people/directory/remove",
            "preview": f"/people/import/{sound.public_id}",
            "cases": "/recovery/cases/?decoys=yes",
            "held": f"/recovery/cases/{held.public_id}/",
            "granted": f"/recovery/cases/{granted.public_id}/",
            "refused": f"/recovery/cases/{refused.public_id}/",
            "act": f"/recovery/cases/{held.public_id}/cancel",
            "patterns": "/recovery/patterns/",
            "pattern": f"/recovery/patterns/{pattern.public_id}/",
            "reviews": "/recovery/reviews/",
            "review": f"/recovery/reviews/{reviewed.public_id}/",
            "coverage": "/people/coverage/",
            "coverage_invite": "/people/coverage/invite",
            "coverage_invite_person": f"/people/coverage/invite/{anna.public_id}",
            "coverage_reminders": "/people/coverage/reminders",
            "first_sign_in": "/people/sign-in/",
            "first_sign_in_remove": "/people/sign-in/remove",
            "callouts": "/recovery/profiles/callouts/",
            "callout": f"/recovery/profiles/callouts/{payroll.public_id}/",
            "callout_new": "/recovery/profiles/callouts/new",
            "callout_remove": f"/recovery/profiles/callouts/{payroll.public_id}/remove",
            "callout_key": "/recovery/profiles/callouts/key",
            "profiles": "/recovery/profiles/",
            "profile": f"/recovery/profiles/{profile.public_id}/",
            "profile_risk": f"/recovery/profiles/{profile.public_id}/risk",
            "profile_attestation": f"/recovery/profiles/{profile.public_id}/attestation",
            "profile_limits": f"/recovery/profiles/{profile.public_id}/limits",
            "profile_partners": f"/recovery/profiles/{profile.public_id}/partners",
            "guide": "/recovery/profiles/guide",
            "guide_risk": f"/recovery/profiles/{draft.public_id}/guide/risk",
            "guide_who": f"/recovery/profiles/{draft.public_id}/guide/who",
            "guide_review": f"/recovery/profiles/{draft.public_id}/guide/review",
            "new_profile": "/recovery/profiles/new",
            "publish": f"/recovery/profiles/{draft.public_id}/publish",
            "applies": "/recovery/profiles/applies?who=anna.novak",
            "narrow_profile": f"/recovery/profiles/{narrow.public_id}/",
            "restore": f"/recovery/profiles/{narrow.public_id}/restore/1",
            "readiness": "/recovery/readiness/",
            "not_ready": "/recovery/readiness/people",
            "rehearsal": f"/recovery/profiles/{profile.public_id}/rehearsal/",
            "evaluation": f"/recovery/profiles/{profile.public_id}/evaluation",
            "go_live": f"/recovery/profiles/{draft.public_id}/go-live",
            "go_back": f"/recovery/profiles/{profile.public_id}/go-back",
            "savings": "/usage/savings/",
            "rehearsed": f"/recovery/profiles/{profile.public_id}/rehearsal/people",
            "withdraw": f"/recovery/profiles/{profile.public_id}/withdraw",
            "verified_id": "/verified-id/",
            "rotate": "/verified-id/rotate",
            "keys": "/verified-id/keys",
            "key": f"/verified-id/keys/{key}",
            "certificate": f"/verified-id/keys/{key}/certificate",
            "domain": "/verified-id/domain",
            "card": "/verified-id/card",
            "issued": "/verified-id/issued",
            "revoke_several": "/verified-id/issued/revoke",
            "revoking": f"/verified-id/issued/revocations/{bulk.public_id}",
            "trial": "/verified-id/try",
            "partners": "/partners/",
            "compare": "/partners/compare?compare=house,persona,bankid_cz,eu_pid",
            "listing": "/partners/au10tix/",
            "plans": "/partners/face_check/buy",
            "purchase": "/partners/face_check/buy/review",
            "record": f"/partners/{partners_of(profile)[0].vendor}/record",
            "erasing": f"/partners/{partners_of(profile)[0].vendor}/erasing",
            "partner": "/partners/house/",
            "own_providers": "/partners/oidc/",
            "named_provider": "/partners/oidc-north-bank/",
            "partner_settings": "/partners/oidc/settings",
            "usage": "/usage/",
            "usage_entry": f"/usage/{entry.public_id}/",
        }
        for back in range(1, 20):
            day = clock.now().date() - timedelta(days=back)
            ReadinessDay.objects.create(day=day, people=30, cannot=4 + back % 5, doubtful=back % 3)
        GroupMember.objects.create(group=Group.objects.create(name="Board"), person=anna)
    for rehearsed in (None, profile.id):
        survey_now(tenant.id, actor=SYSTEM, profile_id=rehearsed)
    return {name: base + path for name, path in made.items()}


def _asked_to_erase(connection: Connection) -> None:
    """One in each state, the last of them overdue."""
    for days, error, asked, erased in (
        (0, "", False, False),
        (1, "", True, False),
        (2, "", True, True),
        (9, "never_confirmed", True, False),
    ):
        due = clock.now() - timedelta(days=days)
        ProofingAttempt.objects.create(
            connection=connection,
            reference=uuid7(),
            browser_digest=b"x",
            mode="production",
            is_demonstration=False,
            return_url="",
            locale="en",
            purpose="",
            expires_at=due,
            erase_due_at=due,
            erase_error=error,
            erase_asked_at=due if asked else None,
            erased_at=due + timedelta(hours=3) if erased else None,
        )


def test_every_page_is_accessible_keeps_the_policy_and_never_scrolls_sideways(page, origin, addresses):
    assert [wrong for name, path in addresses.items() for wrong in examined(page, origin + path, name)] == []


def test_the_list_of_people_searches_as_one_types(page, origin, addresses):
    page.goto(origin + addresses["people"])
    page.fill("#filter_q", "nov")
    expect(page.locator("#people tbody tr")).to_have_count(1)
    assert "q=nov" in page.url


def test_a_profile_shows_its_effect_while_it_is_written(page, origin, addresses):
    page.goto(origin + addresses["new_profile"])
    page.get_by_label("Production").check(force=True)
    page.get_by_label("A code to an e-mail address you have held for 72 hours").uncheck(force=True)
    page.wait_for_selector("#effect >> text=somebody can make one")
    page.get_by_label("A code to an e-mail address you have held for 72 hours").check(force=True)
    expect(page.locator("#effect")).not_to_contain_text("somebody can make one")
    assert "people can recover" in page.inner_text("#effect")
