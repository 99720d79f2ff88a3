"""Trying the authority with one's own wallet: each message is shown, nothing of it opens anything, and no account or
verifier takes the specimen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.outbox import drain
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id import credentials, offers, presentation
from tenants.verified_id.models import Credential, Issuance, Trial, TrialMessage
from tenants.verified_id.services import turn_on_verified_id
from tenants.verified_id.trial import reading, services
from tests.holder import Wallet
from tests.recovery.conftest import ada, browser, monkeypatch, place, provider, vision
from tests.recovery.journey import Journey, Place
from tests.verified_id.test_flow import begin

__all__ = ["ada", "browser", "monkeypatch", "place", "provider", "vision"]


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


class Bench:
    """One administrator at the page, with a wallet beside it."""

    def __init__(self, tenant: Tenant, client: Client) -> None:
        self.tenant, self.client, self.wallet = tenant, client, Wallet(tenant)
        self.base = f"/o/{tenant.slug}/verified-id/try"
        client.post(f"{self.base}/begin")

    def post(self, what: str) -> Any:
        return self.client.post(f"{self.base}/{what}")

    def take(self) -> str:
        offer = self.post("offer").context["offer"]
        return self.wallet.accept(offer.deep_link, offer.tx_code)

    def show(self, credential: str | None = None) -> Any:
        asked = self.wallet.request(self.post("request").context["asked"].deep_link)
        return self.wallet.respond(asked, credential)

    def page(self) -> str:
        return str(self.client.get(self.base).content.decode())

    def messages(self) -> list[TrialMessage]:
        with tenant_scope(self.tenant.id):
            return list(TrialMessage.objects.order_by("created_at", "id"))


@pytest.fixture
def bench(authority: Tenant, staff_client: Any) -> Bench:
    return Bench(authority, staff_client(Role.ADMINISTRATOR))


def test_each_message_of_a_whole_trial_is_on_the_page(bench: Bench) -> None:
    bench.take()
    assert bench.wallet.notify().status_code == 204
    assert bench.show().status_code == 200
    assert [(row.step, row.status) for row in bench.messages()] == [
        ("offer", 200),
        ("token", 200),
        ("credential", 200),
        ("notification", 204),
        ("request", 200),
        ("response", 200),
    ]
    page = bench.page()
    for text in (
        "The wallet has the card and said so",
        "everything about it was right",
        "The wallet asks for the card",
        "proofs.jwt[0]: header.typ",
        "openid4vci-proof+jwt",
        "discloses given_name",
        "Specimen",
        "dcql_query.credentials[0].id",
    ):
        assert text in page, text


def test_nothing_that_opens_something_is_kept(bench: Bench) -> None:
    offer = bench.post("offer").context["offer"]
    card = bench.wallet.accept(offer.deep_link, offer.tx_code)
    asked = bench.post("request").context["asked"]
    answer = bench.wallet.respond(bench.wallet.request(asked.deep_link)).json()
    kept = json.dumps([[row.path, row.asked, row.answered] for row in bench.messages()])
    opens = [
        offer.tx_code,
        offer.offer_uri.rpartition("/")[2],
        bench.wallet.access_token,
        bench.wallet.notification_id,
        card,
        card.split("~")[0].rpartition(".")[2],
        answer["redirect_uri"],
    ]
    # The search finds what is there.
    assert "pre-authorized_code" in kept and "not kept" in kept
    assert [word for word in opens if word in kept] == []


def test_what_goes_wrong_is_told_with_the_rule_and_its_clause(bench: Bench) -> None:
    offer = bench.post("offer").context["offer"]
    taken = bench.wallet.offer(offer.deep_link)
    assert bench.wallet.token(taken, "000000" if offer.tx_code != "000000" else "111111").status_code == 400
    (row,) = [row for row in bench.messages() if row.step == "token"]
    assert (row.status, row.refusal != "", "OpenID4VCI" in row.clause) == (400, True, True)
    assert "A rule of the standard was broken" in bench.page()


def test_a_trial_takes_nobody_elses_card_and_keeps_nothing_of_it(bench: Bench) -> None:
    real = Wallet(bench.tenant)
    with tenant_scope(bench.tenant.id):
        made = offers.make_offer(begin(bench.tenant), other_wallet=True)
    card = real.accept(made.deep_link, made.tx_code)
    asked = real.request(bench.post("request").context["asked"].deep_link)
    assert real.respond(asked, card).status_code == 400
    row = bench.messages()[-1]
    assert (row.step, row.refusal) == ("response", "not_of_this_trial")
    assert "Ada" not in json.dumps([row.asked, row.answered])
    assert "Nothing of it was kept" in bench.page()


def test_no_other_request_takes_the_specimen(bench: Bench) -> None:
    bench.take()
    with tenant_scope(bench.tenant.id):
        begun = presentation.begin_presentation(
            reference=None, browser_digest=b"x" * 32, purpose="Something else", return_path="/"
        )
        link = presentation.links_of(begun).deep_link
    answer = bench.wallet.respond(bench.wallet.request(link))
    assert answer.status_code == 400
    with tenant_scope(bench.tenant.id):
        assert presentation.get_presentation(begun.id).state == "waiting"


def test_no_recovery_takes_the_specimen(place: Place, browser: Journey, staff_client: Any) -> None:
    bench = Bench(place.tenant, staff_client(Role.ADMINISTRATOR, place.tenant))
    specimen = bench.take()
    browser.begin("ada").prove().keep()
    answer = browser.get("/recover/present")
    assert (
        bench.wallet.respond(bench.wallet.request(answer.context["deep_link"]), specimen).status_code == 400
    )
    assert browser.case.status == "proving" and "presented" not in browser.done()


def test_when_it_is_over_the_card_is_revoked_and_the_messages_are_gone(bench: Bench) -> None:
    bench.take()
    bench.show()
    with tenant_scope(bench.tenant.id):
        card = Credential.objects.get()
        assert card.expires_at == Trial.objects.get().expires_at
    bench.post("end")
    with tenant_scope(bench.tenant.id):
        assert credentials.status_of(card.id) == "revoked"
        assert not TrialMessage.objects.exists()
        assert Issuance.objects.get().sealed is None
        told = AuditEvent.objects.filter(name__startswith="verified_id:trial").order_by("created_at", "id")
        assert [event.name for event in told] == ["verified_id:trial:begin", "verified_id:trial:end"]
    assert "Begin" in bench.page()
    assert bench.post("offer").status_code == bench.post("request").status_code == 302


def test_a_trial_ends_by_itself_after_an_hour(bench: Bench) -> None:
    bench.take()
    with tenant_scope(bench.tenant.id):
        trial = Trial.objects.get()
        assert trial.expires_at > clock.now()
        services.on_time_over(
            type("Late", (), {"uuid": lambda self, name: trial.id})()  # what the outbox hands over
        )
        assert Trial.objects.get().ended_at is not None
        assert credentials.status_of(Credential.objects.get().id) == "revoked"
    drain()


def test_a_second_trial_takes_the_place_of_the_first_and_members_have_their_own(
    bench: Bench, staff_client: Any
) -> None:
    other = Bench(bench.tenant, staff_client(Role.OWNER))
    bench.take()
    assert "No wallet has the card yet" in other.page()
    bench.post("begin")
    assert "No message yet" in bench.page()
    with tenant_scope(bench.tenant.id):
        assert Trial.objects.filter(ended_at=None).count() == 2


def test_the_page_asks_again_and_is_drawn_anew_only_when_something_came(bench: Bench) -> None:
    part = bench.client.get(f"{bench.base}/messages")
    mark = part.context["mark"]
    assert bench.client.get(f"{bench.base}/messages", {"seen": mark}).status_code == 204
    bench.take()
    assert bench.client.get(f"{bench.base}/messages", {"seen": mark}).status_code == 200


def test_a_flood_of_messages_stops_being_kept_and_the_wallet_is_served(
    bench: Bench, monkeypatch: Any
) -> None:
    monkeypatch.setattr(services, "MOST_MESSAGES", 3)
    bench.take()
    assert bench.show().status_code == 200
    assert len(bench.messages()) == 3


def test_a_card_of_a_case_is_written_down_nowhere(authority: Tenant) -> None:
    with tenant_scope(authority.id):
        made = offers.make_offer(begin(authority), other_wallet=True)
    Wallet(authority).accept(made.deep_link, made.tx_code)
    with tenant_scope(authority.id):
        assert not TrialMessage.objects.exists()


DEEP = "[" * 5000 + "]" * 5000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", "application/json"),
        (DEEP.encode(), "application/json"),
        (json.dumps({"a": [{"b": "x" * 10_000}] * 500}).encode(), "application/json"),
        (b"vp_token=" + b"%7B" * 3000, "application/x-www-form-urlencoded"),
        (b"response=ey.a.b.c.d", "application/x-www-form-urlencoded"),
        (b"vp_token=ey!.%00.x~~~a~b.c.d", "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
    ids=["no_text", "deep", "many", "nested", "five_parts", "broken_card", "nothing"],
)
def test_whatever_is_sent_is_told_in_bounded_lines(body: bytes, kind: str) -> None:
    lines = reading.told(body, kind, shows_values=True)
    assert len(lines) <= reading.MOST_LINES + 1
    assert all(len(path) <= 200 and len(value) <= 200 for path, value in lines)


def test_claims_that_are_shown_are_named_and_not_told() -> None:
    disclosure = "WyJzYWx0IiwiZ2l2ZW5fbmFtZSIsIkFkYSJd"  # ["salt","given_name","Ada"]
    head = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"
    told = dict(reading.told(f"vp_token={head}~{disclosure}~".encode(), reading.FORM, shows_values=False))
    assert told["vp_token: discloses given_name"] == "(not kept)"
    told = dict(reading.told(f"vp_token={head}~{disclosure}~".encode(), reading.FORM, shows_values=True))
    assert told["vp_token: discloses given_name"] == "Ada"


def test_claims_that_stand_open_in_a_shown_token_are_named_too() -> None:
    token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4IiwibmFtZSI6IkFkYSJ9.c2ln"  # {"iss":"x","name":"Ada"}
    told = dict(reading.told(f"vp_token={token}".encode(), reading.FORM, shows_values=False))
    assert (told["vp_token: payload.iss"], told["vp_token: payload.name"]) == ("x", "(not kept)")
