"""One table of what must be refused on a claimant's way, and of the five facts each refusal leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.carrying import make_hand_over
from recovery.passkeys.models import Passkey
from tenants.audit.models import AuditEvent
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential
from tests.holder import path_of
from tests.recovery.authenticator import Authenticator, b64
from tests.recovery.journey import Journey, Place
from tests.recovery.refusals import CODE, FACE, PROOF, TOLD, Left, assert_left

WRONG = "0000-0000-0000"


def with_answer(reason: str) -> Callable[[Place, Journey], None]:
    """The partner's conclusive no."""

    def walk(place: Place, browser: Journey) -> None:
        place.provider.answers.level, place.provider.answers.reasons = "FAILED", [reason]
        browser.begin("ada").prove()

    return walk


def with_face(reason: str, confidence: int = 90) -> Callable[[Place, Journey], None]:
    """Five recordings that are not a live person, or not this one."""

    def walk(place: Place, browser: Journey) -> None:
        browser.to_face()
        place.vision.confidence = confidence
        place.vision.passed, place.vision.reasons = not reason, [reason] if reason else []
        for _number in range(5):
            browser.face()

    return walk


def with_document(**claims: str) -> Callable[[Place, Journey], None]:
    def walk(place: Place, browser: Journey) -> None:
        place.provider.answers.claims.update(claims)
        browser.to_face().face()

    return walk


def two_namesakes(place: Place, browser: Journey) -> None:
    place.person("ada.second")
    browser.to_face().face()


def fabricated(place: Place, browser: Journey) -> None:
    """The maker knows an address, but only since today."""
    place.person("victim", emails=["maker@evil.example"], held=timedelta(hours=1))
    browser.begin("victim").consent()


def kept_by_a_refused_namesake(place: Place, browser: Journey) -> None:
    place.provider.answers.claims.update(birthdate="1991-02-03")
    namesake = place.browser().to_face()
    namesake.face()
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    assert namesake.wallet.respond(namesake.wallet.request(link)).status_code == 400


def card_of_another_case(place: Place, browser: Journey) -> None:
    other = place.browser().begin("ada").prove().keep()
    browser.begin("ada").prove().keep()
    browser.show(wallet=other.wallet)
    assert other.credential() == "valid"


def card_revoked_after_it_was_shown(place: Place, browser: Journey) -> None:
    browser.to_face()
    with tenant_scope(place.tenant.id):
        revoke_credential(browser.case.credential_id, reason="test", actor=SYSTEM)
    browser.face()


def card_expired_after_it_was_shown(place: Place, browser: Journey) -> None:
    browser.to_face()
    with tenant_scope(place.tenant.id):
        Credential.objects.filter(id=browser.case.credential_id).update(expires_at=clock.now() - timedelta(1))
    browser.face()


def answer_replayed(place: Place, browser: Journey) -> None:
    browser.begin("ada").prove().keep()
    request = browser.wallet.request(browser.get("/recover/present").context["deep_link"])
    back = browser.wallet.respond(request).json()["redirect_uri"]
    assert browser.wallet.respond(request).status_code == 400
    browser.get(path_of(back))
    assert browser.done().count("presented") == 1


def answer_of_another_case(place: Place, browser: Journey) -> None:
    query = place.browser().begin("ada").consent().at_partner()
    token = place.provider.sign(place.provider.codes[query["code"][0]])
    browser.begin("ada").consent()
    place.provider.answers.raw_token = token
    browser.come_back(browser.at_partner())


def answer_without_a_birth_date(place: Place, browser: Journey) -> None:
    place.provider.answers.claims["birthdate"] = None
    browser.begin("ada").prove()


def contradiction(place: Place, browser: Journey) -> None:
    browser.begin("ada").consent()
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    first, second = place.provider.visit(link), place.provider.visit(link)
    browser.come_back(first).keep().show()
    place.provider.answers.claims["family_name"] = "Byron"
    browser.come_back(second)


def code_stolen_before_the_match(place: Place, browser: Journey) -> None:
    thief = place.ask_to_continue(browser.to_face().continuation())
    for _number in range(5):
        thief.post("/recover/continue/code", {"code": "no"})
    assert "recovery/code_dead.html" in [template.name for template in thief.last.templates]


def code_stolen_and_used_after_the_match(place: Place, browser: Journey) -> None:
    code = browser.to_face().continuation()
    browser.face()
    answer = place.browser().post("/recover/continue", {"code": code})
    assert answer.status_code == 200 and answer.context["form"].errors


