"""*Could I recover?* answers about one's own name, keeps nothing, and tells nobody anything about the directory."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.readiness.hosted_views import OF_NETWORK, OF_PERSON
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tests.conftest import client_of
from tests.recovery.journey import Place

PAGE = "/could-i-recover/"
ADA = {"given_names": "ADA", "family_name": "LOVELACE"}
YES, NO = "Yes, with this name", "No, not as things stand"


def asked(client: Client, **typed: str) -> Any:
    answer = client.post(PAGE, typed)
    assert answer.status_code in (200, 429)
    return answer


def said(answer: Any) -> str:
    """The page without what was typed and without its tokens."""
    page = re.sub(r'value="[^"]*"', "", answer.content.decode())
    return re.sub(r'Token": "\w+"', "", page)


def signed_in(place: Place, person: DirectoryPerson) -> Client:
    place.old_passkey(person)
    client = client_of(place.tenant)
    client.cookies[settings.PERSON_COOKIE_NAME] = f"old-{person.id}"
    return client


STRANGERS = [
    ("JUERGEN", "MUELLER", "Jürgen", "Müller", "The two are the same name"),
    ("MARIA ELENA", "GARCIA LOPEZ", "Maria", "Garcia", "The two are close"),
    ("BORIS", "BROWN", "Anna", "Novak", "The two differ"),
    ("\u0430NNA", "NOVAK", "Anna", "Novak", "The two differ"),
]


@pytest.mark.parametrize(("given", "family", "held_given", "held_family", "told"), STRANGERS, ids=range(4))
def test_strangers_learn_how_two_names_compare(
    place: Place, given: str, family: str, held_given: str, held_family: str, told: str
) -> None:
    names = {
        "given_names": given,
        "family_name": family,
        "held_given": held_given,
        "held_family": held_family,
    }
    answer = asked(client_of(place.tenant), **names)
    assert told in answer.content.decode() and answer.headers["Cache-Control"] == "no-store"


def test_a_name_that_was_left_out_is_asked_for(place: Place) -> None:
    page = asked(client_of(place.tenant), given_names="Ada").content.decode()
    assert (
        "Type your name as your document prints it." in page and "Type your name as your organisation" in page
    )


def test_strangers_learn_nothing_about_anybody(place: Place, ada: DirectoryPerson) -> None:
    """The same page and the same work for somebody who is here and for nobody; no table of people is asked."""
    pages, work = [], []
    for name in ("Lovelace", "Nobody"):
        with CaptureQueriesContext(connection) as seen:
            pages.append(said(asked(client_of(place.tenant), family_name=name, held_family=name)))
        work.append(len(seen))
        assert not any("directory_" in query["sql"] for query in seen.captured_queries)
    assert pages[0] == pages[1] and work[0] == work[1]


def test_an_own_document_says_yes_and_any_other_no(place: Place, ada: DirectoryPerson) -> None:
    client = signed_in(place, ada)
    assert "Ada Lovelace" in client.get(PAGE).content.decode()
    assert YES in said(asked(client, **ADA))
    assert NO in said(asked(client, given_names="GRACE", family_name="HOPPER"))


def test_every_no_is_the_same_page(place: Place, ada: DirectoryPerson) -> None:
    client = signed_in(place, ada)
    differs = said(asked(client, given_names="GRACE", family_name="HOPPER"))
    place.person("twin")
    namesake = said(asked(client, **ADA))
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(user_name="twin").update(birthdate=date(1900, 1, 1))
        DirectoryPerson.objects.filter(id=ada.id).update(birthdate=None)
    undated = said(asked(client, **ADA))
    assert NO in differs and differs == namesake == undated


def test_nothing_is_kept(place: Place, ada: DirectoryPerson) -> None:
    client = signed_in(place, ada)
    with tenant_scope(place.tenant.id):
        before = AuditEvent.objects.count()
    with CaptureQueriesContext(connection) as seen:
        asked(client, given_names="ADA", family_name="QUATSCHNAME")
    written = [query["sql"] for query in seen.captured_queries if not query["sql"].startswith("SELECT")]
    assert not any("quatschname" in sql.lower() for sql in written)
    with tenant_scope(place.tenant.id):
        assert AuditEvent.objects.count() == before


def test_tries_are_counted_for_a_network_and_for_a_person(place: Place, ada: DirectoryPerson) -> None:
    client = signed_in(place, ada)
    with clock.frozen(clock.now()):
        answers = [asked(client, **ADA).status_code for _try in range(OF_PERSON.count + 1)]
        assert answers == [200] * OF_PERSON.count + [429]
        stranger = client_of(place.tenant)
        left = OF_NETWORK.count - OF_PERSON.count - 1
        tries = [asked(stranger, family_name="A", held_family="B").status_code for _try in range(left + 1)]
        assert tries == [200] * left + [429]


def test_whoever_was_suspended_meanwhile_reads_no(place: Place, ada: DirectoryPerson) -> None:
    client = signed_in(place, ada)
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=ada.id).update(status=DirectoryPerson.Status.SUSPENDED)
    answer = client.post(PAGE, ADA).content.decode()
    assert YES not in answer
