"""A provider that lies, a browser that is somebody else's, and a person who may not: every door is closed."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.entry import provider_services as services
from recovery.entry.models import Entry, ProviderSubject, SignInAttempt, SignInProvider
from recovery.entry.signing_in import provider_row
from tenants.directory.models import DirectoryPerson
from tests.conftest import client_of
from tests.entry.test_inviting import Visitor, got_a_passkey, kept_out, said_not_me, suspended
from tests.entry.walking import back, begin, enter_settings, link_on, tried
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider


@pytest.fixture
def idp():
    made = HostileProvider()
    says(made)
    yield made
    made.close()


def says(idp, **changes):
    """Ada signs in now, but for what is changed; None takes a claim away."""

    def change(claims):
        claims.update({"sub": "0001", "auth_time": int(time.time()), "acr": "high", "amr": ["pwd", "otp"]})
        claims.update(changes)
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    idp.answers.change_token = change


@pytest.fixture
def ready(place, ada, idp):
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(external_id="0001")
    enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, match="external_id")
    tried(place, idp.visit)
    return place


def attempt_of(place):
    with tenant_scope(place.tenant.id):
        return SignInAttempt.objects.filter(is_trial=False).order_by("-created_at").first()


def signs_in(place, idp):
    here = Visitor(place)
    back(here, idp.visit(begin(here)))
    return here


def test_a_trial_shows_the_claims_and_whom_they_name_and_permits_nothing(ready, idp, staff_client):
    client = staff_client("owner", ready.tenant)
    body = client.get(f"/o/{ready.tenant.slug}/people/sign-in/").content.decode()
    assert "Ada Lovelace" in body and "0001" in body
    with tenant_scope(ready.tenant.id):
        assert not Entry.objects.exists() and not ProviderSubject.objects.exists()


def test_a_sign_in_leads_to_a_first_passkey_and_is_used_up(ready, idp):
    here = signs_in(ready, idp)
    assert here.client.post("/sign-in/checking").url == "/enter/passkey"
    assert here.client.post("/sign-in/checking").url == "/sign-in"
    assert here.make().status_code == 200


LIES = {
    "token_algorithm_refused": {"algorithm": "none"},
    "token_algorithm_refused ": {"algorithm": "HS256"},
    "token_issuer_wrong": {"iss": "http://other.localhost"},
    "token_audience_wrong": {"aud": ["client-of-the-tests", "another"]},
    "token_party_wrong": {"azp": "another"},
    "token_nonce_wrong": {"nonce": "another"},
    "token_expired": {"exp": 1_000_000_000},
    "token_not_recent": {"iat": 1_000_000_000},
    "access_token_differs": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "auth_time_missing": {"auth_time": None},
    "sign_in_not_fresh": {"auth_time": 1_700_000_000},
    "claim_missing": {"sub": ["0001"]},
    "nobody": {"sub": "0002"},
}


@pytest.mark.parametrize(("problem", "lie"), LIES.items(), ids=list(LIES))
def test_what_is_not_right_to_the_letter_is_refused(ready, idp, problem, lie):
    if "algorithm" in lie:
        idp.answers.algorithm = lie["algorithm"]
    else:
        says(idp, **lie)
    here = signs_in(ready, idp)
    found = attempt_of(ready)
    expected = "token_subject_missing" if problem == "claim_missing" else problem.strip()
    assert (found.state, found.problem) == ("refused", expected)
    assert (found.sealed, found.code_sealed, found.person_id) == (None, None, None)
    assert here.client.post("/sign-in/checking").url == "/sign-in"
    assert here.client.get("/enter/passkey").status_code == 404


UNKEEPABLE = {
    "sub of zero": ({"sub": "\x00a"}, "token_subject_missing"),
    "sub of half a character": ({"sub": "0001\ud800"}, "token_subject_missing"),
    "acr of zero": ({"acr": "\x00"}, ""),
    "acr of half a character": ({"acr": "\ud800"}, ""),
    "amr of anything": ({"amr": ["\x00", "\ud800", {"a": 1}, None]}, ""),
    "name of half a character": ({"name": "\ud800", "email": "\x00"}, ""),
    "nonce of half a character": ({"nonce": "\ud800"}, "token_nonce_wrong"),
    "audience in a list in a list": ({"aud": [["client-of-the-tests"]]}, "token_audience_wrong"),
    "time of no number": ({"exp": float("nan")}, "token_unreadable"),
    "sign-in of many digits": ({"auth_time": 10**400}, "auth_time_missing"),
    "hash of a list": ({"at_hash": []}, "access_token_differs"),
}


@pytest.mark.parametrize(("lie", "problem"), UNKEEPABLE.values(), ids=list(UNKEEPABLE))
def test_what_json_can_hold_and_a_database_cannot_ends_the_attempt(ready, idp, lie, problem):
    """Otherwise its job fails again and again, and the browser waits."""
    says(idp, **lie)
    signs_in(ready, idp)
    found = attempt_of(ready)
    assert (found.state, found.problem) == ("refused" if problem else "done", problem)


def test_a_trial_shows_what_no_page_could_hold(ready, idp, staff_client):
    says(idp, name="\ud800", acr="\x00")
    tried(ready, idp.visit)
    body = staff_client("owner", ready.tenant).get(f"/o/{ready.tenant.slug}/people/sign-in/").content
    assert b"\\ud800" in body and b"\\x00" in body


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"iss": ["http://other.localhost"]}, "answer_of_another_issuer"),
        ({"iss": None}, "answer_of_another_issuer"),
        ({"iss": ["a", "b"]}, "answer_of_another_issuer"),
        ({"code": None}, "answered_code_missing"),
        ({"code": ["a", "b"]}, "answered_code_missing"),
        ({"code": ["x" * 5000]}, "answered_code_missing"),
        ({"error": ["access_denied"]}, "given_up"),
        ({"error": ["<script>"]}, "answered_unreadable"),
    ],
)
def test_an_answer_in_the_browser_that_is_not_right_is_refused(ready, idp, change, problem):
    here = Visitor(ready)
    query = {**idp.visit(begin(here)), **change}
    before = idp.calls.count("/token")
    back(here, {name: value for name, value in query.items() if value is not None})
    assert attempt_of(ready).problem == problem
    assert idp.calls.count("/token") == before


@pytest.mark.parametrize("state", [None, ["another"], ["a", "b"]])
def test_a_return_that_is_not_this_browsers_changes_nothing(ready, idp, state):
    here = Visitor(ready)
    query = {**idp.visit(begin(here)), "state": state}
    answer = here.client.get(
        "/sign-in/returned", {name: value for name, value in query.items() if value is not None}
    )
    assert answer.status_code == 400
    assert attempt_of(ready).state == "begun"


def test_a_return_twice_is_exchanged_once(ready, idp):
    here = Visitor(ready)
    query = idp.visit(begin(here))
    for _again in range(3):
        assert here.client.get("/sign-in/returned", query).status_code == 303
    before = idp.calls.count("/token")
    work(ready.tenant)
    assert idp.calls.count("/token") == before + 1
    assert attempt_of(ready).state == "done"


def test_a_sign_in_that_is_old_by_now_permits_nothing(ready, idp):
    here = signs_in(ready, idp)
    with tenant_scope(ready.tenant.id):
        SignInAttempt.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert here.client.post("/sign-in/checking").url == "/sign-in"


@pytest.mark.parametrize(
    "meanwhile", [suspended, kept_out, got_a_passkey, said_not_me], ids=lambda one: one.__name__
)
def test_whoever_may_not_is_refused_before_and_after_the_sign_in(ready, ada, idp, meanwhile):
    here = signs_in(ready, idp)
    with tenant_scope(ready.tenant.id):
        meanwhile(ready, ada)
    assert here.client.post("/sign-in/checking").url == "/sign-in"
    signs_in(ready, idp)
    assert attempt_of(ready).problem == "may_not_enter"


def test_an_identifier_that_was_given_to_somebody_else_leads_nowhere(ready, ada, idp):
    """The first sign-in ties the provider's account to the person."""
    with tenant_scope(ready.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(external_id="ada-1")
    enter_settings(ready, idp.issuer, client_id=CLIENT_ID, secret="", match="external_id", claim="employee")
    says(idp, employee="ada-1")
    tried(ready, idp.visit)
    signs_in(ready, idp)
    assert attempt_of(ready).state == "done"
    # Somebody else at the provider is given what was Ada's.
    says(idp, sub="0002", employee="ada-1")
    signs_in(ready, idp)
    assert attempt_of(ready).problem == "person_of_another_subject"
    # And Ada's own account there is given what is somebody else's.
    other = ready.person("bob", given_names="Bob")
    with tenant_scope(ready.tenant.id):
        DirectoryPerson.objects.filter(id=other.id).update(external_id="bob-1")
    says(idp, employee="bob-1")
    signs_in(ready, idp)
    assert attempt_of(ready).problem == "subject_of_another"


def test_an_identifier_written_beside_an_account_lately_leads_nowhere(ready, ada, idp):
    """Whoever may write identifiers writes their own beside a colleague who has no passkey yet."""
    for hours, came_of_it in ((1, "named_lately"), (73, "")):
        with tenant_scope(ready.tenant.id):
            DirectoryPerson.objects.filter(id=ada.id).update(
                created_at=clock.now() - timedelta(days=30),
                external_id_changed_at=clock.now() - timedelta(hours=hours),
            )
        signs_in(ready, idp)
        assert attempt_of(ready).problem == came_of_it


def test_nobody_is_made(ready, idp):
    with tenant_scope(ready.tenant.id):
        before = DirectoryPerson.objects.count()
    says(idp, sub="0003", email="new@people.example", preferred_username="new")
    signs_in(ready, idp)
    with tenant_scope(ready.tenant.id):
        assert DirectoryPerson.objects.count() == before


def test_it_is_offered_only_when_somebody_tried_it_since_it_was_changed(place, ada, idp):
    page = client_of(place.tenant)
    enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, match="user_name")
    assert "Nordlicht" not in page.get("/sign-in").content.decode()
    with tenant_scope(place.tenant.id), pytest.raises(Refused):
        services.turn(on=True, actor=SYSTEM)
    assert page.post("/sign-in/provider").url == "/sign-in"
    says(idp, preferred_username="ada")
    tried(place, idp.visit)
    assert "Nordlicht" in page.get("/sign-in").content.decode()
    enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret="", match="external_id")
    with tenant_scope(place.tenant.id):
        assert not provider_row().is_on


