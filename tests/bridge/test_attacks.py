"""Whoever wants in by the bridge: another client, another browser, a code twice, an address nearly right."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connections

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tests.bridge.conftest import BACK, MEANT, OKTA, Asking, claims_of, given_for, make_bridge
from tests.conftest import client_of
from tests.recovery.racing import race
from vendors.billing.budgeting import BudgetPlan, change_budget, current_window, open_budget
from vendors.billing.services import enter_contract_price
from vendors.bridge import registering
from vendors.bridge.models import BridgeRun
from vendors.bridge.partners import way_of
from vendors.bridge.pushing import push_request
from vendors.bridge.running import begin_run, open_request
from vendors.models import ProofingAttempt

ADDRESSES = [
    BACK + "/",
    BACK + "?x=1",
    BACK + "#x",
    BACK.upper(),
    BACK.replace("callback", "Callback"),
    BACK.replace("callback", "%63allback"),
    BACK.replace("https://", "http://"),
    BACK.replace("okta.example", "okta.example:443"),
    BACK.replace("okta.example", "okta.example.evil.example"),
    BACK.replace("https://", "https://evil@"),
    BACK + "/../x",
    BACK + " ",
    "\t" + BACK,
    "//org.okta.example/idp/identity-verification/callback",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_registered_to_the_letter_is_refused(shared, address):
    assert shared.refuses(redirect_uri=address) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"nonce": None},
        {"state": None},
        {"state": "sämtlich"},
        {"state": "x" * 2_049},
        {"response_mode": "fragment"},
        {"request": "eyJhbGciOiJub25lIn0.e30."},
        {"request_uri": "https://evil.example/request"},
        {"claims": None},
        {"claims": "{"},
        {"claims": "[" * 5_000},
        {"claims": '{"id_token":' * 40 + "1" + "}" * 40},
        {"claims": '{"id_token": {}, "id_token": {}}'},
        {"claims": json.dumps({"userinfo": {"verified_claims": OKTA}})},
        {"claims": claims_of([])},
        {"claims": claims_of([OKTA] * 6)},
        {"claims": claims_of({**OKTA, "verification": {"trust_framework": {"value": "eidas"}}})},
        {"claims": claims_of({**OKTA, "verification": {"assurance_level": {"value": "high"}}})},
        {"claims": claims_of({**OKTA, "claims": {}})},
        {"claims": claims_of({**OKTA, "claims": {"given_name": None, "family_name": None}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "email": {"value": "a@b.example"}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "email": {"fuzzy": "a@b.example"}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "address": {"locality": {"value": "Ely"}}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "nationalities": {"essential": True}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "birthdate": {"value": "0000-02-30"}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "given_name": {"values": ["Ada", "Eva"]}}})},
        {"claims": claims_of({**OKTA, "claims": {**MEANT, "given_name": {"value": "\x1b[2J"}}})},
    ],
)
def test_what_cannot_be_answered_as_it_was_asked_is_refused(shared, changes):
    assert shared.refuses(**changes) == (400, "invalid_request")


def test_other_words_of_the_protocol_are_refused_by_their_own_names(bridge):
    assert bridge.refuses(response_type="code id_token") == (400, "unsupported_response_type")
    assert bridge.refuses(scope="profile") == (400, "invalid_scope")
    assert bridge.refuses(prompt="none") == (400, "login_required")
    for changes in ({"prompt": "login none"}, {"max_age": "-1"}, {"max_age": "1e3"}, {"max_age": "9" * 11}):
        assert bridge.refuses(**changes) == (400, "invalid_request"), changes
    assert (
        bridge.post("token", {"grant_type": "client_credentials"}).json()["error"] == "unsupported_grant_type"
    )
    answer = bridge.post("par", {**Asking().form(), "x": "y" * 40_000})
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")
    twice = bridge.http.post(
        "/bridge/par", "state=a&state=b", "application/x-www-form-urlencoded", headers={"Authorization": "x"}
    )
    assert twice.json()["error"] == "invalid_request"
    for length in ("x", "-1", "9" * 5000):
        odd = bridge.http.post(
            "/bridge/par", "a=b", "application/x-www-form-urlencoded", CONTENT_LENGTH=length
        )
        assert odd.status_code in (400, 413) and odd.json()["error"] == "invalid_request", length
    assert bridge.http.post("/bridge/par?client_id=x", {}).status_code == 400
    assert bridge.http.get("/bridge/par").status_code == 405


def test_the_json_that_oktas_guide_shows_is_taken_as_well(bridge):
    body = {**Asking().form(), "client_id": bridge.client.public_id, "client_secret": bridge.secret}
    body["claims"] = json.loads(body["claims"])
    answer = bridge.http.post("/bridge/par", json.dumps(body), "application/json")
    assert answer.status_code == 201 and answer.json()["expires_in"] == 90
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_that_does_not_prove_itself_is_told_one_thing(bridge, provider):
    other = make_bridge(provider)
    asking = Asking()
    tries = [
        {"Authorization": ""},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer x"},
    ]
    told = [bridge.post("par", asking.form(), **headers) for headers in tries]
    wrong = {"client_id": bridge.client.public_id, "client_secret": "wrong"}
    told.append(bridge.post("par", {**asking.form(), **wrong}, Authorization=""))
    told.append(bridge.post("par", {**asking.form(), **wrong, "client_secret": bridge.secret}))
    told.append(bridge.post("par", {**asking.form(), **wrong, "client_id": "bridge_0"}, Authorization=""))
    # The neighbour's client and secret, at this organisation's address.
    theirs = {"client_id": other.client.public_id, "client_secret": other.secret}
    told.append(bridge.post("par", {**asking.form(), **theirs}, Authorization=""))
    told.append(bridge.post("token", {"code": "x" * 40, **theirs}, Authorization=""))
    assert {(answer.status_code, answer.json()["error"]) for answer in told} == {(401, "invalid_client")}
    assert len({answer.content for answer in told}) == 1


def test_a_request_is_opened_once_and_by_one_browser(bridge):
    asking, browser, thief = Asking(), bridge.browser(), bridge.browser()
    request_uri = bridge.push(asking)
    assert browser.open(request_uri).url == "/bridge/consent"
    assert browser.open(request_uri).url == "/bridge/consent"
    assert thief.open(request_uri).status_code == 400
    assert thief.http.get("/bridge/consent").status_code == 400
    assert thief.agree().status_code == 400
    assert "location" not in {name.lower() for name in thief.open(request_uri).headers}


def test_a_request_of_another_client_or_organisation_or_of_yesterday_opens_nothing(bridge, provider):
    other = make_bridge(provider)
    request_uri = bridge.push(Asking())
    browser = bridge.browser()
    assert (
        browser.http.get(
            "/bridge/authorize", {"request_uri": request_uri, "client_id": "bridge_0"}
        ).status_code
        == 400
    )
    assert client_of(other.tenant).get("/bridge/authorize", {"request_uri": request_uri}).status_code == 400
    assert browser.http.get(f"/bridge/authorize?request_uri={request_uri}&request_uri=x").status_code == 400
    for nonsense in ("", "x" * 5_000, "https://evil.example", "urn:ietf:params:oauth:request_uri:"):
        assert browser.http.get("/bridge/authorize", {"request_uri": nonsense}).status_code == 400
    with tenant_scope(bridge.tenant.id):
        BridgeRun.objects.update(expires_at="2026-01-01T00:00:00Z")
    assert browser.open(request_uri).status_code == 400


def test_the_partner_sends_only_the_browser_that_began_any_further(bridge):
    browser, thief = bridge.browser(), bridge.browser()
    browser.open(bridge.push(Asking()))
    thief.open(bridge.push(Asking()))
    browser.agree()
    bridge.work()
    query = bridge.provider.visit(browser.link())
    answer = thief.http.get("/recover/return", query)
    assert answer.status_code == 200 and "does not belong to this browser" in answer.content.decode()
    assert browser.http.get("/recover/return", query).url == "/bridge/checking"


def test_a_code_works_once_however_many_come(bridge):
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.prove()
    code = browser.back()["code"]

    def exchange(_number: int) -> int:
        try:
            return int(bridge.exchange(asking, code).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as many:
        found = sorted(many.map(exchange, range(12)))
    assert found == [200] + [400] * 11
    assert bridge.events().count("partner:bridge_run:answer") == 1
    assert bridge.events().count("partner:bridge_code:again") == 11
    with tenant_scope(bridge.tenant.id):
        run = BridgeRun.objects.get()
        assert (run.asked_sealed, run.result_sealed, run.code_sealed) == (None,) * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "x" * 43},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": None},
    ],
)
def test_a_wrong_guess_uses_the_code_up(bridge, changes):
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.prove()
    code = browser.back()["code"]
    refused = bridge.exchange(asking, code, **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert bridge.exchange(asking, code).json()["error"] == "invalid_grant"


def test_another_client_of_the_same_organisation_gets_nothing_for_the_code(bridge):
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.prove()
    code = browser.back()["code"]
    with tenant_scope(bridge.tenant.id):
        other = registering.create_client(given=given_for(bridge.connection, name="Other"), actor=SYSTEM)
    answer = bridge.post(
        "token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": asking.verifier,
            "client_id": other.client.public_id,
            "client_secret": other.text,
        },
        Authorization="",
    )
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_is_old_after_a_minute(bridge):
    asking, browser = Asking(), bridge.browser()
    browser.open(bridge.push(asking))
    browser.prove()
    code = browser.back()["code"]
    assert browser.back()["code"] == code
    with tenant_scope(bridge.tenant.id):
        BridgeRun.objects.update(expires_at="2026-01-01T00:00:00Z")
    assert bridge.exchange(asking, code).json()["error"] == "invalid_grant"


def test_nobody_skips_a_page(bridge):
    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    for path in ("partner", "checking", "face", "leave"):
        assert browser.http.get(f"/bridge/{path}").url == "/bridge/consent", path
    assert browser.http.post("/bridge/face/clip", b"x", "application/octet-stream").json()["state"] == "done"
    assert "Tick the box" in browser.agree(agree="").content.decode()
    assert "not offered any more" in browser.agree(partner="partner_0").content.decode()
    assert bridge.usage() == []
    browser.agree()
    # A second press, the history, a second tab: the run is where it is.
    assert browser.agree().url == "/bridge/partner"
    assert browser.http.get("/bridge/consent").url == "/bridge/partner"
    with tenant_scope(bridge.tenant.id):
        assert ProofingAttempt.objects.count() == 1


def test_consent_needs_the_pages_own_token(bridge):
    from django.test import Client

    browser = bridge.browser()
    browser.open(bridge.push(Asking()))
    strict = Client(enforce_csrf_checks=True, headers={"Host": urlsplit(bridge_origin(bridge)).netloc})
    strict.cookies = browser.http.cookies
    for path in ("consent", "stop"):
        assert strict.post(f"/bridge/{path}", {"agree": "on"}).status_code == 403


def bridge_origin(bridge):
    from portal.kit.origins import tenant_origin

    return tenant_origin(bridge.tenant.slug)


def test_what_a_client_calls_somebody_stands_on_no_page(bridge):
    hint = "<script>alert(1)</script>\"'&" + "x" * 900
    browser = bridge.browser()
    opened = browser.open(bridge.push(Asking(), login_hint=hint))
    assert opened.status_code == 303
    body = browser.http.get("/bridge/consent").content.decode()
    assert "alert(1)" not in body and "xxxx" not in body
    assert bridge.refuses(login_hint="x" * 1_001) == (400, "invalid_request")
    with tenant_scope(bridge.tenant.id):
        assert "alert" not in str(BridgeRun.objects.values().get())


def test_one_whom_a_client_means_is_checked_a_few_times_a_day_only(bridge):
    bridge.change(daily_runs=100)
    begun = []
    for _time in range(10):
        browser = bridge.browser()
        browser.open(bridge.push(Asking()))
        begun.append(browser.agree().status_code)
    assert begun == [303] * 8 + [200] * 2


def test_a_hundred_at_once_pass_neither_the_budget_nor_the_days_cap(bridge):
    with tenant_scope(bridge.tenant.id):
        enter_contract_price(vendor="oidc", unit_price=Decimal(1), currency="EUR", actor=SYSTEM)
        plan = BudgetPlan(name="Cap", amount=Decimal(7), currency="EUR", is_hard=True)
        budget = open_budget(plan, actor=SYSTEM)
    bridge.change(daily_runs=10)
    with tenant_scope(bridge.tenant.id):
        way, waiting = way_of(bridge.connection), []
        for number in range(100):
            uri, _life = push_request(bridge.client, Asking().form(login_hint=f"person {number}"))
            opened = open_request(uri, client_id=bridge.client.public_id, state="", browser_digest=b"")
            assert isinstance(opened, tuple)
            waiting.append(opened[0].id)

    def begin(number):
        with tenant_scope(bridge.tenant.id):
            told = {"consent": "words", "flashing": False, "address": ""}
            return begin_run(bridge.tenant, waiting[number], way, **told).value

    assert race(begin, times=100) == {"yes": 7, "used_up": 93}
    with tenant_scope(bridge.tenant.id):
        window = current_window(budget)
        assert (window.spent, window.reserved, ProofingAttempt.objects.count()) == (0, 7, 7)
        change_budget(budget.id, replace(plan, amount=Decimal(1000)), actor=SYSTEM)
        waiting = list(BridgeRun.objects.filter(status="opened").values_list("id", flat=True))
    assert race(begin, times=93) == {"yes": 3, "used_up": 90}
    with tenant_scope(bridge.tenant.id):
        assert (current_window(budget).reserved, ProofingAttempt.objects.count()) == (10, 10)