def code_used_twice(place: Place, browser: Journey) -> None:
    code = browser.to_face().continuation()
    browser.post("/recover/continue", {"code": code})
    assert place.browser().post("/recover/continue", {"code": code}).context["form"].errors


def hand_over_after_proofing_began(place: Place, browser: Journey) -> None:
    browser.begin("ada")
    with tenant_scope(place.tenant.id):
        link = path_of(make_hand_over(place.tenant, browser.case))
    browser.consent()
    place.browser().post(link)


def characters(browser: Journey) -> str:
    return str(browser.post("/recover/pass/show").context["shown"].characters)


def type_pass(browser: Journey, typed: str) -> None:
    assert browser.post("/sign-in/pass", {"characters": typed}).context["form"].errors


def pass_used_twice(place: Place, browser: Journey) -> None:
    typed = characters(browser.to_pass())
    browser.use_pass()
    type_pass(browser, typed)


def pass_expired(place: Place, browser: Journey) -> None:
    typed = characters(browser.to_pass())
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        type_pass(browser, typed)


def pass_expired_button(place: Place, browser: Journey) -> None:
    browser.to_pass()
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        answer = browser.post("/recover/pass/use")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/recover/pass")


def pass_guessed(place: Place, browser: Journey) -> None:
    typed = characters(browser.to_pass())
    for _number in range(5):
        type_pass(browser, WRONG)
    type_pass(browser, typed)


def register(browser: Journey, made: Callable[[Authenticator, dict[str, object]], object]) -> str:
    browser.to_pass().use_pass()
    answer = browser.register(made(Authenticator(browser.origin), browser.options()))
    assert answer.status_code == 403
    return str(answer.json()["error"])


def passkey_without_verification(place: Place, browser: Journey) -> None:
    assert register(browser, lambda a, o: setattr(a, "user_verification", False) or a.create(o)) == (
        "registration_invalid"
    )


def passkey_of_another_origin(place: Place, browser: Journey) -> None:
    assert register(browser, lambda a, o: setattr(a, "origin", "http://evil.test") or a.create(o)) == (
        "registration_invalid"
    )


def passkey_registered_already(place: Place, browser: Journey) -> None:
    def known(authenticator: Authenticator, options: dict[str, object]) -> object:
        with tenant_scope(place.tenant.id):
            Passkey.objects.create(
                person_id=browser.case.person_id,
                credential_id=b64(authenticator.credential_id),
                public_key=b"k",
                frozen_at=clock.now(),
            )
        return authenticator.create(options)

    assert register(browser, known) == "passkey_exists"


def passkey_too_late(place: Place, browser: Journey) -> None:
    browser.to_pass().use_pass()
    made = Authenticator(browser.origin).create(browser.options())
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        assert browser.register(made).json()["error"] == "registration_over"


REFUSED = ("refused", "proofing_refused")
NO_FACE = ("refused", "face_check_failed")
FIVE_FACES = (*PROOF, *(FACE * 5))
DECIDED = (*PROOF, *FACE)
MOVED = "recovery:case:move"
JUDGED = "face_check:check:complete"
ANSWERED = "partner:proofing:complete"
NOT_SHOWN = "verified_id:presentation:refuse"
NO_PASS = "pass:pass:refuse"
NO_PASSKEY = "passkey:passkey:refuse"
CARRY = "recovery:carry_code:refuse"


def ended(reason: str, credential: str = "revoked", usage: tuple[tuple[str, bool], ...] = DECIDED) -> Left:
    """The case was refused for this reason, and the person was told."""
    return Left(("refused", reason), (MOVED, reason), credential, TOLD, usage)


def granted(name: str, code: str) -> Left:
    """Nothing was given for it, and the case is still its person's."""
    return Left(("granted",), (name, code), "valid", CODE, DECIDED)


