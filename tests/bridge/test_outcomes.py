"""How requests end: with another person, a no, no answer, no money, no client; and what is left of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.bridge.conftest import BACK, MEANT, OKTA, Asking, claims_of, make_bridge
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET
from vendors import services as partners
from vendors.bridge import keys, registering, running, tasks
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.models import Connection, ProofingAttempt


def walked(bridge, **changes):
    """(asking, browser) after the partner's part."""
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking, **changes))
    browser.prove()
    return asking, browser


def answered(bridge, asking, browser):
    answer = bridge.exchange(asking, browser.back()["code"])
    assert answer.status_code == 200, answer.content
    told = bridge.claims(answer.json()["id_token"])["verified_claims"]
    return told[0] if isinstance(told, list) else told


def meant(**claims):
    return {"claims": claims_of([{**OKTA, "claims": {**MEANT, **claims}}])}


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"given_name": {"value": "Eva"}}, "FAILED"),
        ({"family_name": {"value": "Byron", "fuzzy": True}}, "FAILED"),
        ({"birthdate": {"value": "1985-12-10"}}, "VERIFIED"),
        ({"birthdate": {"value": "1985-12-11", "fuzzy": True}}, "FAILED"),
        ({"given_name": {"fuzzy": "Ada"}}, "VERIFIED"),
    ],
)
def test_okta_is_told_whether_it_is_whom_it_means_and_nothing_else(bridge, changes, level):
    asking, browser = walked(bridge, **meant(**changes))
    told = answered(bridge, asking, browser)
    assert told["verification"]["assurance_level"] == level
    assert set(told["claims"].values()) == ({"MATCHED"} if level == "VERIFIED" else {None})


def test_a_name_may_differ_as_documents_do_only_where_the_client_says_so(bridge):
    bridge.provider.answers.claims = {
        "given_name": "JÜRGEN",
        "family_name": "Müller",
        "birthdate": "1985-12-10",
    }
    strict = {"given_name": {"value": "Juergen"}, "family_name": {"value": "Mueller"}}
    told = answered(bridge, *walked(bridge, **meant(**strict)))
    loose = {name: {**asked, "fuzzy": True} for name, asked in strict.items()}
    other = answered(bridge, *walked(bridge, **meant(**loose)))
    levels = [each["verification"]["assurance_level"] for each in (told, other)]
    assert levels[1] == "VERIFIED", levels


def test_another_client_has_the_values_it_asks_for_and_may_have(provider):
    bridge = make_bridge(provider, serves="openid", claims=["birthdate", "document"], name="Portal")
    entry = {
        "verification": {"trust_framework": None, "evidence": [{"type": {"value": "document"}}]},
        "claims": {"given_name": None, "family_name": {"essential": True}, "birthdate": None, "email": None},
    }
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking, claims=claims_of(entry)))
    page = browser.http.get("/bridge/consent").content.decode()
    assert "your date of birth" in page and "kind, number, country and expiry" in page
    browser.prove()
    told = answered(bridge, asking, browser)
    assert told["claims"] == {"given_name": "Ada", "family_name": "Lovelace", "birthdate": "1985-12-10"}
    assert told["verification"]["evidence"][0]["document_details"]["document_number"] == "P1234567"
    _asking, browser = walked(
        bridge, claims=claims_of({**entry, "claims": {**MEANT, "given_name": {"value": "Eva"}}})
    )
    assert browser.back()["error"] == "access_denied"
    assert bridge.run().why == "does_not_agree"


def test_whoever_presses_back_after_the_answer_was_fetched_reads_that_it_is_done(bridge):
    asking, browser = walked(bridge)
    answered(bridge, asking, browser)
    page = browser.http.get("/bridge/leave").content.decode()
    assert "This is done" in page and BACK not in page


def test_a_no_of_the_partner_is_told_without_a_value_and_is_charged(bridge):
    bridge.provider.answers.level, bridge.provider.answers.reasons = "FAILED", ["doc_expired"]
    told = answered(bridge, *walked(bridge))
    assert told["verification"]["assurance_level"] == "FAILED"
    assert told["claims"] == {"given_name": None, "family_name": None}
    assert bridge.usage() == [("decision", "bridged", True)]


