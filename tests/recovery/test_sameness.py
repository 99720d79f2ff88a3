"""Nobody can tell from outside who has an account here, or whether it may be recovered."""

from __future__ import annotations

import statistics

import pytest
from django.core import mail

from recovery.opening import MAILS, PERSON
from recovery.stages import Stage
from tests.recovery.journey import Place
from tests.recovery.sameness import KINDS, PATHS, grown, new_day, people, rows, walk

ROUNDS = 12


@pytest.fixture
def crowd(place: Place) -> Place:
    people(place)
    walk(place, "warm.up.")
    place.browser().work()
    return place


def test_every_kind_of_person_sees_the_same_and_does_the_same_work(crowd: Place):
    seen, wrote, wrote_later = {}, {}, {}
    for number, kind in enumerate(KINDS):
        with new_day(number):
            before = rows(crowd)
            seen[kind] = walk(crowd, kind)
            during = rows(crowd)
            crowd.browser().work()
            wrote[kind], wrote_later[kind] = grown(before, during), grown(before, rows(crowd))
    for kind in KINDS[1:]:
        for own, other in zip(seen["eligible"], seen[kind], strict=True):
            for part in ("status", "body", "headers", "statements"):
                assert getattr(own, part) == getattr(other, part), (kind, own.path, part)
        assert wrote[kind] == wrote["eligible"], kind
        assert wrote_later[kind] == wrote_later["eligible"], kind
    assert [entry.status for entry in seen["eligible"]][2:6] == [303, 200, 303, 200]
    assert wrote["eligible"]["recovery.Case"] == 1 and wrote["eligible"]["notices.Notice"] == 2


def test_only_the_eligible_person_is_written_to(crowd: Place):
    mail.outbox.clear()
    for number, kind in enumerate(KINDS):
        with new_day(number):
            crowd.browser().who(kind)
    assert [entry.to for entry in mail.outbox] == [["eligible@people.example"]]


def test_times_do_not_tell_people_apart_at_a_glance(crowd: Place):
    """Only a gross difference fails here, however loaded the machine: one of the two is slower in every one of the
    interleaved rounds, and half as slow again in the middle. The benchmark takes two hundred walks of each kind and a
    rank test."""
    ratios = []
    for number in range(ROUNDS):
        taken = {}
        with new_day(number):
            for kind in ("eligible", "unknown.") if number % 2 else ("unknown.", "eligible"):
                taken[kind] = sum(
                    entry.seconds for entry in walk(crowd, kind, counting=False, paths=PATHS[:6])
                )
        ratios.append(taken["eligible"] / taken["unknown."])
    in_every_round = min(ratios) > 1 or max(ratios) < 1
    assert not (in_every_round and not 2 / 3 < statistics.median(ratios) < 3 / 2), ratios


def test_a_decoy_never_gets_past_the_code(crowd: Place):
    for number, kind in enumerate(KINDS[1:]):
        with new_day(number):
            browser = crowd.browser().who(kind)
            for guess in ("000000", "", "x" * 64, "123456", "é", "\x00"):
                browser.post("/recover/code", {"code": guess})
            assert browser.stage in {Stage.CODE, Stage.ENDED}
            assert browser.done() == [] and browser.case.is_decoy is (kind != "nomail..")


def test_all_the_names_of_a_person_are_counted_together(crowd: Place):
    """Otherwise each of user name, e-mail and employee number gives a guesser five starts of its own."""
    for number in range(PERSON.count):
        name = ("eligible", "ELIGIBLE@people.example ")[number % 2]
        assert "many_attempts" not in crowd.browser().who(name).case.reasons
    assert "many_attempts" in crowd.browser().who("eligible").case.reasons


def test_attempts_from_elsewhere_hold_a_person_but_never_keep_their_code_from_them(crowd: Place):
    mail.outbox.clear()
    for _number in range(MAILS.count + 3):
        stranger = crowd.browser()
        stranger.client.defaults["REMOTE_ADDR"] = "198.51.100.66"
        stranger.who("eligible")
    assert len(mail.outbox) == MAILS.count
    person = crowd.browser()
    person.client.defaults["REMOTE_ADDR"] = "203.0.113.5"
    person.begin("eligible")
    assert person.stage is Stage.CONSENT and person.case.reasons == ["many_attempts"]


def test_a_code_that_was_not_sent_cannot_be_guessed(crowd: Place, monkeypatch):
    from recovery import opening

    monkeypatch.setattr(opening, "numeric_code", lambda: "314159")
    for _number in range(MAILS.count):
        crowd.browser().who("eligible")
    silent = crowd.browser().who("eligible")
    silent.post("/recover/code", {"code": "314159"})
    assert silent.stage is Stage.CODE