ROWS: dict[str, tuple[Callable[[Place, Journey], object], Left]] = {
    "the wrong person's face": (
        with_face("", 12),
        Left(NO_FACE, (JUDGED, "failed"), "revoked", TOLD, FIVE_FACES),
    ),
    "a still photograph": (
        with_face("head_flat"),
        Left(NO_FACE, (JUDGED, "head_flat"), "revoked", TOLD, FIVE_FACES),
    ),
    "a replayed clip": (
        with_face("frames_repeated"),
        Left(NO_FACE, (JUDGED, "frames_repeated"), "revoked", TOLD, FIVE_FACES),
    ),
    "another challenge's answer": (
        with_face("colours_not_answered"),
        Left(NO_FACE, (JUDGED, "colours_not_answered"), "revoked", TOLD, FIVE_FACES),
    ),
    "another person's document": (
        with_document(given_name="Grace", family_name="Hopper"),
        ended("match_none"),
    ),
    "an expired document": (
        with_answer("doc_expired"),
        Left(REFUSED, (ANSWERED, "doc_expired"), "none", TOLD, PROOF),
    ),
    "zones that disagree": (
        with_answer("data_inconsistent"),
        Left(REFUSED, (ANSWERED, "data_inconsistent"), "none", TOLD, PROOF),
    ),
    "a fabricated passport": (
        fabricated,
        Left(("refused", "missing_held_address"), (MOVED, "missing_held_address"), "none", TOLD[:2], ()),
    ),
    "names that match nobody": (with_document(given_name="Zoe"), ended("match_none")),
    "names that match two": (two_namesakes, ended("match_several")),
    "a credential kept by a refused namesake": (
        kept_by_a_refused_namesake,
        Left(("proving",), (NOT_SHOWN, "credential_revoked"), "valid"),
    ),
    "the card of another case": (card_of_another_case, ended("credential_of_another_case", usage=PROOF)),
    "a card revoked after it was shown": (card_revoked_after_it_was_shown, ended("credential_not_valid")),
    "a card expired after it was shown": (card_expired_after_it_was_shown, ended("credential_not_valid")),
    "an answer replayed": (answer_replayed, Left(("proving",), (NOT_SHOWN, "transaction_used"), "valid")),
    "a partner's answer for another case": (
        answer_of_another_case,
        Left(
            ("proving",),
            ("partner:proofing:refuse", "token_nonce_wrong"),
            "none",
            CODE,
            (("decision", False),),
        ),
    ),
    "an answer without a birth date": (
        answer_without_a_birth_date,
        Left(REFUSED, (MOVED, "proofing_refused"), "none", TOLD, PROOF),
    ),
    "a partner that contradicts itself": (
        contradiction,
        ended("partner_contradicted_itself", usage=PROOF),
    ),
    "a continuation code stolen before the match": (
        code_stolen_before_the_match,
        Left(("proving",), (CARRY, "not_confirmed"), "valid", (*CODE, "continuation_code")),
    ),
    "a stolen continuation code after the match": (
        code_stolen_and_used_after_the_match,
        granted(CARRY, "too_late"),
    ),
    "a continuation code used twice": (code_used_twice, Left(("proving",), (CARRY, "used_before"), "valid")),
    "a hand-over after proofing began": (
        hand_over_after_proofing_began,
        Left(("proving",), (CARRY, "too_late"), "none", CODE, ()),
    ),
    "a pass used twice": (pass_used_twice, granted(NO_PASS, "used_before")),
    "an expired pass": (pass_expired, granted(NO_PASS, "too_old")),
    "an expired pass by its button": (pass_expired_button, granted(NO_PASS, "too_old")),
    "a guessed pass": (pass_guessed, granted(NO_PASS, "tries_used_up")),
    "a passkey without user verification": (
        passkey_without_verification,
        granted(NO_PASSKEY, "no_user_verification"),
    ),
    "a passkey of another origin": (passkey_of_another_origin, granted(NO_PASSKEY, "other_origin")),
    "a passkey that is registered already": (
        passkey_registered_already,
        granted(NO_PASSKEY, "already_registered"),
    ),
    "a passkey after ten minutes": (passkey_too_late, granted(NO_PASSKEY, "registration_over")),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_must_be_refused_leaves_its_five_facts(place: Place, browser: Journey, name: str):
    walk, expected = ROWS[name]
    walk(place, browser)
    assert_left(browser, expected)


def test_a_pass_in_another_browser_opens_nothing_and_is_written_down_there(place: Place, browser: Journey):
    """That browser has no pass, so that there is no case to write it on."""
    typed = characters(browser.to_pass())
    stranger = place.browser()
    type_pass(stranger, typed)
    with tenant_scope(place.tenant.id):
        (noted,) = AuditEvent.objects.filter(name=NO_PASS)
    assert (noted.data["reason"], noted.case_id) == ("no_pass_here", None)
    assert browser.case.status == "granted" and browser.credential() == "valid"
    assert tuple(browser.notices()) == CODE and browser.usage()[1:] == [("face_check", True, "decided")]
    browser.use_pass()
    assert browser.events().count("pass:pass:redeem") == 1