def test_who_says_no_or_stops_is_sent_back_with_nothing(bridge):
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    assert browser.http.post("/bridge/consent", {"answer": "no"}).url == "/bridge/leave"
    back = browser.back()
    assert (back["error"], back["state"]) == ("access_denied", asking.state) and "code" not in back
    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    browser.agree()
    browser.http.post("/bridge/stop")
    assert browser.back()["error"] == "access_denied"
    bridge.work()
    with tenant_scope(bridge.tenant.id):
        assert ProofingAttempt.objects.get().outcome == "user_aborted"
    assert [billable for _meter, _step, billable in bridge.usage()] == [False]


def test_a_partners_fault_costs_nothing_and_may_be_tried_again(bridge):
    bridge.provider.answers.broken["/token"] = (400, b'{"error":"invalid_request"}')
    _asking, browser = walked(bridge)
    assert "gave no answer" in browser.http.get("/bridge/consent").content.decode()
    assert [billable for _meter, _step, billable in bridge.usage()] == [False]
    bridge.provider.answers.broken.clear()
    browser.prove()
    assert "code" in browser.back()
    for _time in range(2):
        bridge.provider.answers.broken["/token"] = (400, b'{"error":"invalid_request"}')
    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    for _time in range(3):
        browser.prove()
    assert browser.back()["error"] == "access_denied" and bridge.run().why == "tries_used_up"


@pytest.mark.parametrize("fault", ["another_nonce", "foreign_key", "sandbox", "unknown_word"])
def test_a_partner_that_lies_proves_nobody(bridge, fault):
    answers = bridge.provider.answers
    if fault == "another_nonce":
        answers.change_token = lambda claims: claims.update(nonce="another")
    elif fault == "foreign_key":
        bridge.provider.key = bridge.provider.other_key
    elif fault == "sandbox":
        answers.sandbox = True
    else:
        answers.level = "PROBABLY"
    _asking, browser = walked(bridge)
    assert browser.http.get("/bridge/leave").url == "/bridge/consent"
    assert bridge.run().result_sealed is None


def test_a_rehearsal_counts_in_evaluation_alone_and_is_marked(bridge):
    bridge.provider.answers.sandbox = True
    bridge.change(mode="evaluation")
    asking, browser = walked(bridge)
    answer = bridge.exchange(asking, browser.back()["code"])
    assert bridge.claims(answer.json()["id_token"])["readmit_demonstration"] is True


def test_a_second_different_answer_takes_back_what_was_not_fetched(bridge):
    asking, browser = walked(bridge)
    code = browser.back()["code"]
    run = bridge.run()
    with tenant_scope(bridge.tenant.id):
        from portal.kit.outbox import enqueue

        enqueue(
            "vendors.bridge_contradicted",
            tenant_id=bridge.tenant.id,
            reference=run.id,
            attempt_id=run.attempt_id,
        )
    bridge.work()
    assert bridge.exchange(asking, code).json()["error"] == "invalid_grant"
    assert (bridge.run().status, bridge.run().why) == ("ended", "partner_contradicted")


def test_a_hard_cap_stops_before_the_partner_hears_of_anybody(bridge, monkeypatch):
    monkeypatch.setattr(running.vendor_services, "reserve_proofing", lambda *_a, **_k: False)
    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    page = browser.agree().content.decode()
    assert "No further check can begin today" in page and "Agree and continue" not in page
    with tenant_scope(bridge.tenant.id):
        assert not ProofingAttempt.objects.exists() and bridge.run().tries == 0


def test_whoever_is_under_way_stops_with_a_client_that_is_removed_and_finishes_with_one_that_is_paused(
    bridge,
):
    asking, browser = walked(bridge)
    with tenant_scope(bridge.tenant.id):
        registering.pause_client(bridge.client.id, paused=True, actor=SYSTEM)
    assert bridge.refuses() == (400, "unauthorized_client")
    assert bridge.exchange(asking, browser.back()["code"]).status_code == 200
    with tenant_scope(bridge.tenant.id):
        registering.pause_client(bridge.client.id, paused=False, actor=SYSTEM)
    asking, waiting = walked(bridge)
    proving = bridge.browser()
    proving.open(bridge.push(Asking()))
    proving.agree()
    code = waiting.back()["code"]
    with tenant_scope(bridge.tenant.id):
        registering.remove_client(bridge.client.id, actor=SYSTEM)
    for browser in (waiting, proving):
        assert browser.back()["error"] == "access_denied"
    assert bridge.exchange(asking, code).json()["error"] == "invalid_client"
    assert bridge.refuses() == (401, "invalid_client")


