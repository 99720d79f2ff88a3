"""A process that dies at any move of a case: the case goes on, or ends cleanly, and nothing is done or charged twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock, outbox
from portal.kit.scope import tenant_scope
from recovery import opening, presence
from recovery.stages import Stage
from tests.recovery.journey import Journey, Place
from vendors.facecheck.models import FaceCheck

MINUTE = timedelta(seconds=60)


class Killed(BaseException):
    """kill -9: no handler of errors sees it, and what was not committed never was."""


def dying(call: Callable[..., Any], *, after: bool = True) -> Callable[..., Any]:
    def die(*args: Any, **kwargs: Any) -> Any:
        if after:
            call(*args, **kwargs)
        raise Killed

    return die


@contextmanager
def every_job_killed_once(monkeypatch: pytest.MonkeyPatch, killed: list[str]) -> Iterator[None]:
    """Each piece of work is done to its end and dies before it commits; its next delivery is left alone. What talks to a
    partner dies before it is asked, since an answer is given once."""
    real, met = outbox.run, set()

    def run(row_id: Any) -> bool:
        if row_id not in met:
            met.add(row_id)
            handler_of = outbox._handler

            def dies(topic: str) -> Any:
                killed.append(topic)
                handler = handler_of(topic)
                made = dying(handler, after=not getattr(handler, "is_effect", False))
                made.is_effect = getattr(handler, "is_effect", False)  # type: ignore[attr-defined]
                return made

            with monkeypatch.context() as patch, pytest.raises(Killed):
                patch.setattr(outbox, "_handler", dies)
                real(row_id)
        return real(row_id)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "run", run)
        yield


def test_a_recovery_in_which_every_job_dies_once_goes_well_and_does_nothing_twice(
    place: Place, browser: Journey, ada, monkeypatch
):
    killed: list[str] = []
    with every_job_killed_once(monkeypatch, killed):
        browser.to_face().face()
        browser.use_pass().passkey()
        browser.work()
    assert browser.case.status == "recovered"
    assert {
        "vendors.start_proofing",
        "vendors.exchange_return",
        "vendors.proofing_completed",
        "verified_id.credential_issued",
        "facecheck.decided",
        "recovery.decide",
        "recovery.case_ended",
        "notices.send",
    } <= set(killed)
    assert len(browser.done()) == len(set(browser.done())) == 10
    assert browser.usage() == [("decision", True, "own_contract"), ("face_check", True, "decided")]
    assert browser.notices() == ["confirmation_code", "account_recovered", "account_recovered"]
    assert browser.events().count("pass:pass:issue") == 1 and browser.usable_passkeys(ada) == 1


def test_an_answer_lost_between_partner_and_us_is_asked_for_again_and_not_charged(
    place: Place, browser: Journey, monkeypatch
):
    """The worker dies with the partner's one answer in its hands: the person proves again, within a minute."""
    browser.begin("ada").consent()
    query = browser.at_partner()
    from vendors import tasks

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(tasks, "_ask", dying(tasks._ask))
        browser.come_back(query)
    assert browser.get("/recover/checking").status_code == 200
    with clock.frozen(clock.now() + MINUTE):
        browser.work()
    assert browser.stage is Stage.PROVE and not any(paid for _meter, paid, _why in browser.usage())
    browser.post("/recover/prove")
    browser.work().come_back(browser.at_partner())
    assert browser.stage is Stage.CREDENTIAL


def test_a_start_lost_between_partner_and_us_is_made_again_within_a_minute(
    place: Place, browser: Journey, monkeypatch
):
    from vendors import tasks

    browser.begin("ada")
    browser.post("/recover/consent", {"agree": "on"})
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(tasks, "_write_start", dying(tasks._write_start))
        browser.work()
    assert browser.stage is Stage.PARTNER
    with clock.frozen(clock.now() + MINUTE):
        browser.work()
        query = browser.at_partner()
    # The question was asked by a clock a minute ahead, and the provider's own clock is not frozen.
    place.provider.answers.time_offset = MINUTE.total_seconds() / 2
    assert browser.come_back(query).stage is Stage.CREDENTIAL


@pytest.mark.parametrize("who", ["worker", "page"])
def test_a_face_that_was_judged_and_not_noted_counts_and_is_charged_once(
    place: Place, browser: Journey, monkeypatch, who: str
):
    browser.to_face()
    browser.get("/recover/face")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(presence, "_note_face", dying(presence._note_face, after=False))
        browser.clip()
    assert "face_checked" not in browser.done()
    if who == "page":
        assert browser.get("/recover/face").url == "/recover/checking"
        assert browser.stage is Stage.DECIDING
    browser.work()
    assert browser.stage is Stage.PASS
    assert [entry for entry in browser.usage() if entry[0] == "face_check"] == [
        ("face_check", True, "decided")
    ]
    with tenant_scope(place.tenant.id):
        assert FaceCheck.objects.filter(reference=browser.case.id).count() == 1


def test_a_face_whose_judging_died_leaves_the_try_counted_and_another_open(
    place: Place, browser: Journey, monkeypatch
):
    from vendors.facecheck import judging

    browser.to_face()
    browser.get("/recover/face")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(judging, "judge", dying(judging.judge))
        browser.clip()
    assert browser.stage is Stage.FACE
    assert browser.post("/recover/face/clip", b"a recorded answer", content_type="a/b").status_code == 403
    browser.face()
    assert browser.stage is Stage.PASS


def test_a_code_whose_acceptance_died_is_typed_again(place: Place, browser: Journey, monkeypatch):
    browser.who("ada")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(opening, "_confirmed", dying(opening._confirmed))
        browser.confirm()
    assert browser.stage is Stage.CODE and browser.case.code_tries == 1
    assert browser.confirm().stage is Stage.CONSENT


def test_a_wallet_whose_answer_was_lost_is_asked_again(place: Place, browser: Journey):
    browser.begin("ada").prove().keep()
    link = browser.get("/recover/present").context["deep_link"]
    browser.wallet.respond(browser.wallet.request(link))
    assert browser.stage is Stage.PRESENT
    assert browser.show().stage is Stage.FACE
