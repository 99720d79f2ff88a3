"""The person's way: one browser, bounded tries, clear sentences, nothing kept."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image

from tests.house.conftest import House
from tests.house.person import Person
from tests.house.pretend import clip, picture
from tests.house.relying_party import RETURN, RelyingParty

DEMONSTRATION = "Demonstration: specimen documents count, and a result proves nothing about anybody."


def test_another_browser_is_refused_on_every_page(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    stranger = Person(house.origin)
    for page in (
        "",
        "consent",
        "choose",
        "document",
        "face",
        "progress",
        "checking",
        "result",
        "continue",
        "leave",
    ):
        answer = stranger.request("GET", f"{person.check}/{page}")
        assert answer.status == 403, page
        assert "another browser" in answer.text
    stranger.cookies = {"readmit_house": "x" * 43}
    assert stranger.request("GET", f"{person.check}/face").status == 403


def test_one_browser_may_have_two_checks(party: RelyingParty, person: Person) -> None:
    _, first = party.begin()
    _, second = party.begin()
    person.arrive(first)
    kept = person.check
    person.walk_to_document(second)
    assert person.open(f"{kept}/").status == 200 and "Agree and continue" in person.page


def test_pages_of_another_stage_lead_to_the_present_one(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    for page in ("consent", "choose", "face", "result", "continue", "checking"):
        person.open(f"{person.check}/{page}")
        assert person.at.endswith("/document"), page
    person.post(f"{person.check}/consent")
    assert person.at.endswith("/document")


def test_choosing_nothing_is_an_error_with_words(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.arrive(url)
    person.consent()
    person.choose("library card")
    assert "<title>Error:" in person.page
    assert "Choose the document you have with you" in person.page


def test_giving_up_is_told_and_leaves_nothing(house: House, party: RelyingParty, person: Person) -> None:
    journey, url = party.begin()
    person.walk_to_face(url)
    person.open(f"{person.check}/leave")
    person.post(f"{person.check}/leave")
    link = person.link()
    assert link.startswith(RETURN) and "error=access_denied" in link and f"state={journey.state}" in link
    assert "iss=" in link
    assert _left(house, person) == (None, None)


def test_an_expired_check_says_so_and_destroys_everything(
    house: House, party: RelyingParty, person: Person
) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    house.rows("UPDATE house_check SET expires_at = now() - interval '1 second' WHERE id = %s", _id(person))
    person.open(f"{person.check}/face")
    assert "time for this check is up" in person.page
    assert "error=access_denied" in person.link()
    assert _left(house, person) == (None, None)


def test_a_result_that_was_handed_over_is_over(party: RelyingParty, person: Person) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    party.exchange(journey, code)
    person.open(f"{person.check}/continue")
    assert "This check is over" in person.page and "way-back" not in person.page


def test_no_form_leaves_the_origin_and_pages_are_strict(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    answer = person.arrive(url)
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "style=" not in person.page and "onclick" not in person.page
    assert "K7QM-3XWT" in person.page and "Acme Corporation" in person.page


def test_a_post_without_its_token_is_refused(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.arrive(url)
    answer = person.request("POST", f"{person.check}/consent", body=b"")
    assert answer.status == 403 and "open for too long" in answer.text


# Documents ---------------------------------------------------------------------------------------------------


def test_photographs_with_problems_are_asked_for_again_with_reasons(
    house: House, party: RelyingParty, person: Person
) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    answer = person.photograph(picture(problems={"front": ["glare", "cut_off"]}), json=True)
    assert answer.status == 422
    assert "reflection" in answer.json()["problems"]["front"][0]
    assert _tries(house, person)[:2] == (1, 0)
    page = person.photograph(picture(problems={"front": ["too_small"]}))
    assert page.status == 422 and "Come closer" in page.text and "Error:" in page.text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"expiry": "2020-01-01"}, "has expired"),
        ({"failed": ["family_name_match"]}, "could not accept this document"),
        ({"failed": ["check_digits"]}, "could not accept this document"),
        ({"specimen": True}, "This is a specimen"),
        ({"kind": "idcard"}, "another kind of document"),
        ({"unreadable": True}, "could not read"),
    ],
)
def test_a_document_that_is_not_accepted_says_what_to_do(
    party: RelyingParty, person: Person, answer: dict[str, object], sentence: str
) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    person.photograph(picture(**answer))
    assert person.at.endswith("/document") and sentence in person.page


def test_a_specimen_counts_for_a_demonstration_and_every_page_says_so(
    demonstration_party: RelyingParty, person: Person
) -> None:
    journey, url = demonstration_party.begin()
    person.arrive(url)
    assert DEMONSTRATION in person.page
    person.consent()
    assert DEMONSTRATION in person.page
    person.choose()
    assert DEMONSTRATION in person.page
    person.photograph(picture(specimen=True))
    assert person.at.endswith("/face") and DEMONSTRATION in person.page
    person.show_face()
    assert DEMONSTRATION in person.page
    code = demonstration_party.read_return(journey, person.go_on())
    assert DEMONSTRATION in person.page
    token = demonstration_party.exchange(journey, code).json()["id_token"]
    assert demonstration_party.verify(journey, token)["readmit_demonstration"] is True


def test_five_documents_and_no_more(house: House, party: RelyingParty, person: Person) -> None:
    journey, url = party.begin()
    person.walk_to_document(url)
    for _ in range(5):
        person.photograph(picture(failed=["check_digits"]))
    assert person.at.endswith("/result") and "We could not confirm it is you" in person.page
    assert person.photograph(json=True).json()["next"].endswith("/")
    assert _tries(house, person)[1] == 5
    code = party.read_return(journey, person.go_on())
    told = party.verify(journey, party.exchange(journey, code).json()["id_token"])["verified_claims"]
    assert told["verification"]["reasons"] == ["document_not_accepted"]


def test_fifteen_photographs_and_no_more(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    for _ in range(15):
        person.photograph(picture(problems={"front": ["glare"]}), json=True)
    assert person.open(f"{person.check}/").status == 200
    assert person.at.endswith("/result")


def test_a_full_vision_process_costs_nothing(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    answer = person.photograph(picture(busy=True), json=True)
    assert answer.status == 503 and answer.json()["busy"] is True
    page = person.photograph(picture(busy=True))
    assert "One moment" in page.text and page.status == 200
    assert _tries(house, person) == (0, 0, 0)
    person.open(f"{person.check}/document")
    person.photograph()
    assert person.at.endswith("/face")


def _png(size: tuple[int, int]) -> bytes:
    held = io.BytesIO()
    Image.new("1", size).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not a photograph", "not a photograph we can read"),
        (b"GIF89a" + b"\0" * 50, "not a photograph we can read"),
        (picture()[:-2000], "damaged or incomplete"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 2000, "photograph"),
        (picture((100, 100)), "too small"),
        (_png((11_000, 9_000)), "larger than we accept"),
        (b"\xff\xd8\xff" + b"\0" * 12_100_000, "too large"),
    ],
)
def test_what_is_no_whole_photograph_is_refused_with_words(
    house: House, party: RelyingParty, person: Person, data: bytes, sentence: str
) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    answer = person.photograph(data, json=True)
    assert answer.status == 422
    assert sentence in answer.json()["problems"]["front"][0]
    assert _tries(house, person) == (0, 0, 0)


def test_an_upload_over_the_bound_is_refused_before_it_is_read(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    answer = person.photograph(picture() + b"\0" * 19_000_000, json=True)
    assert answer.status == 422
    assert "too large" in json.dumps(answer.json())


def test_an_identity_card_needs_all_three_photographs(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.arrive(url)
    person.consent()
    person.choose("idcard")
    answer = person.photograph(json=True)
    assert answer.status == 422 and "closeup" in answer.json()["problems"]
    person.photograph(picture(), closeup=picture(), back=picture())
    assert person.at.endswith("/face")


# Faces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ({"confidence": 70}, "/result"),
        ({"confidence": 69}, "/face"),
        ({"confidence": 50}, "/face"),
        ({"confidence": None}, "/face"),
        ({"passed": False}, "/face"),
        ({"passed": False, "confidence": 99}, "/face"),
        ({"nonce": "another"}, "/face"),
    ],
)
def test_only_a_live_face_that_reaches_seventy_ends_it_well(
    party: RelyingParty, person: Person, answer: dict[str, object], ends: str
) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    if "nonce" in answer:
        person.challenge()
    person.show_face(**answer)
    assert person.at.endswith(ends)


def test_a_failed_match_and_a_failed_liveness_read_the_same(party: RelyingParty, house: House) -> None:
    pages = []
    for answer in ({"confidence": 12}, {"passed": False, "reasons": ["head_flat"]}):
        person = Person(house.origin)
        _, url = party.begin()
        person.walk_to_face(url)
        person.show_face(**answer)
        pages.append(re.sub(r"[A-Za-z0-9]{64}", "", person.page).replace(person.check, ""))
    assert "We could not confirm it is you." in pages[0] and "You can try" in pages[0]
    assert pages[0] == pages[1]


def test_a_hint_about_the_picture_is_told(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    person.show_face(passed=False, reasons=["face_too_small"])
    assert "Come closer" in person.page


def test_three_faces_and_no_more(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    for _ in range(3):
        assert person.at.endswith("/face")
        person.show_face(passed=False)
    assert person.at.endswith("/result")
    assert _tries(house, person)[2] == 3
    assert _left(house, person) == (None, None)


def test_a_challenge_is_answered_once(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    nonce = person.challenge()["nonce"]
    person.show_face(nonce, passed=False)
    again = person.post(f"{person.check}/face", files={"clip": clip(nonce=nonce)}, json=True)
    assert again.status == 403
    assert _tries(house, person)[2] == 1


def test_a_clip_without_a_challenge_is_refused(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    assert person.post(f"{person.check}/face", files={"clip": clip(nonce="x")}, json=True).status == 403


def test_a_busy_moment_keeps_the_challenge(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    nonce = person.challenge()["nonce"]
    busy = person.post(f"{person.check}/face", files={"clip": clip(nonce=nonce, busy=True)}, json=True)
    assert busy.status == 503 and _tries(house, person)[2] == 0
    person.show_face(nonce)
    assert person.at.endswith("/result")


def test_the_way_without_colours_asks_for_turns_only(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_face(url)
    challenge = person.challenge(flashing="no")
    assert challenge["flashing"] is False
    assert {phase["kind"] for phase in challenge["phases"]} == {"still", "turn"}  # type: ignore[index, union-attr]


def test_a_challenge_before_the_document_is_refused(party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.walk_to_document(url)
    assert person.post(f"{person.check}/face/challenge", json=True).status == 403


# ------------------------------------------------------------------------------------------------------------


def _id(person: Person) -> object:
    from portal.kit.ids import parse_public_id

    return parse_public_id("check", person.check.rpartition("/")[2])


def _tries(house: House, person: Person) -> tuple[object, ...]:
    return house.rows(
        "SELECT photograph_tries, document_tries, face_tries FROM house_check WHERE id = %s", _id(person)
    )[0]


def _left(house: House, person: Person) -> tuple[object, ...]:
    """The sealed facts and portrait of a check."""
    return house.rows(
        "SELECT c.facts_sealed, p.sealed FROM house_check c LEFT JOIN house_portrait p ON p.check_row_id = c.id "
        "WHERE c.id = %s",
        _id(person),
    )[0]


def test_a_claimant_waits_less_than_a_minute_for_a_process_that_was_killed(
    house: House, party: RelyingParty, person: Person
) -> None:
    """What it held is let go when its lease is over; while it lives it renews the lease, and never one that ended."""
    _, url = party.begin()
    person.walk_to_face(url)
    longest = "\n".join(
        (
            "from vendors.house.models import Check",
            "from vendors.house.services import work",
            "from portal.kit import clock",
            "row = Check.objects.order_by('-created_at').first()",
            "work.begin_face(row.id, bytes(row.browser_digest))",
            "renewed = lambda: (work.renew(row.id), Check.objects.get(id=row.id).working_until)[1]",
            "Check.objects.filter(id=row.id).update(working_until=clock.now() + work.LEASE / 2)",
            "assert (renewed() - clock.now()).total_seconds() > work.RENEW_SECONDS * 2",
            "assert (renewed() - clock.now()).total_seconds() < 60",
            "work.end_work(row.id)",
            "assert renewed() is None",
        )
    )
    person.challenge()
    done = house.run("shell", "-c", longest)
    assert done.returncode == 0, done.stderr