def test_nothing_of_anybody_is_left_after_a_while(bridge):
    _asking, _browser = walked(bridge)
    abandoned, pushed = bridge.browser(), bridge.push(Asking())
    abandoned.open(bridge.push(Asking()))
    abandoned.agree()
    bridge.work()
    with tenant_scope(bridge.tenant.id):
        BridgeRun.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    tasks.let_go()
    with tenant_scope(bridge.tenant.id):
        assert sorted(BridgeRun.objects.values_list("status", flat=True)) == ["ended", "expired", "expired"]
        BridgeRun.objects.update(ended_at=clock.now() - timedelta(minutes=11))
    tasks.let_go()
    with tenant_scope(bridge.tenant.id):
        for row in BridgeRun.objects.all():
            kept = (row.asked_sealed, row.result_sealed, row.code_sealed, row.browser_digest)
            assert kept == (None,) * 4 and row.hint_digest == ""
    assert abandoned.open(pushed).status_code == 400


def test_a_worker_that_died_does_it_again_and_no_answer_is_lost(bridge, monkeypatch):
    """Killed between the partner's answer and the run's: the job stays, and is done by another."""
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.agree()
    bridge.work()
    query = bridge.provider.visit(browser.link())
    browser.http.get("/recover/return", query)
    with monkeypatch.context() as dying:
        dying.setattr(running, "answer_run", lambda *_a: (_ for _ in ()).throw(MemoryError))
        bridge.work()
    assert bridge.run().status == "proving"
    assert browser.http.get("/bridge/checking").status_code == 200
    with tenant_scope(bridge.tenant.id):
        attempt = ProofingAttempt.objects.get()
        assert attempt.taken_at is None and attempt.claims_sealed is not None
    from tenants.models import Outbox

    waiting = Outbox.objects.filter(tenant_id=bridge.tenant.id, topic="vendors.bridge_completed")
    waiting.update(available_at=clock.now(), failed_at=None)
    work(bridge.tenant)
    assert "code" in browser.back()


def test_a_face_is_looked_at_after_a_document_and_both_are_charged(provider, vision):
    bridge = make_bridge(provider, face_check=True)
    asking, browser = walked(bridge)
    assert browser.http.get("/bridge/leave").url == "/bridge/face"
    vision.confidence = 10
    assert browser.face()["state"] == "again"
    vision.confidence = 90
    assert browser.face()["state"] == "done"
    told = answered(bridge, asking, browser)
    assert told["verification"]["assurance_level"] == "VERIFIED"
    bridge.work()
    assert [(meter, step) for meter, step, _billable in bridge.usage()] == [
        ("decision", "bridged"),
        ("face_check", "bridged_face"),
        ("face_check", "bridged_face"),
    ]
    with tenant_scope(bridge.tenant.id):
        assert ProofingAttempt.objects.get().portrait_sealed is None


def test_a_face_that_never_agrees_proves_nobody(provider, vision):
    bridge = make_bridge(provider, face_check=True)
    asking, browser = walked(bridge)
    vision.confidence = 10
    states = [browser.face()["state"] for _time in range(5)]
    assert states == ["again"] * 4 + ["done"]
    assert answered(bridge, asking, browser)["verification"]["assurance_level"] == "FAILED"
    assert bridge.run().why == "face_check_failed"


def test_without_a_portrait_there_is_nothing_to_compare_a_face_with(provider, vision):
    bridge = make_bridge(provider, face_check=True)
    provider.answers.portrait = None
    asking, browser = walked(bridge)
    assert answered(bridge, asking, browser)["verification"]["assurance_level"] == "FAILED"


def test_auth0_brings_its_state_by_the_browser_and_nobody_else_may(provider, bridge):
    own = make_bridge(provider, serves="auth0", name="Auth0")
    browser = own.browser()
    browser.open(own.push(Asking(), state=None), state="of-auth0")
    browser.http.post("/bridge/consent", {"answer": "no"})
    assert browser.back()["state"] == "of-auth0"
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking), state="of-an-attacker")
    browser.http.post("/bridge/consent", {"answer": "no"})
    assert browser.back()["state"] == asking.state


