"""One account or none: what agrees, what is ambiguous, what belongs to somebody else."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.directory.matching import (
    Candidate,
    MatchOutcome,
    MatchPolicy,
    Mode,
    ProvenIdentity,
    match_person,
)
from tenants.directory.matching.agreement import Level, compare_family
from tenants.directory.matching.names import name_of, normalise, spellings

BORN = date(1985, 12, 10)
EXACT, RELAXED = MatchPolicy(), MatchPolicy.in_mode("relaxed")
Text = st.text(max_size=20)
Dates = st.none() | st.dates(date(1950, 1, 1), date(1950, 1, 4))
Words = st.sampled_from(
    ["", "Ada", "ada", "Anna", "Ada Anna", "Müller", "MUELLER", "de la Cruz", "Cruz", "李"]
)
Digests = st.frozensets(st.sampled_from(["d1", "d2"]), max_size=2)
Candidates = st.builds(
    Candidate,
    st.builds(uuid4),
    given_names=Words,
    family_name=Words,
    birthdate=Dates,
    document_digests=Digests,
)
Proofs = st.builds(
    ProvenIdentity,
    given_names=Words,
    family_name=Words,
    birthdate=Dates,
    document_digest=st.sampled_from(["", "d1"]),
)
Modes = st.sampled_from(Mode)
Policies = st.builds(MatchPolicy, given_names=Modes, family_name=Modes, birthdate_required=st.booleans())


def same_name(left: str, right: str) -> bool:
    return compare_family(name_of(left), name_of(right), Level.EXACT).level is Level.EXACT


def account(given="Ada", family="Lovelace", born: date | None = BORN, *digests: str) -> Candidate:
    return Candidate(uuid4(), given, family, born, frozenset(digests))


def proof(given="Ada", family="Lovelace", born: date | None = BORN, digest="") -> ProvenIdentity:
    return ProvenIdentity(given, family, born, digest)


def outcome(proven: ProvenIdentity, claimed: Candidate, *others: Candidate, policy=EXACT) -> str:
    return match_person(proven, claimed, others, policy=policy).outcome.value


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Müller", "MUELLER"),
        ("Müller", "MULLER"),
        ("Ågren", "AAGREN"),
        ("Strauß", "STRAUSS"),
        ("O’Brien", "OBRIEN"),
        ("Novák-Dvořák", "NOVAK DVORAK"),
        ("Łukasz", "LUKASZ"),
        ("Anna  Maria", "ANNA MARIA"),
        ("e\u0301", "é"),
    ],
)
def test_the_spellings_of_documents_are_the_same_name(left: str, right: str):
    assert same_name(left, right) and same_name(right, left)


@pytest.mark.parametrize(
    ("left", "right"), [("Müller", "Miller"), ("Novak", "Nowak"), ("Ada", "Adam"), ("", ""), ("-", "'")]
)
def test_other_names_are_not(left: str, right: str):
    assert not same_name(left, right)


def test_an_account_with_no_name_matches_nobody():
    assert outcome(proof("", ""), account("", "")) == "none"
    assert outcome(proof("Ada", "."), account("Ada", ".")) == "none"


def test_two_given_names_on_the_document_fit_one_in_the_directory_only_when_relaxed():
    passport = proof("Ada Augusta", "Lovelace")
    assert outcome(passport, account()) == "none"
    assert outcome(passport, account(), policy=RELAXED) == "one"
    assert outcome(proof("Augusta", "Lovelace"), account("Ada Augusta"), policy=RELAXED) == "none"


def test_a_relaxed_namesake_counts_as_one_too():
    assert outcome(proof("Ada Augusta"), account(), account("Augusta"), policy=RELAXED) == "several"


def test_a_document_held_before_settles_who_of_two_namesakes_it_is():
    claimed = account("Ada", "Lovelace", BORN, "d1")
    assert outcome(proof(digest="d1"), claimed, account()) == "one"
    assert outcome(proof(digest="d1"), account(), claimed) == "another"


def test_a_held_document_never_excuses_another_name_or_birth_date():
    claimed = account("Ada", "Lovelace", BORN, "d1")
    assert outcome(proof("Grace", digest="d1"), claimed) == "none"
    assert outcome(proof(born=date(1985, 10, 12), digest="d1"), claimed) == "none"


@settings(max_examples=60, deadline=None)
@given(Proofs, Candidates, st.lists(Candidates, max_size=4), Policies)
def test_a_match_means_names_agree_no_birth_date_differs_and_nobody_else_fits(
    proven, claimed, others, policy
):
    found = match_person(proven, claimed, others, policy=policy)
    if found.outcome is not MatchOutcome.ONE:
        return
    assert normalise(proven.given_names + proven.family_name)
    assert normalise(claimed.given_names + claimed.family_name)
    if proven.birthdate and claimed.birthdate:
        assert proven.birthdate == claimed.birthdate
    elif policy.birthdate_required:
        assert proven.document_digest in claimed.document_digests
    for other in others:
        assert not (proven.document_digest and proven.document_digest in other.document_digests)
        if proven.document_digest not in claimed.document_digests or not proven.document_digest:
            swapped = match_person(proven, other, [], policy=policy)
            assert swapped.outcome is not MatchOutcome.ONE


@settings(max_examples=60, deadline=None)
@given(Proofs, Candidates, st.lists(Candidates, max_size=4), Policies)
def test_the_order_of_the_others_and_the_claimed_among_them_change_nothing(proven, claimed, others, policy):
    first = match_person(proven, claimed, others, policy=policy)
    assert match_person(proven, claimed, [claimed, *reversed(others)], policy=policy) == first


@settings(max_examples=60, deadline=None)
@given(Text, Text)
def test_any_text_can_be_compared(left: str, right: str):
    assert same_name(left, right) == same_name(right, left)
    assert all(spelling == normalise(spelling) for spelling in spellings(left))


def test_the_reasons_name_no_value():
    found = match_person(proof("Grace"), account(), [], policy=EXACT)
    assert found.reasons == ("names_differ",)
    assert "Ada" not in repr(account()) and "Grace" not in repr(proof("Grace"))
    assert isinstance(account().person_id, UUID)
