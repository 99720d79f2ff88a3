"""Disputes: a charge is questioned once, answered once, and taken back where the answer is yes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tests.billing.test_ledger import record
from tests.billing.world import amounts, close, event, load, look, record_file, run, subscribe
from tests.conftest import make_member
from vendors.billing.models import Dispute, EntryKind, UsageEntry
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import dispute_entry, settle_dispute, take_back


def address(tenant, path=""):
    return f"/o/{tenant.slug}/usage/disputes/{path}"


@pytest.fixture
def charged(tenant, tmp_path):
    """Two charges of 2.00 in January."""
    partner = load(unit_price="2.00")
    subscribe(tenant, "2026-01-01")
    code, results = record_file(tmp_path, [event(tenant, partner, "2026-01-05") for _ in range(2)])
    assert code == 0, results
    with tenant_scope(tenant.id):
        return UsageEntry.objects.order_by("id")[0]


@pytest.fixture
def mails(monkeypatch):
    sent = []
    monkeypatch.setattr(
        "vendors.billing.disputing.send_staff_mail",
        lambda template, *, address, context: sent.append((template, address, context)),
    )
    return sent


def test_a_charge_is_disputed_on_its_page_and_colleagues_are_told(tenant, charged, mails, staff_client):
    colleague = make_member(tenant, Role.BILLING_MANAGER)
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(f"/o/{tenant.slug}/usage/{charged.public_id}/").content.decode()
    assert "Why was this billed?" in page and f"/disputes/{charged.public_id}/open" in page
    path = address(tenant, f"{charged.public_id}/open")
    assert "taken back whole" in client.get(path).content.decode()
    assert "Say in a sentence" in client.post(path, {"reason": "  "}).content.decode()
    assert client.post(path, {"reason": "The capture never\nended."}).status_code == 302
    assert "The capture never ended." in client.get(address(tenant, f"{charged.public_id}/")).content.decode()
    listed = client.get(address(tenant)).content.decode()
    assert "Waiting for an answer" in listed and charged.case_reference in listed
    assert colleague.user.email in {address for _template, address, _context in mails}
    page = client.get(f"/o/{tenant.slug}/usage/{charged.public_id}/").content.decode()
    assert "Waiting for an answer" in page and "/open" not in page.partition("<main")[2]
    with tenant_scope(tenant.id):
        (told,) = AuditEvent.objects.filter(name="usage:dispute:open")
        assert "capture" not in str(told.data)


def test_what_is_not_charged_by_us_cannot_be_disputed(tenant, staff_client):
    with tenant_scope(tenant.id):
        free = record(idempotency_key="a", outcome=Outcome.RETAKE)
        theirs = record(
            idempotency_key="b", meter="decision", vendor="house", connection_kind="own_contract", step=""
        )
        back = record(idempotency_key="c")
        take_back(back, actor=SYSTEM)
        for entry in (free, theirs, back):
            with pytest.raises(Invalid):
                dispute_entry(entry, reason="Why?", actor=SYSTEM)
    client = staff_client(Role.OWNER)
    page = client.get(f"/o/{tenant.slug}/usage/{free.public_id}/").content.decode()
    assert "Why did this cost nothing?" in page and "/disputes/" not in page.partition("<main")[2]
    answer = client.post(address(tenant, f"{free.public_id}/open"), {"reason": "Why?"})
    assert "so there is nothing to dispute" in answer.content.decode()
    assert "This charge was taken back already." in (
        client.post(address(tenant, f"{back.public_id}/open"), {"reason": "Why?"}).content.decode()
    )


def test_accepted_within_its_period_it_is_off_the_invoice(tenant, charged, mails, staff_client):
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)
        assert look(tenant, "2026-01")["totals"] == {"EUR": "4.00"}
        settle_dispute(charged.id, accepted=True, answer="You are right.", actor=SYSTEM)
    assert look(tenant, "2026-01")["totals"] == {"EUR": "2.00"}
    make_member(tenant, Role.OWNER)
    page = staff_client(Role.AUDITOR).get(address(tenant, f"{charged.public_id}/")).content.decode()
    assert "You are right." in page and "The charge is taken back." in page


def test_accepted_after_closing_it_is_a_credit_note_with_the_next_invoice(tenant, charged):
    close(tenant, "2026-01")
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)
        settle_dispute(charged.id, accepted=True, answer="Yes.", actor=SYSTEM)
    assert amounts(look(tenant, "2026-01")) == [("usage", 2, "4.00")]
    _invoice, note = close(tenant, "2026-02")
    assert (note.kind, note.period, note.total_minor) == ("credit_note", "2026-01", -200)


def test_declined_the_charge_stays_and_the_answer_is_read(tenant, charged, mails, staff_client):
    make_member(tenant, Role.OWNER)
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)
    code, out, _err = run("settle_dispute", "--tenant", tenant.slug, "--json")
    (listed,) = json.loads(out)["disputes"]
    assert code == 0 and (listed["entry"], listed["reason"]) == (charged.public_id, "Twice")
    verdict = ("settle_dispute", "--tenant", tenant.slug, "--entry", charged.public_id, "--decline")
    assert run(*verdict)[0] == 1  # an answer is missing
    assert run(*verdict, "--answer", "Two faces, two checks.")[0] == 0
    assert run(*verdict, "--answer", "Again")[0] == 0  # quiet
    accept = (*verdict[:-1], "--accept", "--answer", "No, yes")
    code, _out, err = run(*accept)
    assert code == 1 and "settled the other way" in err
    assert look(tenant, "2026-01")["totals"] == {"EUR": "4.00"}
    template, _address, context = mails[-1]
    assert template == "staff_dispute_answered" and context["answer"] == "Two faces, two checks."
    page = staff_client(Role.OWNER).get(f"/o/{tenant.slug}/usage/{charged.public_id}/").content.decode()
    assert "Declined" in page and "Two faces, two checks." in page and "The charge stays." in page


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tenant", "there-is-none"),
        ("--tenant", "{slug}", "--accept"),
        ("--tenant", "{slug}", "--entry", "{entry}"),
        ("--tenant", "{slug}", "--entry", "nonsense", "--accept"),
        ("--tenant", "{slug}", "--entry", "{entry}", "--accept", "--answer", "Nobody asked"),
    ],
)
def test_the_operators_command_refuses_what_it_cannot_do(tenant, charged, arguments):
    given = [text.format(slug=tenant.slug, entry=charged.public_id) for text in arguments]
    code, _out, err = run("settle_dispute", *given)
    assert code == 1 and err
    assert look(tenant, "2026-01")["totals"] == {"EUR": "4.00"}


def test_no_page_answers_a_dispute_and_the_reason_cannot_be_changed(tenant, charged):
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)
    with pytest.raises(Exception, match="permission denied"), tenant_scope(tenant.id):
        Dispute.objects.update(reason="Thrice")


def test_another_tenant_finds_no_charge_to_dispute(tenant, other_tenant, charged, staff_client):
    stranger = staff_client(Role.OWNER, other_tenant)
    for path in (f"{charged.public_id}/", f"{charged.public_id}/open", "nonsense/"):
        assert stranger.get(address(other_tenant, path)).status_code == 404
        assert stranger.get(address(tenant, path)).status_code == 404
    code, _out, _err = run(
        *("settle_dispute", "--tenant", other_tenant.slug, "--entry", charged.public_id),
        *("--accept", "--answer", "x"),
    )
    assert code == 1


# ------------------------------------------------------------------ at once


def at_once(tenant, *jobs):
    """Each in a connection and a transaction of its own; what each gave or raised."""

    def work(job):
        try:
            with tenant_scope(tenant.id):
                return job()
        except Invalid as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))


def test_of_two_colleagues_at_once_one_disputes_and_the_other_reads_it(tenant, charged):
    jobs = [lambda n=n: dispute_entry(charged, reason=f"Reason {n}", actor=SYSTEM).reason for n in range(4)]
    assert len(set(at_once(tenant, *jobs))) == 1
    with tenant_scope(tenant.id):
        assert Dispute.objects.count() == 1
        assert AuditEvent.objects.filter(name="usage:dispute:open").count() == 1


def test_two_verdicts_at_once_are_one_and_nothing_is_taken_back_twice(tenant, charged):
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)

    def settle(accepted):
        return lambda: settle_dispute(charged.id, accepted=accepted, answer="x", actor=SYSTEM).state

    told = at_once(tenant, settle(True), settle(False), settle(True), settle(False))
    with tenant_scope(tenant.id):
        state = Dispute.objects.get().state
        backs = UsageEntry.objects.filter(kind=EntryKind.REVERSAL).count()
        assert AuditEvent.objects.filter(name="usage:dispute:settle").count() == 1
    assert sorted(told) == sorted([state, state, "dispute_settled", "dispute_settled"])
    assert backs == (1 if state == "accepted" else 0)


def test_a_charge_that_is_taken_back_while_its_period_closes_is_off_or_noted_once(tenant, charged):
    with tenant_scope(tenant.id):
        dispute_entry(charged, reason="Twice", actor=SYSTEM)

    def settle():
        return settle_dispute(charged.id, accepted=True, answer="Yes", actor=SYSTEM).state

    def closing():
        return close(tenant, "2026-01")[0].total_minor

    with ThreadPoolExecutor(2) as pool:
        state, total = pool.submit(lambda: at_once(tenant, settle)[0]), pool.submit(_alone, closing)
        assert state.result() == "accepted"
        invoiced = total.result()
    documents = close(tenant, "2026-02")
    noted = sum(document.total_minor for document in documents if document.kind == "credit_note")
    assert invoiced + noted == 200
    assert connection.in_atomic_block is False


def _alone(job):
    try:
        return job()
    finally:
        connections.close_all()
