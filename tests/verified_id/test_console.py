"""The authority in the console: on, published, keys, domain, card, issued; and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.ids import short_reference, uuid7
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tenants.verified_id.console import wording
from tenants.verified_id.models import Authority, Credential, Issuance, LinkedDomain, SigningKey, StatusList
from tenants.verified_id.services import link_domain, turn_on_verified_id
from tests.conftest import site_client

PAGES = ("", "keys", "domain", "card", "issued", "issued/waiting")


def address(tenant, path=""):
    return f"/o/{tenant.slug}/verified-id/{path}"


@pytest.fixture
def authority(tenant):
    with tenant_scope(tenant.id):
        return turn_on_verified_id(actor=SYSTEM)


@pytest.fixture
def credential(tenant, authority):
    with tenant_scope(tenant.id):
        made = Issuance.objects.create(reference=authority.id, expires_at=clock.now())
        return Credential.objects.create(
            issuance=made,
            reference=authority.id,
            status_list=StatusList.objects.get(),
            status_index=7,
            holder_thumbprint="thumb",
            notification_digest=digest("n"),
            expires_at=clock.now() + timedelta(days=30),
        )


def work(tenant):
    model = apps.get_model("tenants", "Outbox")
    for row_id in list(model.objects.filter(tenant_id=tenant.id).values_list("id", flat=True)):
        outbox.run(row_id)


def test_turning_it_on_says_what_it_creates_and_is_quiet_the_second_time(tenant, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    assert "The host name stays" in client.get(address(tenant)).content.decode()
    for _twice in range(2):
        assert client.post(address(tenant, "turn-on")).status_code == 302
    with tenant_scope(tenant.id):
        assert Authority.objects.count() == SigningKey.objects.count() == 1
    page = client.get(address(tenant)).content.decode()
    assert "did:web:" in page and "Not looked at yet" in page


def test_a_check_is_waited_for_and_then_stands_still(tenant, authority, staff_client, monkeypatch):
    client = staff_client()
    asked = client.post(address(tenant, "check"))["Location"]
    assert 'hx-trigger="every 1s"' in client.get(asked).content.decode()
    monkeypatch.setattr(
        "tenants.verified_id.tasks._fetch",
        lambda what, where: {
            "what": what,
            "address": where,
            "ok": what != "status_list",
            "problem": "http_404" if what == "status_list" else "",
        },
    )
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        work(tenant)
    page = client.get(asked.replace("?", "state?")).content.decode()
    assert "hx-trigger" not in page and "Something is wrong" in page and "no such file" in page


def test_a_page_stops_asking_after_a_minute(tenant, authority, staff_client):
    client = staff_client()
    asked = client.post(address(tenant, "check"))["Location"]
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert "hx-trigger" not in client.get(asked).content.decode()


def test_a_new_key_needs_the_word(tenant, authority, staff_client):
    client = staff_client()
    assert client.post(address(tenant, "rotate"), {"word": "yes"}).status_code == 200
    with tenant_scope(tenant.id):
        assert SigningKey.objects.count() == 1
    assert client.post(address(tenant, "rotate"), {"word": "Rotate"}).status_code == 302
    with tenant_scope(tenant.id):
        assert sorted(SigningKey.objects.values_list("state", flat=True)) == ["active", "pending"]


def test_a_domain_is_named_and_its_file_shown(tenant, authority, staff_client):
    client = staff_client()
    assert client.post(address(tenant, "domain"), {"origin": "not a/domain"}).status_code == 200
    assert client.post(address(tenant, "domain"), {"origin": "www.example.com"}).status_code == 302
    page = client.get(address(tenant, "domain")).content.decode()
    assert "https://www.example.com/.well-known/did-configuration.json" in page and "linked_dids" in page
    sent = client.get(address(tenant, "domain/file"))
    assert sent.json()["linked_dids"] and "attachment" in sent["Content-Disposition"]


@pytest.mark.parametrize(
    "typed",
    [
        *("http://x.example", "javascript:alert(1)", "https://a.example/path", "a.example?x", "a.example#x"),
        *(
            "me@a.example",
            "me:word@a.example",
            "a.example:99999",
            "a.example:x",
            "a b.example",
            "a_b.example",
        ),
        *("[", "https://[::1", "10.0.0.1", "example", "-a.example", f"{'a' * 64}.example", "a..example"),
        *(
            "https://evil.example\\@a.example",
            "other.localhost:8000",
            "wallet.localhost:8000",
        ),
    ],
)
def test_what_is_no_domain_of_theirs_is_refused_and_the_page_goes_on(tenant, authority, staff_client, typed):
    client = staff_client()
    assert client.post(address(tenant, "domain"), {"origin": typed}).status_code == 200, typed
    with tenant_scope(tenant.id):
        assert not LinkedDomain.objects.exists()


def test_a_domain_in_other_letters_is_kept_as_the_network_spells_it(tenant, authority):
    with tenant_scope(tenant.id):
        assert link_domain("Bücher.Example", actor=SYSTEM).origin == "https://xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("state", "problem", "said"),
    [
        ("linked", "", "vouches for your authority"),
        ("not_linked", "http_404", "no such file"),
        ("wrong", "linkage_origin", "for another domain"),
        ("wrong", "something_new", "could not be used"),
    ],
)
def test_what_was_wrong_is_said_in_words(tenant, authority, staff_client, state, problem, said):
    with tenant_scope(tenant.id):
        link_domain("www.example.com", actor=SYSTEM)
        LinkedDomain.objects.update(state=state, problem=problem, checked_at=clock.now())
    page = staff_client().get(address(tenant, "domain")).content.decode()
    assert said in page and (not problem or problem not in page)


def test_the_card_is_changed_and_the_limits_hold(tenant, authority, staff_client):
    client = staff_client()
    assert (
        client.post(address(tenant, "card"), {"card_title": "Acme", "lifetime_days": "0"}).status_code == 200
    )
    assert (
        client.post(address(tenant, "card"), {"card_title": "Acme", "lifetime_days": "90"}).status_code == 302
    )
    with tenant_scope(tenant.id):
        assert Authority.objects.values_list("card_title", "lifetime_days").get() == ("Acme", 90)


def test_an_issued_card_is_revoked_with_a_reason_and_the_word(tenant, credential, staff_client):
    client = staff_client()
    assert "Valid" in client.get(address(tenant, "issued?status=valid")).content.decode()
    where = address(tenant, f"issued/{credential.public_id}/revoke")
    assert client.post(where, {"word": "revoke", "reason": ""}).status_code == 200
    assert client.post(where, {"word": "revoke", "reason": "Phone was sold."}).status_code == 302
    page = client.get(address(tenant, f"issued/{credential.public_id}")).content.decode()
    assert "A member revoked it" in page and "revoked_by_member" not in page


def test_every_reason_to_revoke_has_words():
    assert all(wording.revoked_for(reason) for reason in ("case_refused", "issued_again", "new_reason"))


def test_an_auditor_looks_and_changes_nothing(tenant, credential, staff_client):
    client = staff_client(Role.AUDITOR)
    for path in (*PAGES, f"issued/{credential.public_id}"):
        assert client.get(address(tenant, path)).status_code == 200, path
    for path in (
        "turn-on",
        "check",
        "rotate",
        "domain",
        "domain/check",
        "card",
        f"issued/{credential.public_id}/revoke",
        f"issued/{credential.public_id}/suspend",
        f"issued/{credential.public_id}/reinstate",
    ):
        assert client.post(address(tenant, path), {"origin": "x.example"}).status_code == 403, path


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.BILLING_MANAGER])
def test_others_read_403(tenant, authority, staff_client, role):
    for path in PAGES:
        assert staff_client(role).get(address(tenant, path)).status_code == 403


def test_a_stranger_reads_404_and_nobody_signs_in_first(tenant, credential, staff_client, other_tenant):
    client = staff_client(Role.OWNER, other_tenant)
    for path in (*PAGES, f"issued/{credential.public_id}"):
        assert client.get(address(tenant, path)).status_code == 404
        assert site_client().get(address(tenant, path)).status_code == 302
    assert client.get(address(other_tenant, f"issued/{credential.public_id}")).status_code == 404


def test_the_list_of_cards_and_its_csv_are_searched_and_sorted_alike(tenant, credential, staff_client):
    with tenant_scope(tenant.id):
        made = Issuance.objects.create(reference=uuid7(), expires_at=clock.now())
        other = Credential.objects.create(
            issuance=made,
            reference=made.reference,
            status_list=StatusList.objects.get(),
            status_index=8,
            holder_thumbprint="thumb",
            notification_digest=digest("m"),
            expires_at=clock.now() + timedelta(days=10),
        )
    client = staff_client(Role.AUDITOR)
    first, second = short_reference(other.reference), short_reference(credential.reference)
    page = client.get(address(tenant, "issued?sort=until")).content.decode()
    assert page.index(first) < page.index(second) and "2 of 2 cards" in page
    lines = b"".join(client.get(address(tenant, "issued/csv?sort=-until")).streaming_content).decode()
    assert lines.index(second) < lines.index(first)
    found = client.get(address(tenant, f"issued?q={first}")).content.decode()
    assert "1 of 1 cards" in found and second not in found
    assert "No card fits" in client.get(address(tenant, "issued?q=ZZZZ")).content.decode()
