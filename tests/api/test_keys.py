"""Keys: who gets one, what it opens, and everything it does not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from portal.api.keys import PATTERN, new_key, read_key
from portal.api.limiting import OF_KEY, OF_NETWORK, REFUSED
from portal.api.models import ApiKey
from portal.api.services import MOST_KEYS, make_key, revoke_key
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, NotAllowed
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.membership import change_role, remove_member
from tenants.models import Tenant
from tenants.rights import RIGHTS, Role, rights_of
from tests.api.world import Script, key_of, problem, script_of
from tests.conftest import make_member, site_client


def address(tenant, path=""):
    return f"/o/{tenant.slug}/api/{path}"


def test_a_key_can_be_told_from_other_words():
    key = new_key()
    assert PATTERN.fullmatch(key.text) and read_key(key.text) == key and len(key.text) == 55
    for place in (4, 20, 54):
        other = "2" if key.text[place] != "2" else "3"
        assert read_key(key.text[:place] + other + key.text[place + 1 :]) is None
    for changed in (key.text.upper(), key.text[:-1], key.text + "0", "", "rdm_"):
        assert read_key(changed) is None


def test_an_administrator_makes_a_key_that_is_shown_once(tenant, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    form = client.get(address(tenant, "new")).content.decode()
    assert "usage:read" in form and "budgets:write" not in form
    sent = {"label": "Nightly report", "scopes": ["usage:read"], "days": "30"}
    made = client.post(address(tenant, "new"), sent)
    (written,) = set(PATTERN.findall(made.content.decode()))
    assert made["Cache-Control"] == "no-store"
    page = client.get(address(tenant)).content.decode()
    assert "Nightly report" in page and written[4:16] in page and written not in page
    with tenant_scope(tenant.id):
        row = ApiKey.objects.get()
        assert written.encode() not in bytes(row.secret_digest) and len(bytes(row.secret_digest)) == 32
        (event,) = AuditEvent.objects.filter(name="organisation:api_key:create")
        assert event.subject == row.public_id and written not in str(event.data)
    assert Script(written).get("/usage").status_code == 200


def test_nobody_gives_a_key_more_than_they_may_do(tenant, staff_client):
    administrator = make_member(tenant, Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        key_of(tenant, "budgets:write", maker=administrator)
    sent = {"label": "x", "scopes": ["budgets:write"], "days": "30"}
    answer = staff_client(Role.ADMINISTRATOR).post(address(tenant, "new"), sent)
    assert answer.status_code == 200 and not PATTERN.search(answer.content.decode())


@pytest.mark.parametrize(
    "wrong", [{"label": " "}, {"scopes": []}, {"scopes": ["cases:read"]}, {"days": 3650}, {"days": 0}]
)
def test_a_key_needs_a_name_a_scope_and_an_end(tenant, wrong):
    values = {"label": "x", "scopes": ["usage:read"], "days": 30, **wrong}
    with tenant_scope(tenant.id), pytest.raises(Invalid):
        make_key(
            tenant=tenant, **values, made_by=make_member(tenant).id, rights=RIGHTS[Role.OWNER], actor=SYSTEM
        )


def test_keys_are_counted(tenant):
    maker = make_member(tenant)
    for _number in range(MOST_KEYS):
        key_of(tenant, maker=maker)
    with pytest.raises(Invalid):
        key_of(tenant, maker=maker)


def test_a_revoked_key_opens_nothing_from_the_next_request_on(tenant, staff_client):
    made = key_of(tenant)
    script, client = Script(made.written.text), staff_client(Role.ADMINISTRATOR)
    assert script.get("/usage").status_code == 200
    path = address(tenant, f"{made.row.public_id}/revoke")
    assert client.post(path, {"word": "no"}).status_code == 200
    assert script.get("/usage").status_code == 200
    assert client.post(path, {"word": "revoke"}).status_code == 302
    body = script.get("/usage")
    problem(body, 401, "invalid_token")
    assert 'error="invalid_token"' in body["WWW-Authenticate"]
    assert client.get(path).status_code == 404
    with tenant_scope(tenant.id):
        revoke_key(made.row.id, actor=SYSTEM)  # quiet
        assert AuditEvent.objects.filter(name="organisation:api_key:revoke").count() == 1


def test_a_key_stops_at_its_end(tenant):
    made = key_of(tenant, days=30)
    with clock.frozen(clock.now() + timedelta(days=30, seconds=1)):
        problem(Script(made.written.text).get("/usage"), 401, "invalid_token")


def test_a_key_stops_when_its_maker_leaves_and_shrinks_with_their_role(tenant, staff_client):
    make_member(tenant, Role.OWNER)
    maker = make_member(tenant, Role.OWNER)
    script = script_of(tenant, maker=maker)
    assert script.get("/budgets").status_code == 200
    with tenant_scope(tenant.id):
        change_role(maker.id, Role.HELP_DESK, rights=rights_of(Role.OWNER), actor=SYSTEM)
    refused = script.get("/budgets")
    problem(refused, 403, "insufficient_scope")
    assert 'scope="budgets:read"' in refused["WWW-Authenticate"]
    with tenant_scope(tenant.id):
        remove_member(maker.id, rights=rights_of(Role.OWNER), actor=SYSTEM)
    problem(script.get("/budgets"), 401, "invalid_token")
    assert "Stopped: its maker left" in staff_client().get(address(tenant)).content.decode()


def test_a_key_does_what_its_scopes_say_and_no_more(tenant):
    script = script_of(tenant, "budgets:read")
    assert script.get("/budgets").status_code == 200
    problem(script.get("/usage"), 403, "insufficient_scope")
    problem(script.post("/budgets", {}), 403, "insufficient_scope")


def test_a_key_of_a_closed_organisation_opens_nothing(tenant):
    script = script_of(tenant)
    Tenant.objects.filter(id=tenant.id).update(status=Tenant.Status.CLOSED)
    problem(script.get("/usage"), 401, "invalid_token")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic cmRtOng=", "Bearer rdm_0", "Token {key}", "Bearer {key},{key}", "{key}"],
)
def test_without_a_bearer_key_nothing_opens(tenant, header):
    script = Script()
    written = key_of(tenant).written.text
    script.headers = {"Authorization": header.format(key=written)} if header else {}
    answer = script.get("/usage")
    problem(answer, 401, "invalid_token" if header else "key_missing")
    assert answer["WWW-Authenticate"].startswith('Bearer realm="Readmit API"')
    assert ("error=" in answer["WWW-Authenticate"]) == bool(header)


def test_a_key_in_the_address_or_a_cookie_is_none(tenant):
    written = key_of(tenant).written.text
    script = Script()
    problem(script.get("/usage", {"access_token": written}), 401, "key_missing")
    problem(
        script.get("/usage", Cookie=f"Authorization=Bearer {written}; readmit_staff={written}"),
        401,
        "key_missing",
    )


def test_a_browser_opens_no_api_and_a_key_opens_no_page(tenant, staff_client):
    browser = staff_client(Role.OWNER)
    problem(browser.get("/api/v1/usage"), 401, "key_missing")
    key = {"Authorization": f"Bearer {key_of(tenant).written.text}"}
    for path in (f"/o/{tenant.slug}/usage/", f"/o/{tenant.slug}/usage/csv", address(tenant)):
        assert site_client().get(path, headers=key).status_code == 302
    answer = Script(key_of(tenant).written.text).get("/usage")
    assert not answer.cookies


def test_no_other_origin_reads_an_answer(tenant):
    script = script_of(tenant)
    answer = script.get("/usage", Origin="https://evil.example")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    asked = script.send("OPTIONS", "/api/v1/usage", Origin="https://evil.example")
    problem(asked, 405, "method_not_allowed")
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


def test_over_http_no_key_is_looked_at_where_the_site_is_https(tenant, settings):
    script = script_of(tenant)
    settings.HTTPS = True
    problem(script.get("/usage"), 403, "https_required")
    assert script.client.get("/api/v1/usage", headers=script.headers, secure=True).status_code == 200


def test_a_key_that_asks_too_often_waits(tenant, monkeypatch):
    monkeypatch.setattr("portal.api.limiting.OF_KEY", type(OF_KEY)("api_key_test", 2, 3600))
    made = key_of(tenant)
    answers = [Script(made.written.text).get("/usage") for _number in range(3)]  # from three networks
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    problem(answers[2], 429, "too_many_requests")
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[0]["RateLimit-Policy"] == '"api_key_test";q=2;w=3600'
    assert re.fullmatch(r'"api_key_test";r=1;t=\d+', answers[0]["RateLimit"])
    assert Script(key_of(tenant).written.text).get("/usage").status_code == 200


def test_a_network_that_asks_too_often_waits_whatever_it_asks(tenant, monkeypatch):
    monkeypatch.setattr("portal.api.limiting.OF_NETWORK", type(OF_NETWORK)("api_network_test", 2, 3600))
    script = Script()
    assert script.get("/schema").status_code == 200
    problem(script.get("/nothing"), 404, "not_found")
    problem(script.get("/schema"), 429, "too_many_requests")
    problem(
        Script(key_of(tenant).written.text, address=script.client.defaults["REMOTE_ADDR"]).get("/usage"),
        429,
        "too_many_requests",
    )


def test_who_shows_many_dead_keys_is_not_heard_any_more(tenant, monkeypatch):
    monkeypatch.setattr("portal.api.limiting.REFUSED", type(REFUSED)("api_refused_test", 3, 3600))
    script = Script(new_key().text)
    for _number in range(3):
        problem(script.get("/usage"), 401, "invalid_token")
    problem(script.get("/usage"), 429, "too_many_requests")
    script.headers = {"Authorization": f"Bearer {key_of(tenant).written.text}"}
    problem(script.get("/usage"), 429, "too_many_requests")


def test_a_made_up_key_is_refused_before_the_database_is_asked(tenant, monkeypatch):
    monkeypatch.setattr("portal.api.authentication.tenant_of_key", lambda key: pytest.fail("asked"))
    written = new_key().text
    problem(Script(written[:-1] + ("2" if written[-1] != "2" else "3")).get("/usage"), 401, "invalid_token")


def test_the_day_of_use_is_noted_and_no_more(tenant):
    made = key_of(tenant)
    Script(made.written.text).get("/usage")
    with tenant_scope(tenant.id):
        assert ApiKey.objects.get().last_used_on == clock.now().date()


@pytest.mark.parametrize("role", [Role.BILLING_MANAGER, Role.HELP_DESK])
def test_who_may_not_see_members_sees_no_keys(tenant, staff_client, role):
    client = staff_client(role)
    assert client.get(address(tenant)).status_code == 403
    assert client.get(address(tenant, "reference")).status_code == 200
