"""The contract and the adapters behind it: pure, silent about values, one folder and one line each."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.scope import tenant_scope
from tests.vendors.conftest import work
from tests.vendors.hostile import make_jpeg
from vendors import contract, registry
from vendors.adapters.oidc.attachments import PortraitNotice
from vendors.context import open_context
from vendors.contract import (
    Cancels,
    Claim,
    ClaimState,
    Fetches,
    GivesMedia,
    HandlesReturn,
    PartnerDown,
    Registers,
    SessionRef,
    ShowsCode,
)
from vendors.models import Connection, ProofingReturn

ROOM = Path(contract.__file__).parent


@pytest.mark.parametrize("vendor", registry.ADAPTERS)
def test_every_partner_is_listed_with_what_it_cannot_see_and_costs(vendor):
    adapter = registry.adapter_of(vendor)
    assert adapter.manifest.slug == vendor
    listing = adapter.listing
    for told in (listing.checks, listing.cannot_see, listing.keeps, listing.documents):
        assert told
    assert listing.billable and listing.not_billable and listing.price_reason
    returns, is_fetched = isinstance(adapter, HandlesReturn), isinstance(adapter, Fetches)
    assert returns or is_fetched
    # Both only where one way comes back to this browser and the other, by a code, to none.
    assert not (returns and is_fetched) or isinstance(adapter, ShowsCode)
    assert isinstance(adapter, GivesMedia) or not adapter.manifest.gives_portrait
    asked = isinstance(adapter, Fetches) and adapter.manifest.asked_every is not None
    assert isinstance(adapter, ShowsCode) == asked, "who shows a code is asked while somebody waits before it"


def test_only_the_house_partner_registers_by_itself():
    assert isinstance(registry.adapter_of("house"), Registers)
    assert not isinstance(registry.adapter_of("oidc"), Registers)


def test_an_unknown_partner_is_not_here():
    with pytest.raises(NotHere):
        registry.adapter_of("nobody")


def test_contract_and_adapters_know_no_django_and_open_no_socket():
    files = [*(ROOM / "contract").rglob("*.py"), *(ROOM / "adapters").rglob("*.py")]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in {
                    "django",
                    "portal",
                    "tenants",
                    "urllib3",
                    "socket",
                    "http",
                }, path
                assert not name.startswith("vendors.") or name.startswith(
                    ("vendors.contract", "vendors.adapters")
                )


def test_a_claim_that_is_not_neutral_cannot_be_made():
    with pytest.raises(ValueError, match="neutral"):
        Claim("mothers_maiden_name", ClaimState.VALUE, "x")


def test_values_and_secrets_are_out_of_every_repr(journey, connection):
    with tenant_scope(journey.tenant.id):
        ctx = open_context(connection)
    spoken = [
        ctx,
        Claim("family_name", ClaimState.VALUE, "CANARY"),
        SessionRef(connection.id, "", clock.now(), {"nonce": "CANARY"}),
        PortraitNotice("https://x/CANARY", "CANARY", "sha-256", "d"),
        contract.InboundReturn({"code": ["CANARY"]}),
        contract.Started(SessionRef(connection.id, "", clock.now(), {}), url="https://x/CANARY"),
        contract.MediaRef("portrait_document", "CANARY"),
        contract.Connected({}, {"client_secret": "CANARY"}),
    ]
    text = repr(spoken)
    assert "CANARY" not in text
    assert ctx.secrets["client_secret"] not in text


def test_nothing_of_the_person_or_the_session_is_logged(journey, connection, caplog):
    caplog.set_level("DEBUG")
    journey.provider.answers.portrait = make_jpeg()
    journey.prove(connection)
    journey.provider.answers.claims["family_name"] = "Love\nlace"
    journey.prove(connection)
    for word in ("Lovelace", "Love\n", "P1234567", "portrait-token", "request_uri"):
        assert word not in caplog.text


def test_the_same_answer_twice_is_the_same_snapshot(journey, connection):
    """Codes that may be used again stand for a partner that is asked twice."""
    attempt_id = journey.begin(connection)
    query = journey.go(attempt_id)
    journey.provider.answers.reuse_codes = True
    for extra in ("1", "2", "3"):
        journey.come_back({**query, "extra": [extra]})
        work(journey.tenant)
    assert journey.provider.calls.count("/token") == 3
    assert not journey.state(attempt_id).contradicted


def test_metadata_and_keys_are_read_once_and_kept(journey, connection):
    journey.provider.calls.clear()
    journey.prove(connection)
    journey.prove(connection)
    assert journey.provider.calls.count("/.well-known/openid-configuration") == 0
    assert journey.provider.calls.count("/jwks") == 0
    with clock.frozen(clock.now() + timedelta(hours=13)):
        journey.begin(connection)
    assert journey.provider.calls.count("/.well-known/openid-configuration") == 1


def test_a_start_that_fails_for_good_ends_the_attempt(journey, connection):
    journey.provider.answers.broken["/par"] = (400, b'{"error":"invalid_request"}')
    attempt_id = journey.begin(connection)
    assert journey.row(attempt_id).failure_code == "request_refused"
    with tenant_scope(journey.tenant.id):
        assert Connection.objects.get(id=connection.id).status == "ready"


@pytest.mark.parametrize(
    "answer", [b'{"request_uri":"x"}', b'{"request_uri":"x","expires_in":true}', b'{"expires_in":60}']
)
def test_a_pushed_request_that_is_answered_oddly_is_a_broken_contract(journey, connection, answer):
    journey.provider.answers.broken["/par"] = (201, answer)
    assert journey.state(journey.begin(connection)).phase == "failed"


@dataclass
class Telling:
    """An adapter that also cancels."""

    inner: object
    told: list = field(default_factory=list)
    is_down: bool = False

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def cancel(self, ctx, ref):
        self.told.append(ref.attempt_id)
        if self.is_down:
            raise PartnerDown("partner_down")


@pytest.mark.parametrize("is_down", [False, True])
def test_a_partner_that_cancels_hears_of_an_expired_attempt(journey, connection, monkeypatch, is_down):
    telling = Telling(registry.adapter_of("oidc"), is_down=is_down)
    assert isinstance(telling, Cancels)
    monkeypatch.setattr("vendors.leases.adapter_of", lambda vendor: telling)
    attempt_id = journey.begin(connection)
    with clock.frozen(clock.now() + timedelta(minutes=36)):
        work(journey.tenant)
        assert journey.state(attempt_id).outcome == "expired"
    assert telling.told == [attempt_id]


def test_an_attempt_that_is_over_loses_what_it_was_bound_with(journey, connection):
    attempt_id = journey.prove(connection)
    assert journey.row(attempt_id).state_sealed is not None
    with clock.frozen(clock.now() + timedelta(minutes=36)):
        work(journey.tenant)
    assert journey.row(attempt_id).state_sealed is None
    with tenant_scope(journey.tenant.id):
        assert not ProofingReturn.objects.exclude(query_sealed=None).exists()


def test_secrets_of_one_connection_do_not_open_in_another_row(journey, connection, other_tenant):
    from portal.kit.errors import Misconfigured
    from vendors.context import open_secrets

    moved = Connection(vendor="oidc", secrets_sealed=connection.secrets_sealed, tenant_id=journey.tenant.id)
    with tenant_scope(journey.tenant.id), pytest.raises(Misconfigured, match="unsealing_failed"):
        open_secrets(moved)
    with tenant_scope(other_tenant.id), pytest.raises(Misconfigured):
        open_secrets(connection)