def test_a_trial_shows_the_answer_once_and_gives_nobody_a_code(bridge):
    from vendors.bridge.asked import FRAMEWORK, NAMES, Asked
    from vendors.bridge.pushing import begin_trial

    asked = Asked(FRAMEWORK, True, NAMES, {"given_name": "Ada", "family_name": "Lovelace"}, NAMES)
    with tenant_scope(bridge.tenant.id):
        client = BridgeClient.objects.get(id=bridge.client.id)
        browser = bridge.browser()
        request_uri = begin_trial(client, asked)
    browser.http.get("/bridge/authorize", {"request_uri": request_uri})
    assert "trial run" in browser.http.get("/bridge/consent").content.decode()
    browser.prove()
    page = browser.http.get("/bridge/leave").content.decode()
    assert "VERIFIED" in page and 'href="https' not in page
    assert "VERIFIED" not in browser.http.get("/bridge/leave").content.decode()


def test_secrets_overlap_and_a_former_one_can_be_ended(bridge):
    first = bridge.secret
    with tenant_scope(bridge.tenant.id):
        second = registering.replace_secret(bridge.client.id, actor=SYSTEM).text
    for secret in (first, second):
        bridge.secret = secret
        bridge.push(Asking())
    with tenant_scope(bridge.tenant.id):
        third = registering.replace_secret(bridge.client.id, actor=SYSTEM).text
    bridge.secret = first
    assert bridge.refuses() == (401, "invalid_client")
    with tenant_scope(bridge.tenant.id):
        former = registering.secrets_of(bridge.client)[1]
        registering.end_secret(bridge.client.id, former.id, actor=SYSTEM)
    bridge.secret = second
    assert bridge.refuses() == (401, "invalid_client")
    bridge.secret = third
    bridge.push(Asking())


def test_a_new_signing_key_is_published_before_it_signs(bridge, monkeypatch):
    asking, browser = walked(bridge)
    with tenant_scope(bridge.tenant.id):
        before = keys.published_keys()
        keys.replace_key(leaked=False, actor=SYSTEM)
        both = keys.published_keys()
    assert len(both) == 2 and before[0] in both
    answered(bridge, asking, browser)
    with tenant_scope(bridge.tenant.id):
        keys.replace_key(leaked=True, actor=SYSTEM)
        (only,) = keys.published_keys()
    assert only not in both
    answered(bridge, *walked(bridge))


def test_production_needs_a_partner_that_may_be_used_there(provider):
    bridge = make_bridge(provider)
    with tenant_scope(bridge.tenant.id):
        registering.set_mode(bridge.client.id, BridgeClient.Mode.EVALUATION, actor=SYSTEM)
        Connection.objects.update(paused_at=clock.now())
        with pytest.raises(Refused):
            registering.set_mode(bridge.client.id, BridgeClient.Mode.PRODUCTION, actor=SYSTEM)


def test_which_partner_is_offered_first_is_said_in_the_form(bridge, provider, staff_client):
    with tenant_scope(bridge.tenant.id):
        other = partners.bring_own_partner(
            "oidc-north",
            config={"issuer": provider.issuer, "client_id": CLIENT_ID},
            secrets={"client_secret": CLIENT_SECRET},
            actor=SYSTEM,
        )
    one, two = str(bridge.connection.id), str(other.id)
    client = staff_client(Role.ADMINISTRATOR, bridge.tenant)
    address = f"/o/{bridge.tenant.slug}/partners/bridge/{bridge.client.public_id}/edit"

    def save(ticked, first):
        page = client.get(address).content.decode()
        assert "is not fetched" not in page  # it proves itself by a secret
        seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
        typed = {"name": "Okta", "serves": "okta", "redirect_uris": BACK, "daily_runs": 200}
        answer = client.post(address, {**typed, "partners": ticked, "first": first, "seen": seen[1]})
        with tenant_scope(bridge.tenant.id):
            return answer.status_code, BridgeClient.objects.get(id=bridge.client.id).partners

    assert save([one, two], "") == (302, [one, two])
    assert save([one, two], two) == (302, [two, one])
    # Saved again, it stays; what is offered first has to be offered.
    assert save([one, two], "") == (302, [two, one])
    bridge.work()
    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    page = browser.http.get("/bridge/consent").content.decode()
    # All of it is read before one agrees: nothing is folded away.
    assert "North or Your own OpenID Provider looks at your document" in page and "<details" not in page
    assert save([one], two) == (200, [two, one])