def test_the_link_of_a_trial_works_once_and_permits_nothing(ready, idp):
    with tenant_scope(ready.tenant.id):
        link = "/" + services.make_trial(actor=SYSTEM).split("/", 3)[3]
    here = Visitor(ready)
    here.client.post(link)
    assert Visitor(ready).client.post(link).status_code == 404
    back(here, idp.visit(link_on(here)))
    assert here.client.post("/sign-in/checking").url == "/sign-in"
    with tenant_scope(ready.tenant.id):
        assert not Entry.objects.exists()


@pytest.mark.parametrize("text", ["\x00", "\ud800", float("nan"), {"a": ["\x00"]}], ids=ascii)
@pytest.mark.parametrize("place_of", ["key", "address"])
def test_what_cannot_be_kept_of_a_provider_ends_its_test_with_a_problem(place, idp, text, place_of):
    if place_of == "key":
        idp.published.append({**idp.published[0], "kid": "odd", "note": text})
    elif isinstance(text, str):
        idp.answers.metadata["token_endpoint"] = f"{idp.issuer}/token{text}"
    enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, match="external_id")
    with tenant_scope(place.tenant.id):
        row = provider_row()
    is_told = place_of == "address" and isinstance(text, str)
    is_json = place_of == "address" or text == text  # NaN is no number of JSON
    assert row.tested_at is not None
    assert row.problem == ("token_endpoint_unusable" if is_told else "" if is_json else "answer_not_json")


def test_a_private_address_is_never_asked(place):
    enter_settings(place, "https://10.0.0.8", client_id="x", secret="y", match="email")
    with tenant_scope(place.tenant.id):
        assert provider_row().problem == "address_refused"


def test_secrets_are_sealed_and_stand_in_no_page(ready, idp, staff_client):
    client = staff_client("owner", ready.tenant)
    assert CLIENT_SECRET not in client.get(f"/o/{ready.tenant.slug}/people/sign-in/").content.decode()
    with tenant_scope(ready.tenant.id):
        assert CLIENT_SECRET.encode() not in bytes(SignInProvider.objects.get().secret_sealed)
