"""Walks a case through the hosted pages, as a claimant's browser, wallet and passkey would.

The partner is a real OpenID Provider on loopback, the wallet talks to the tenant's own endpoints, the passkey is
software. The vision process is played (tests.facecheck.conftest.PaperVision): it says what a test tells it to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core import mail
from django.test import Client

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.origins import tenant_origin
from portal.kit.scope import tenant_scope
from recovery.models import Case, CaseStep, CredentialBinding, Profile
from recovery.passkeys.models import Passkey, PersonSession
from recovery.profiles import create_profile, publish_profile
from recovery.selectors import current_stage
from recovery.stages import Stage
from recovery.statuses import StepState
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.directory.services import create_person
from tenants.models import Tenant
from tenants.notices.models import Notice
from tenants.verified_id.credentials import status_of
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of, make_tenant
from tests.facecheck.conftest import PaperVision
from tests.holder import Wallet, path_of
from tests.recovery.authenticator import Authenticator
from tests.recovery.memory import Memory, remembered
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from vendors import services as partners
from vendors.billing.models import UsageEntry
from vendors.models import Connection

LONG_AGO = timedelta(days=100)
ADA = {"given_names": "Ada", "family_name": "Lovelace", "birthdate": date(1985, 12, 10)}


def codes_in(body: str) -> list[str]:
    return re.findall(r"(?<![\w-])\d{6}(?![\w-])", body)


@dataclass
class Place:
    """A tenant that is ready: Verified ID on, a partner connected, a profile in force."""

    tenant: Tenant
    provider: HostileProvider
    vision: PaperVision
    profile: Profile
    connection: Connection
    # Where walks from here are remembered, and whether the test left settings and functions alone.
    memory: Memory | None = None
    is_pristine: Callable[[], bool] = lambda: False

    def person(
        self, user_name: str = "ada", *, held: timedelta = LONG_AGO, **changes: Any
    ) -> DirectoryPerson:
        emails = changes.pop("emails", [f"{user_name}@people.example", f"{user_name}@home.example"])
        fields = {**ADA, **changes}
        with tenant_scope(self.tenant.id):
            return create_person(
                user_name=user_name, emails=emails, held_since=clock.now() - held, actor=SYSTEM, **fields
            )

    def browser(self) -> Journey:
        return Journey(self)

    def ask_to_continue(self, code: str) -> Journey:
        """Another browser in which a continuation code was typed; the case is where it was."""
        into = self.browser()
        answer = into.post("/recover/continue", {"code": code})
        assert (answer.status_code, answer.url) == (303, "/recover/continue/code"), answer.content
        return into.work()

    def carry(self, code: str) -> Journey:
        """The same, and its person types the code that was mailed to them."""
        into = self.ask_to_continue(code)
        answer = into.post("/recover/continue/code", {"code": codes_in(mail.outbox[-1].body)[0]})
        assert (answer.status_code, answer.url) == (303, "/recover/checking"), answer.content
        return into.work()

    def old_passkey(self, person: DirectoryPerson) -> tuple[UUID, UUID]:
        """(passkey, session) from before the loss."""
        with tenant_scope(self.tenant.id):
            made = Passkey.objects.create(
                person_id=person.id, credential_id=f"old-{person.id.hex}", public_key=b"old"
            )
            session = PersonSession.objects.create(
                person_id=person.id,
                passkey=made,
                token_digest=digest(f"old-{person.id}"),
                expires_at=clock.now() + timedelta(hours=2),
                last_seen_at=clock.now(),
            )
            return made.id, session.id

    def set_profile(self, **values: Any) -> None:
        with tenant_scope(self.tenant.id):
            Profile.objects.filter(id=self.profile.id).update(**values)


def make_place(provider: HostileProvider, vision: PaperVision, *, mode: str = "production") -> Place:
    tenant = make_tenant()
    provider.answers.portrait = provider.answers.portrait or make_jpeg()
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        connection = partners.bring_own_partner(
            "oidc",
            config={"issuer": provider.issuer, "client_id": CLIENT_ID},
            secrets={"client_secret": CLIENT_SECRET},
            actor=SYSTEM,
        )
        profile = create_profile(name="Everyone", mode=mode, partners=[connection.id], actor=SYSTEM)
    work(tenant)
    with tenant_scope(tenant.id):
        profile = publish_profile(profile.id, actor=SYSTEM)
    return Place(tenant, provider, vision, profile, connection)


@dataclass
class Journey:
    """One browser, with its wallet, on its way through one case."""

    place: Place
    wallet: Wallet = field(init=False)
    client: Client = field(init=False)
    last: Any = None
    # The steps that led here, as far as they are remembered; None from the first that is not.
    way: tuple[Any, ...] | None = ()

    def __post_init__(self) -> None:
        self.client = client_of(self.place.tenant)
        self.wallet = Wallet(self.place.tenant)

    # ---------------------------------------------------------------- reading

    @property
    def browser_digest(self) -> bytes:
        return digest(self.client.cookies[settings.JOURNEY_COOKIE_NAME].value)

    @property
    def case(self) -> Case:
        with tenant_scope(self.place.tenant.id):
            found = Case.objects.filter(browser_digest=self.browser_digest).order_by("-created_at").first()
        assert found is not None, "this browser has no case"
        return found

    @property
    def stage(self) -> Stage:
        case = self.case
        with tenant_scope(self.place.tenant.id):
            return current_stage(case)

    def outcome(self) -> tuple[str, list[str]]:
        case = self.case
        return case.status, case.reasons

    def events(self, case: Case | None = None) -> list[str]:
        return [event.name for event in self.audit(case)]

    def audit(self, case: Case | None = None) -> list[AuditEvent]:
        wanted = (case or self.case).id
        with tenant_scope(self.place.tenant.id):
            return list(AuditEvent.objects.filter(case_id=wanted).order_by("created_at", "id"))

    def decided(self) -> dict[str, Any]:
        return [event.data for event in self.audit() if event.name == "recovery:case:decide"][-1]

    def notices(self) -> list[str]:
        """Templates of the mails about this case, one for each address."""
        with tenant_scope(self.place.tenant.id):
            rows = Notice.objects.filter(case_id=self.case.id).order_by("created_at")
            return [row.template for row in rows]

    def usage(self) -> list[tuple[str, bool, str]]:
        with tenant_scope(self.place.tenant.id):
            rows = UsageEntry.objects.filter(case_id=self.case.id).order_by("created_at")
            return [(row.meter, row.billable, row.why) for row in rows]

    def credential(self) -> str:
        case = self.case
        with tenant_scope(self.place.tenant.id):
            return status_of(case.credential_id) if case.credential_id else "none"

    def steps(self) -> list[tuple[str, str]]:
        with tenant_scope(self.place.tenant.id):
            return [
                (step.kind, step.state)
                for step in CaseStep.objects.filter(case=self.case).order_by("created_at", "id")
            ]

    def done(self) -> list[str]:
        return [kind for kind, state in self.steps() if state == StepState.DONE]

    def bound_to(self) -> UUID | None:
        case = self.case
        with tenant_scope(self.place.tenant.id):
            found = CredentialBinding.objects.filter(case_id=case.id).first()
            return found.person_id if found else None

    def held(self, person: DirectoryPerson) -> list[str]:
        with tenant_scope(self.place.tenant.id):
            return sorted(held.kind for held in HeldEvidence.objects.filter(person_id=person.id))

    def usable_passkeys(self, person: DirectoryPerson) -> int:
        with tenant_scope(self.place.tenant.id):
            return Passkey.objects.filter(person_id=person.id, frozen_at=None, invalidated_at=None).count()

    # ---------------------------------------------------------------- walking

    def get(self, path: str, **headers: Any) -> Any:
        self.last = self.client.get(path, **headers)
        return self.last

    def post(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        self.last = self.client.post(path, data or {}, **kwargs)
        return self.last

    def work(self) -> Journey:
        work(self.place.tenant)
        return self

    def who(self, identifier: str) -> Journey:
        answer = self.post("/recover/who", {"identifier": identifier})
        assert (answer.status_code, answer.url) == (303, "/recover/code"), answer.content
        return self.work()

    def code_mailed(self, case: Case | None = None) -> str:
        reference = (case or self.case).reference
        found = [entry for entry in mail.outbox if reference in entry.body]
        return codes_in(found[-1].body)[0]

    def continuation(self) -> str:
        """The code that brings this case into another browser."""
        return str(self.post("/recover/continuation-code").context["code"])

    def links_mailed(self, to: str = "") -> list[str]:
        """The not-me links in the mails of this case, the newest last."""
        reference = self.case.reference
        bodies = [
            entry.body for entry in mail.outbox if reference in entry.body and (not to or to in entry.to)
        ]
        return [path_of(link) for body in bodies for link in re.findall(r"http\S+/not-me/\S+", body)]

    def alerts(self) -> list[str]:
        """Who among the members was mailed about this case."""
        waiting = apps.get_model("tenants", "Outbox").objects.filter(topic="notices.send_staff_mail")
        for row_id in waiting.values_list("id", flat=True):
            outbox.run(row_id)
        return [entry.to[0] for entry in mail.outbox if f"Case {self.case.reference}" in entry.subject]

    def confirm(self, code: str | None = None) -> Journey:
        self.post("/recover/code", {"code": code or self.code_mailed()})
        return self

    @remembered
    def begin(self, identifier: str) -> Journey:
        """Who, and the right code."""
        self.who(identifier).confirm()
        assert self.stage is Stage.CONSENT
        return self

    def consent(self) -> Journey:
        self.post("/recover/consent", {"agree": "on"})
        if self.stage is Stage.PROVE:
            self.post("/recover/prove")
        return self.work()

    def at_partner(self) -> dict[str, list[str]]:
        """The person is at the partner and comes back: the query of the return."""
        answer = self.get("/recover/partner", headers={"HX-Request": "true"})
        return self.place.provider.visit(answer.headers["HX-Redirect"])

    def come_back(self, query: dict[str, Sequence[str]], to: str = "/recover/return") -> Journey:
        self.last = self.client.get(to, query)
        return self.work()

    @remembered
    def prove(self) -> Journey:
        return self.consent().come_back(self.at_partner())

    @remembered
    def keep(self) -> Journey:
        """The wallet fetches the credential over its own endpoints."""
        answer = self.post("/recover/credential/offer", {"wallet": "other"})
        self.wallet.accept(answer.context["link"], answer.context["tx_code"])
        return self.work()

    @remembered
    def show(self, credential: str | None = None, wallet: Wallet | None = None) -> Journey:
        """The wallet presents and sends this browser back."""
        answer = self.get("/recover/present")
        back = (wallet or self.wallet).present(answer.context["deep_link"], credential)
        self.get(path_of(back))
        return self

    @remembered
    def face(self) -> Any:
        """The page with the challenge, and the recorded answer to it."""
        self.get("/recover/face")
        answer = self.clip()
        self.work()
        return answer

    def clip(self, body: bytes = b"a recorded answer") -> Any:
        return self.post("/recover/face/clip", body, content_type="application/octet-stream").json()

    @remembered
    def to_face(self, identifier: str = "ada") -> Journey:
        self.begin(identifier).prove().keep().show()
        assert self.stage is Stage.FACE, (self.stage, self.outcome())
        return self

    @remembered
    def to_pass(self, identifier: str = "ada") -> Journey:
        self.to_face(identifier).face()
        assert self.stage is Stage.PASS, (self.stage, self.outcome(), self.decided())
        return self

    @remembered
    def use_pass(self) -> Journey:
        self.get("/recover/pass")
        self.post("/recover/pass/use")
        return self.work()

    @property
    def origin(self) -> str:
        return tenant_origin(self.place.tenant.slug)

    def options(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.post("/recover/passkey/options").json()
        return answer

    def register(self, made: dict[str, Any], label: str = "My phone") -> Any:
        body = {"credential": made, "label": label}
        return self.post("/recover/passkey/register", body, content_type="application/json")

    def passkey(self) -> Authenticator:
        authenticator = Authenticator(self.origin)
        answer = self.register(authenticator.create(self.options()))
        assert answer.status_code == 200, answer.content
        self.work()
        return authenticator

    @remembered
    def to_end(self, identifier: str = "ada") -> Journey:
        self.to_pass(identifier).use_pass().passkey()
        return self

    def sign_in(self, authenticator: Authenticator) -> Any:
        options = self.post("/sign-in/options").json()
        body = {"credential": authenticator.get(options)}
        return self.post("/sign-in/complete", body, content_type="application/json")
