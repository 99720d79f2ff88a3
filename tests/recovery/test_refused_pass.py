"""The pass and the passkey: one use, one browser, ten minutes, user verification, this tenant's own host."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from recovery import finishing
from recovery.access_pass.models import AccessPass
from recovery.models import Case
from recovery.passkeys import services
from recovery.passkeys.models import Passkey, PersonSession
from recovery.stages import Stage
from tests.recovery.authenticator import Authenticator, b64
from tests.recovery.journey import Journey


def row(browser: Journey) -> AccessPass:
    case = browser.case
    with tenant_scope(browser.place.tenant.id):
        return AccessPass.objects.get(case_id=case.id)


def redeem(browser: Journey, characters: str) -> None:
    finishing.use_typed_pass(
        browser.place.tenant, characters, browser_digest=browser.browser_digest, address="192.0.2.1"
    )


def characters_of(browser: Journey) -> str:
    return str(browser.post("/recover/pass/show").context["shown"].characters)


@pytest.fixture
def granted(browser: Journey) -> Journey:
    return browser.to_pass()


def test_a_used_pass_is_refused(granted: Journey):
    granted.use_pass()
    assert granted.stage is Stage.PASSKEY
    first = row(granted).redeemed_at
    with pytest.raises(Refused, match="pass_refused"):
        finishing.use_pass_here(granted.place.tenant, granted.case.id, browser_digest=granted.browser_digest)
    assert granted.use_pass().stage is Stage.PASSKEY
    assert row(granted).redeemed_at == first
    assert granted.events().count("pass:pass:redeem") == 1


def test_the_characters_work_once_and_only_in_this_browser(granted: Journey):
    characters = characters_of(granted)
    elsewhere = granted.place.browser().who("ada")
    with pytest.raises(Refused, match="pass_refused"):
        redeem(elsewhere, characters)
    redeem(granted, characters.lower().replace("-", " "))
    with pytest.raises(Refused, match="pass_refused"):
        redeem(granted, characters)
    granted.work()
    assert granted.stage is Stage.PASSKEY


def test_characters_shown_anew_replace_the_old_and_keep_the_tries(granted: Journey):
    old = characters_of(granted)
    for _number in range(3):
        with pytest.raises(Refused, match="pass_refused"):
            redeem(granted, "0000-0000-0000")
    fresh = characters_of(granted)
    assert row(granted).tries == 3
    with pytest.raises(Refused, match="pass_refused"):
        redeem(granted, old)
    redeem(granted, fresh)


def test_after_five_wrong_guesses_the_right_characters_are_refused(granted: Journey):
    characters = characters_of(granted)
    for _number in range(5):
        with pytest.raises(Refused, match="pass_refused"):
            redeem(granted, "0000-0000-0000")
    with pytest.raises(Refused, match="pass_refused"):
        redeem(granted, characters)
    assert row(granted).tries == 5
    assert "Your pass is over" in granted.get("/recover/pass").content.decode()
    granted.post("/recover/pass/use")
    assert row(granted).redeemed_at is None
    reasons = [event.data["reason"] for event in granted.audit() if event.name == "pass:pass:refuse"]
    assert reasons == ["wrong"] * 5 + ["tries_used_up"] * 2


def test_an_expired_pass_is_refused_and_the_case_ends(granted: Journey):
    characters = characters_of(granted)
    assert "Use it now" in granted.get("/recover/pass").content.decode()
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        page = granted.get("/recover/pass").content.decode()
        assert "Your pass is over" in page and "Start again" in page and "Use it now" not in page
        with pytest.raises(Refused, match="pass_refused"):
            redeem(granted, characters)
        for press in ("use", "show"):
            assert granted.post(f"/recover/pass/{press}").url == "/recover/pass", "the page that says so"
    assert row(granted).redeemed_at is None


def test_a_pass_is_worth_nothing_once_its_case_was_canceled(granted: Journey):
    characters = characters_of(granted)
    granted.post("/recover/cancel")
    assert granted.post("/recover/pass/use").url == "/recover/ended"
    granted.work()
    with pytest.raises(Refused, match="pass_refused"):
        redeem(granted, characters)
    assert row(granted).revoked_reason == "canceled"
    assert granted.credential() == "revoked" and granted.stage is Stage.ENDED


@pytest.fixture
def registering(granted: Journey) -> Journey:
    return granted.use_pass()


def assert_not_registered(browser: Journey, ada, answer, error: str = "registration_invalid") -> None:
    assert (answer.status_code, answer.json()["error"]) == (403, error)
    browser.work()
    assert browser.case.status == "granted"
    assert browser.usable_passkeys(ada) == 0
    assert "account_recovered" not in browser.notices()


BAD = {
    "no user verification": lambda a, options: setattr(a, "user_verification", False) or a.create(options),
    "another origin": lambda a, options: (
        setattr(a, "origin", "http://evil.localhost:8000") or a.create(options)
    ),
    "a sibling port": lambda a, options: setattr(a, "origin", a.origin + "1") or a.create(options),
    "another rp": lambda a, options: a.create(options, rp_id="localhost"),
    "a foreign challenge": lambda a, options: a.create(options, challenge=b64(bytes(32))),
    "framed": lambda a, options: a.create(options, crossOrigin=True),
    "an assertion": lambda a, options: a.create(options, type="webauthn.get"),
    "nothing": lambda a, options: {},
    "a response of nothing": lambda a, options: {**a.create(options), "response": {}},
    "a response that is a list": lambda a, options: {**a.create(options), "response": []},
    "garbage": lambda a, options: {
        **a.create(options),
        "response": {"clientDataJSON": "AA", "attestationObject": "AA"},
    },
    "transports of nonsense": lambda a, options: {**a.create(options), "id": 7, "rawId": None},
}


@pytest.mark.parametrize("how", ["a list", "a word"])
def test_a_body_that_is_no_object_is_refused(registering: Journey, ada, how: str):
    registering.options()
    answer = registering.register([] if how == "a list" else "x")
    assert_not_registered(registering, ada, answer, "not_json")


def test_a_passkey_that_is_not_exactly_right_is_refused_and_its_challenge_is_spent(registering: Journey, ada):
    for name, make in BAD.items():
        made = make(Authenticator(registering.origin), registering.options())
        assert_not_registered(registering, ada, registering.register(made)), name
    options = registering.options()
    bad = Authenticator(registering.origin).create(options, challenge=b64(bytes(32)))
    registering.register(bad)
    good = Authenticator(registering.origin).create(options)
    assert_not_registered(registering, ada, registering.register(good), "ceremony_over")


def test_a_passkey_of_another_browser_is_refused(registering: Journey, ada):
    made = Authenticator(registering.origin).create(registering.options())
    elsewhere = registering.place.browser().who("ada")
    answer = elsewhere.register(made)
    assert (answer.status_code, answer.json()["error"]) == (403, "registration_over")
    assert registering.usable_passkeys(ada) == 0


def test_a_passkey_that_is_registered_already_is_refused(registering: Journey, ada):
    authenticator = Authenticator(registering.origin)
    with tenant_scope(registering.place.tenant.id):
        Passkey.objects.create(
            person_id=ada.id,
            credential_id=b64(authenticator.credential_id),
            public_key=b"k",
            frozen_at=clock.now(),
        )
    answer = registering.register(authenticator.create(registering.options()))
    assert_not_registered(registering, ada, answer, "passkey_exists")


def test_after_ten_minutes_no_passkey_is_registered_and_the_case_ends(registering: Journey, ada):
    made = Authenticator(registering.origin).create(registering.options())
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        assert_not_registered(registering, ada, registering.register(made), "registration_over")
        assert registering.post("/recover/passkey/options").status_code == 403


def test_a_passkey_is_not_registered_without_using_the_pass(granted: Journey, ada):
    answer = granted.post("/recover/passkey/options")
    assert (answer.status_code, answer.json()["error"]) == (403, "registration_over")


@pytest.mark.parametrize("end", ["cancel", "not_me", "expire"])
def test_a_passkey_whose_case_ends_before_it_is_sent_is_not_kept(registering: Journey, ada, end: str):
    """Make it, then end the case: no silent way in that leaves the old passkeys and tells nobody."""
    old, _session = registering.place.old_passkey(ada)
    authenticator = Authenticator(registering.origin)
    made = authenticator.create(registering.options())
    if end == "cancel":
        registering.post("/recover/cancel")
    elif end == "not_me":
        registering.post(registering.links_mailed()[-1])
    else:
        from recovery.expiring import expire_cases_of

        with tenant_scope(registering.place.tenant.id):
            Case.objects.filter(id=registering.case.id).update(expires_at=clock.now() - timedelta(1))
            expire_cases_of(registering.place.tenant)
    answer = registering.register(made)
    assert (answer.status_code, answer.json()["error"]) == (403, "registration_over")
    registering.work()
    assert registering.sign_in(authenticator).status_code == 403
    assert registering.bound_to() is None and registering.held(ada) == []
    with tenant_scope(registering.place.tenant.id):
        kept = Passkey.objects.get(id=old)
        assert kept.invalidated_at is None and (kept.frozen_at is None) is (end != "not_me")
        assert not Passkey.objects.filter(credential_id=b64(authenticator.credential_id)).exists()


def test_passkey_and_recovery_are_one_change_that_needs_no_worker(registering: Journey, ada):
    """There is no moment in which old and new passkeys open the account, and none in which neither does."""
    old, session = registering.place.old_passkey(ada)
    authenticator = Authenticator(registering.origin)
    assert registering.register(authenticator.create(registering.options())).json() == {
        "next": "/recover/done"
    }
    assert (registering.case.status, registering.stage) == ("recovered", Stage.DONE)
    assert registering.usable_passkeys(ada) == 1 and registering.bound_to() == ada.id
    with tenant_scope(registering.place.tenant.id):
        assert Passkey.objects.get(id=old).invalidated_reason == "recovered"
        assert PersonSession.objects.get(id=session).ended_at is not None
    assert registering.sign_in(authenticator).status_code == 200
    registering.work()
    assert registering.notices().count("account_recovered") == 2


def test_a_failure_while_completing_keeps_nothing_at_all(registering: Journey, ada, monkeypatch):
    from recovery import completion

    old, _session = registering.place.old_passkey(ada)
    authenticator = Authenticator(registering.origin)
    made = authenticator.create(registering.options())
    with monkeypatch.context() as broken, pytest.raises(OSError, match="the process dies here"):
        broken.setattr(
            completion, "_tell", lambda *_args: (_ for _ in ()).throw(OSError("the process dies here"))
        )
        registering.register(made)
    assert registering.case.status == "granted" and registering.stage is Stage.PASSKEY
    assert registering.sign_in(authenticator).status_code == 403
    with tenant_scope(registering.place.tenant.id):
        assert Passkey.objects.get(id=old).invalidated_at is None
    registering.passkey()
    assert registering.case.status == "recovered" and registering.usable_passkeys(ada) == 1


def test_a_case_that_tries_passkeys_without_end_is_refused_before_anything_is_written(
    registering: Journey, monkeypatch
):
    monkeypatch.setattr(services, "REGISTRATIONS", Limit("passkey_registrations_of_permission", 3, 600))
    statuses = [registering.register({}).status_code for _number in range(6)]
    assert statuses == [403, 403, 403, 429, 429, 429]
    assert registering.events().count("passkey:passkey:refuse") == 3
    monkeypatch.setattr(services, "REGISTRATIONS", Limit("passkey_registrations_of_permission", 30, 600))
    registering.passkey()
    assert registering.case.status == "recovered"


def test_a_lost_answer_to_the_passkey_leads_on_and_makes_no_second_one(registering: Journey, ada):
    authenticator = Authenticator(registering.origin)
    made = authenticator.create(registering.options())
    assert registering.register(made).status_code == 200
    assert registering.register(made).json() == {"next": "/recover/done"}
    again = registering.post("/recover/passkey/options")
    assert (again.status_code, again.json()["next"]) == (403, "/recover/done")
    assert registering.usable_passkeys(ada) == 1


def test_of_two_passkeys_registered_at_once_one_is_kept(registering: Journey, ada):
    first, second = Authenticator(registering.origin), Authenticator(registering.origin)
    one, other = first.create(registering.options()), second.create(registering.options())
    answers = [registering.register(made).status_code for made in (other, one)]
    assert answers[0] == 200
    registering.work()
    assert registering.case.status == "recovered"
    assert registering.usable_passkeys(ada) == 1
    assert [registering.sign_in(key).status_code for key in (second, first)] == [200, 403]
    assert registering.notices().count("account_recovered") == 2


def test_a_sign_in_without_user_verification_or_at_another_origin_is_refused(registering: Journey, ada):
    key = registering.passkey()
    key.user_verification = False
    assert registering.sign_in(key).status_code == 403
    key.user_verification = True
    key.origin = "http://evil.localhost:8000"
    assert registering.sign_in(key).status_code == 403


def test_codes_saved_before_the_loss_open_nothing_after_the_recovery(registering: Journey, ada):
    from recovery.passkeys.saved_codes import make_saved_codes

    with tenant_scope(registering.place.tenant.id):
        codes = make_saved_codes(ada.id, actor=SYSTEM)
    registering.passkey()
    again = registering.place.browser().who("ada")
    again.post("/recover/code/saved", {"code": codes[0]})
    assert again.stage is Stage.CODE and again.case.code_tries == 1
