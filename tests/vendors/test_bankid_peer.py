"""A relying party that is not ours drives the simulator, and makes the code that ours makes: they cannot be wrong together."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from bankid import BankIDClient
from bankid.exceptions import InvalidParametersError

from portal.kit import clock
from portal.kit.ids import uuid7
from tests.vendors.conformance.bankid import BankIdBench, stranger
from tests.vendors.conformance.expected import CANARY, request_of
from vendors.contract import Hint, Phase, SessionRef
from vendors.registry import adapter_of

# Research vector: equal to what pybankid makes for token, secret and the third second.
TOKEN, SECRET = "67df3917-fa0d-44e5-b327-edcc928297f8", "d28db9a7-4cde-429e-a983-359be676944c"
THIRD = f"bankid.{TOKEN}.3.96077d77699971790b46ee1f04ff1e44fe96b0602c9c51e4ca9c6d031c7c3bb7"
IP = "203.0.113.9"


@pytest.fixture
def simulator(simulators):
    return simulators["bankid_se"]


def package(simulator, tmp_path, identity=""):
    """By number: the package asks the system's resolver, which does not know names under .localhost."""
    file = tmp_path / "identity.pem"
    file.write_text(identity or simulator.secrets["identity"])
    client = BankIDClient(certificates=(str(file), str(file)), test_server=True)
    context = ssl.create_default_context(cadata=simulator.config["server_root"])
    context.load_cert_chain(file)
    client.client = httpx.Client(verify=context, headers={"Content-Type": "application/json"})
    base = f"https://127.0.0.1:{urlsplit(simulator.config['api_base']).port}/rp/v6.0"
    for call in ("auth", "collect", "cancel"):
        setattr(client, f"_{call}_endpoint", f"{base}/{call}")
    return client


@pytest.fixture
def peer(simulator, tmp_path):
    return package(simulator, tmp_path)


def session(since: datetime, token: str = TOKEN, secret: str = SECRET) -> SessionRef:
    state = {"qr_token": token, "qr_secret": secret, "qr_since": since.isoformat(), "address": IP}
    return SessionRef(uuid7(), "order", since, state)


def test_the_code_is_the_one_the_package_makes_for_every_second():
    since, adapter = datetime(2026, 11, 30, tzinfo=UTC), adapter_of("bankid_se")
    assert adapter.code_at(session(since), since + timedelta(seconds=3, milliseconds=999)) == THIRD
    begun = clock.now() - timedelta(seconds=17)
    theirs = BankIDClient.generate_qr_code_content(TOKEN, begun.timestamp(), SECRET)
    seconds = int(theirs.split(".")[2])
    assert adapter.code_at(session(begun), begun + timedelta(seconds=seconds)) == theirs
    codes = {adapter.code_at(session(since), since + timedelta(seconds=n)) for n in range(60)}
    assert len(codes) == 60 and not any(SECRET in code for code in codes)


def test_the_package_makes_scans_collects_and_cancels_orders(simulator, peer):
    made = peer.authenticate(IP, requirement={"pinCode": True}, user_visible_data="Hello")
    assert peer.collect(made["orderRef"]) == {
        "orderRef": made["orderRef"],
        "status": "pending",
        "hintCode": "outstandingTransaction",
    }
    code = peer.generate_qr_code_content(made["qrStartToken"], clock.now().timestamp(), made["qrStartSecret"])
    assert simulator.scan(code) == made["orderRef"]
    assert [peer.collect(made["orderRef"])["hintCode"] for _ in range(2)] == ["started", "userSign"]
    simulator.finish_session(made["orderRef"], "verified", given="Grace", family="Hopper")
    done = peer.collect(made["orderRef"])
    assert done["status"] == "complete" and done["completionData"]["user"]["surname"] == "Hopper"
    assert done["completionData"]["device"]["ipAddress"] == IP and "risk" not in done["completionData"]
    another = peer.authenticate(IP)
    assert peer.cancel(another["orderRef"])
    for gone in (another["orderRef"], "nobody-knows-it"):
        with pytest.raises(InvalidParametersError):
            peer.cancel(gone)


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_user_ip": "not an address"},
        {"end_user_ip": IP, "requirement": {"colour": "blue"}},
        {"end_user_ip": IP, "user_visible_data": "x" * 1_200},
    ],
    ids=["address", "requirement", "text too long"],
)
def test_the_package_reads_the_simulators_refusals_as_bankids(peer, wrong):
    with pytest.raises(InvalidParametersError):
        peer.authenticate(**wrong)


def test_package_and_adapter_see_the_same_order(simulator, peer):
    adapter = adapter_of("bankid_se")
    ctx = BankIdBench(simulator).ctx()
    started = adapter.start(ctx, request_of())
    assert peer.collect(started.ref.partner_ref)["hintCode"] == "outstandingTransaction"
    assert adapter.fetch(ctx, started.ref).hint is Hint.OPEN_APP
    link = parse_qs(urlsplit(started.url).query)
    assert link["redirect"][0].startswith("http://acme.localhost:8000/recover/return?state=")
    simulator.finish_session(started.ref.partner_ref, "verified", family=CANARY)
    theirs = peer.collect(started.ref.partner_ref)["completionData"]
    ours = {claim.name: claim.value for claim in adapter.fetch(ctx, started.ref).claims}
    assert ours["family_name"] == theirs["user"]["surname"] == CANARY
    assert ours["national_id"] == theirs["user"]["personalNumber"]
    assert theirs["risk"] == "low", "the adapter asked for it"


def test_a_caller_whom_nobody_vouches_for_is_not_heard(simulator, tmp_path):
    with pytest.raises(httpx.HTTPError):
        package(simulator, tmp_path, stranger()).authenticate(IP)
    status, _, _ = simulator.ask("POST", "/rp/v6.0/auth", b"{}", Content_Type="application/json")
    assert status == 404, "the other port is no way around the certificate"


def test_a_code_from_before_or_for_another_order_opens_nothing(simulator, peer):
    made = peer.authenticate(IP)
    old = peer.generate_qr_code_content(
        made["qrStartToken"], clock.now().timestamp() - 20, made["qrStartSecret"]
    )
    other = peer.generate_qr_code_content(made["qrStartToken"], clock.now().timestamp(), "another secret")
    for code in (old, other, "bankid.x.1.y", "https://example.com"):
        with pytest.raises(AssertionError, match="refused"):
            simulator.scan(code)
    assert peer.collect(made["orderRef"])["hintCode"] == "outstandingTransaction"


def test_an_order_that_nobody_opens_is_over_after_half_a_minute(simulator, peer):
    made = peer.authenticate(IP)
    simulator.grow_older(made["orderRef"], 31)
    assert peer.collect(made["orderRef"])["hintCode"] == "startFailed"
    bench = BankIdBench(simulator)
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    simulator.grow_older(started.ref.partner_ref, 31)
    snapshot = bench.adapter.fetch(ctx, started.ref)
    assert (snapshot.phase, snapshot.is_link_over) == (Phase.WAITING_FOR_USER, True)
