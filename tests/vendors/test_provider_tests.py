"""A vendor tests its own provider: the page, the worker behind it, each requirement met and not met, and who may not press."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.apps import apps
from django.db import connections

from portal.kit import clock, outbox
from portal.kit.limits import Limit
from tenants.verified_id.trusting import HANDED_OVER
from tests.conftest import site_client
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, make_jpeg
from vendors.adapters.handoff.adapter import ANSWERS, WAITING
from vendors.adapters.handoff.calls import ERRORS
from vendors.adapters.handoff.claims import NEEDED, WANTED
from vendors.trying import services
from vendors.trying.models import ProviderTest
from vendors.trying.requirements import BY_CODE, REQUIREMENTS, Finding

METADATA = {
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
}
ENTERED = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "trust_framework": ""}


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch):
    """All tests come from one network."""
    for name in ("BY_NETWORK", "BY_ISSUER", "ALL"):
        monkeypatch.setattr(services, name, Limit(f"{name}_of_tests", 10_000, 3600))


def work() -> None:
    model = apps.get_model("tenants", "Outbox")
    for row_id in model.objects.filter(topic="trying.try_provider", failed_at=None).values_list(
        "id", flat=True
    ):
        outbox.run(row_id)


class Vendor:
    """A vendor at its browser."""

    def __init__(self, provider) -> None:
        self.provider = provider
        self.client = site_client()

    def begin(self, **changes):
        told = {"issuer": self.provider.issuer, **ENTERED, **changes}
        answer = self.client.post("/contracts/openid/test", told)
        assert answer.status_code == 302, answer.content.decode()
        self.address = answer["Location"]
        work()
        return self

    def page(self) -> str:
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        return answer.content.decode()

    @property
    def row(self) -> ProviderTest:
        return services.test_at(self.address.rpartition("/")[2])

    def findings(self):
        return {code: (each.finding, each.code) for code, each in services.found(self.row).items()}

    def sign_in(self, **changes):
        query = {**self.provider.visit(services.link_of(self.row)), **changes}
        answer = self.client.get("/contracts/openid/return?" + urlencode(query, doseq=True))
        work()
        return answer

    def whole(self):
        self.begin()
        for _ in range(2):
            if services.link_of(self.row):
                self.sign_in()
        return self.findings()


@pytest.fixture
def vendor(provider):
    provider.answers.addresses = frozenset({services.return_url()})
    provider.answers.metadata = dict(METADATA)
    return Vendor(provider)


def test_everybody_reads_the_contract_and_each_requirement_of_it(vendor):
    text = vendor.client.get("/contracts/openid").content.decode()
    for each in REQUIREMENTS:
        assert each.clause in text
    assert "assurance_level" in text and "/contracts/openid/test" in text


def test_the_profile_of_the_hand_off_is_read_by_everybody_and_names_what_is_asked_for(vendor):
    answer = vendor.client.get("/contracts/handoff.md")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    for word in (HANDED_OVER, *NEEDED, *WANTED, *ANSWERS, *WAITING, *ERRORS, "verified"):
        assert f"`{word}`" in text, word


def test_a_provider_that_keeps_the_contract_meets_everything(vendor):
    findings = vendor.whole()
    assert set(findings) == set(BY_CODE)
    assert {code for code, (finding, _) in findings.items() if finding is not Finding.PASSED} == {"portrait"}
    assert "The contract is met" in vendor.page()
    row = vendor.row
    assert (row.stage, row.secret_sealed, row.bond_sealed, row.returned_sealed) == ("ended", None, None, None)
    for word in ("Lovelace", CLIENT_SECRET):
        assert word not in str(row.results) + vendor.page()


def lies(provider, **answers):
    for name, value in answers.items():
        setattr(provider.answers, name, value)


BREAKS = {
    "metadata": lambda p: p.answers.broken.update({"/.well-known/openid-configuration": (404, b"")}),
    "issuer": lambda p: p.answers.metadata.update({"issuer": "https://another.example"}),
    "pushed": lambda p: p.answers.metadata.update({"pushed_authorization_request_endpoint": None}),
    "pkce": lambda p: p.answers.metadata.update({"code_challenge_methods_supported": ["plain"]}),
    "names_itself": lambda p: p.answers.metadata.update(
        {"authorization_response_iss_parameter_supported": False}
    ),
    "refuses_address": lambda p: lies(p, addresses=frozenset()),
    "portrait": lambda p: lies(p, portrait=make_jpeg(), served_portrait=make_jpeg("red")),
    "keys": lambda p: p.answers.broken.update({"/jwks": (200, b'{"keys":[]}')}),
    "token": lambda p: lies(p, change_token=lambda claims: claims.update(aud="another")),
    "verified_claims": lambda p: lies(p, level="PROBABLY"),
    "replay": lambda p: lies(p, reuse_codes=True),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_each_requirement_that_is_not_met_is_named(vendor, broken):
    BREAKS[broken](vendor.provider)
    findings = vendor.whole()
    assert findings[broken][0] is Finding.FAILED
    assert "not met yet" in vendor.page()


def test_an_answer_without_an_issuer_or_of_another_is_not_met(vendor):
    vendor.begin()
    vendor.sign_in(iss=["https://another.example"])
    assert vendor.findings()["answer"] == (Finding.FAILED, "answer_of_another_issuer")
    assert vendor.findings()["replay"] == (Finding.SKIPPED, "not_reached")


def test_wrong_credentials_end_the_test_before_anybody_signs_in(vendor):
    vendor.begin(client_secret="another secret of somebody")
    assert vendor.findings()["accepts"] == (Finding.FAILED, "client_refused")
    assert services.link_of(vendor.row) == "" and vendor.row.secret_sealed is None


@pytest.mark.parametrize(
    "issuer",
    [
        "http://169.254.169.254",
        "https://10.0.0.1",
        "https://[::1]",
        "https://user@id.example",
        "file:///etc/passwd",
    ],
)
def test_an_address_inside_is_not_asked(vendor, issuer):
    answer = vendor.client.post("/contracts/openid/test", {"issuer": issuer, **ENTERED})
    if answer.status_code == 302:
        vendor.address = answer["Location"]
        work()
        finding, code = vendor.findings()["metadata"]
        assert (finding, code) == (Finding.FAILED, "address_refused")
    else:
        assert "Enter an https address" in answer.content.decode()
    assert vendor.provider.calls == []


def test_the_request_of_the_page_itself_asks_nobody(vendor):
    answer = vendor.client.post("/contracts/openid/test", {"issuer": vendor.provider.issuer, **ENTERED})
    assert answer.status_code == 302 and vendor.provider.calls == []
    assert "We are asking your provider" in vendor.client.get(answer["Location"]).content.decode()


def test_many_tests_from_one_network_or_of_one_issuer_are_refused(vendor, monkeypatch):
    monkeypatch.setattr(services, "BY_ISSUER", Limit("issuer_of_this_test", 1, 3600))
    vendor.begin()
    answer = vendor.client.post("/contracts/openid/test", {"issuer": vendor.provider.issuer, **ENTERED})
    assert answer.status_code == 429 and "many tests" in answer.content.decode()
    for same in ("https://id.partner.example", "https://ID.partner.example.:8443/x"):
        answer = vendor.client.post("/contracts/openid/test", {"issuer": same, **ENTERED})
    assert answer.status_code == 429


def test_a_return_counts_once_and_only_with_the_state_of_an_open_test(vendor):
    vendor.begin()
    assert vendor.client.get("/contracts/openid/return?state=nobodys&code=x").status_code == 404
    assert vendor.client.get("/contracts/openid/return").status_code == 404
    query = urlencode(vendor.provider.visit(services.link_of(vendor.row)), doseq=True)

    def come(_):
        try:
            return site_client().get(f"/contracts/openid/return?{query}").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(come, range(6))) == {302}
    assert apps.get_model("tenants", "Outbox").objects.filter(topic="trying.try_provider").count() == 1
    work()
    assert vendor.findings()["token"][0] is Finding.PASSED


def test_a_test_is_found_by_its_address_alone_and_is_let_go(vendor):
    assert vendor.client.get("/contracts/openid/test/nobody-was-told-this").status_code == 404
    vendor.begin()
    ProviderTest.objects.filter(id=vendor.row.id).update(expires_at=clock.now() - timedelta(seconds=1))
    services.let_go_of_tests()
    assert vendor.row.secret_sealed is None and services.link_of(vendor.row) == ""
    assert "The hour of this test is over" in vendor.page()
    ProviderTest.objects.filter(id=vendor.row.id).update(created_at=clock.now() - timedelta(days=2))
    services.let_go_of_tests()
    assert vendor.client.get(vendor.address).status_code == 404


def test_the_simulator_of_a_provider_is_tested_like_any_other(vendor, simulators):
    simulator = simulators["oidc"]
    vendor.begin(**simulator.settings)
    for _ in range(2):
        page = simulator.follow(services.link_of(vendor.row))
        query = parse_qs(urlsplit(simulator.finish(page, "verified")).query)
        vendor.client.get("/contracts/openid/return?" + urlencode(query, doseq=True))
        work()
    unmet = {code: why for code, (finding, why) in vendor.findings().items() if finding is Finding.FAILED}
    # It registers nobody, and so has no list of return addresses.
    assert unmet == {"refuses_address": "was_accepted"}
