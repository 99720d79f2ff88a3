"""Everybody whom a document may mean is looked for: a namesake overlooked is an account given away."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from tenants.directory.selectors import near
from tenants.directory.services import create_person
from tests.matching.people import BORN, document, split

SAME = [
    ("JUERGEN / MUELLER", "Jürgen / Müller"),
    ("JUERGEN / MUELLER", "Jurgen / Muller"),
    ("IULIIA / SHCHERBAKOVA", "Юлия / Щербакова"),
    ("IULIIA / SHCHERBAKOVA", "Yuliya / Shcherbakova"),
    ("ANNAMARIA / DELACRUZ", "Anna Maria / de la Cruz"),
    ("WEI / ZHANG", "Zhang / Wei"),
    ("/ MARIA ELENA GARCIA LOPEZ", "Maria / Garcia"),
    ("MARYANN LOUISE / SMITH", "Mary Ann / Smith"),
    ("MARY ANN LOUISE / SMITH", "Maryann / Smith"),
    ("ALEXANDERBARTHOL / MONTGOMERYAB", "Alexanderbartholomew / Montgomeryab"),
]


@pytest.mark.usefixtures("in_tenant")
@pytest.mark.parametrize(("shown", "held"), SAME, ids=[f"{row[0]} = {row[1]}" for row in SAME])
def test_an_account_whose_name_may_agree_is_found(shown: str, held: str):
    given, family = split(held)
    person = create_person(
        user_name="a", given_names=given, family_name=family, emails=[], actor=SYSTEM, birthdate=BORN
    )
    assert [found.person_id for found in near(document(shown))] == [person.id]


@pytest.mark.usefixtures("in_tenant")
def test_nobody_is_found_for_a_name_that_cannot_be_compared_or_is_nobodys():
    create_person(user_name="a", given_names="Anna", family_name="Novak", emails=[], actor=SYSTEM)
    for shown in (
        "",
        "/",
        "An\u200bna / Novak",
        "\u0430nna / Novak",
        "- / .",
        "Grace / Novak",
        "A" * 5000 + " / Novak",
    ):
        assert near(document(shown)) == []
