"""People who are asked whether it is somebody: with a passkey from before, and a browser of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import mail

from portal.kit import clock
from portal.kit.origins import tenant_origin
from portal.kit.scope import tenant_scope
from recovery.attesting.asking import code_of
from recovery.attesting.models import Attestation, AttestationAsk
from recovery.passkeys.models import Passkey
from recovery.passkeys.services import handle_of, relying_party
from recovery.statuses import EvidenceKind
from tenants.directory.models import DirectoryPerson
from tests.conftest import client_of
from tests.holder import path_of
from tests.recovery.authenticator import Authenticator, b64
from tests.recovery.journey import Journey, Place

ASKED = [
    EvidenceKind.DOCUMENT_PHOTOGRAPH.value,
    EvidenceKind.HELD_ADDRESS.value,
    EvidenceKind.ATTESTATION.value,
]


def ask_for_attestation(place: Place, **rule: Any) -> None:
    place.set_profile(evidence_required=ASKED, attestation=rule)


def name_manager(place: Place, person: DirectoryPerson, word: str, *, days: float = 30) -> None:
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=person.id).update(
            manager=word, manager_changed_at=clock.now() - timedelta(days=days)
        )


@dataclass
class Attester:
    """One person who may be asked, at their own browser."""

    place: Place
    person: DirectoryPerson
    authenticator: Authenticator

    def __post_init__(self) -> None:
        self.client = client_of(self.place.tenant)

    @classmethod
    def of(cls, place: Place, user_name: str, *, days: float = 30) -> Attester:
        """With a passkey that many days old."""
        person = place.person(user_name, given_names=user_name.title(), family_name="Byron")
        made = Authenticator(tenant_origin(place.tenant.slug))
        with tenant_scope(place.tenant.id):
            made.rp_id, made.user_handle = relying_party(place.tenant).rp_id, handle_of(person.id)
            Passkey.objects.create(
                person_id=person.id,
                credential_id=b64(made.credential_id),
                public_key=made._public_key(),
                created_at=clock.now() - timedelta(days=days),
            )
        return cls(place, person, made)

    def link(self) -> str:
        """The newest that was mailed to them."""
        bodies = [
            entry.body for entry in mail.outbox if f"{self.person.user_name}@people.example" in entry.to
        ]
        return path_of([found for body in bodies for found in re.findall(r"http\S+/attest/\S+", body)][-1])

    def sign_in(self, link: str = "/attest/none") -> Any:
        options = self.client.post("/sign-in/options").json()
        body = {"credential": self.authenticator.get(options)}
        return self.client.post(f"{link}/sign-in", body, content_type="application/json")

    def opened(self) -> str:
        """The link, after signing in at it."""
        link = self.link()
        self.client.get(link)
        answer = self.sign_in(link)
        assert (answer.status_code, answer.json()["next"]) == (200, link), answer.content
        return link

    def say(self, link: str, word: str, **data: str) -> Any:
        return self.client.post(link, {"word": word, **data})

    def attest(self, code: str, link: str = "") -> Any:
        return self.say(link or self.opened(), "attest", code=code, contact="phone")


def to_attester(browser: Journey, name: str = "ada") -> Journey:
    """Everything passed, and the button was pressed. Whoever got as far as the face goes on from there."""
    if settings.JOURNEY_COOKIE_NAME not in browser.client.cookies:
        browser.to_face(name)
    browser.face()
    browser.post("/recover/attest")
    return browser.work()


def code_shown(browser: Journey) -> str:
    said = browser.get("/recover/attest").context["code"]
    assert re.fullmatch(r"\d{6}", said), said
    return str(said)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def newest(place: Place) -> tuple[Attestation, list[AttestationAsk], str]:
    with tenant_scope(place.tenant.id):
        asked = Attestation.objects.order_by("-created_at").first()
        assert asked is not None
        return asked, list(asked.asks.order_by("id")), code_of(asked)
