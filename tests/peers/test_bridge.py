"""The bridge asked by clients nobody of us wrote it for: openid-client over HTTP, and our own adapter for a vendor of one's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tests.bridge.conftest import Bridge, issuer_of, make_bridge
from tests.conftest import make_tenant
from tests.peers.serving import Served, shared_origins
from tests.vendors.conftest import work
from tests.vendors.hostile import HostileProvider, make_jpeg
from vendors import services
from vendors.addresses import RETURN_PATH, return_url_of
from vendors.bridge.models import BridgeClient
from vendors.models import Connection, ProofingAttempt
from vendors.phases import Errand
from vendors.selectors import proofing_state

MEANT = {"given_name": {"value": "Ada", "fuzzy": True}, "family_name": {"value": "Lovelace"}}
ASKED = {
    "id_token": {
        "verified_claims": [
            {
                "verification": {
                    "trust_framework": {"value": "IDV-DELEGATED"},
                    "assurance_level": {"value": "VERIFIED"},
                },
                "claims": MEANT,
            }
        ]
    }
}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def client(node: Path) -> Iterator[Ask]:
    script = Path(__file__).parent / "node" / "client.mjs"
    process = subprocess.Popen(
        ["node", str(script), str(node)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask(**members: Any) -> dict[str, Any]:
        stdin.write(json.dumps(members) + "\n")
        stdin.flush()
        said: dict[str, Any] = json.loads(stdout.readline())
        return said

    yield ask
    stdin.close()
    process.wait(10)
    stdout.close()


@pytest.fixture
def place(server: Served) -> Iterator[Callable[..., Bridge]]:
    provider = HostileProvider()
    provider.answers.portrait = make_jpeg()
    with shared_origins(server.origins):
        yield lambda **changes: make_bridge(provider, **changes)
    provider.close()


def walk(bridge: Bridge, url: str) -> str:
    """A person, from the client's link to the address the browser is sent back to."""
    browser, parts = bridge.browser(), urlsplit(url)
    assert browser.http.get(f"{parts.path}?{parts.query}").url == "/bridge/consent"
    browser.prove()
    return str(browser.http.get("/bridge/leave", headers={"HX-Request": "true"}).headers["HX-Redirect"])


@pytest.mark.parametrize("proof", ["basic", "post", "key"])
def test_openid_client_pushes_is_answered_and_believes_the_token(client, place, proof):
    changes = {}
    if proof == "key":
        changes = {"proof": "private_key_jwt", "jwks": client(verb="keys")["jwks"]}
    bridge = place(**changes)
    begun = client(
        verb="begin",
        issuer=issuer_of(bridge),
        clientId=bridge.client.public_id,
        secret=bridge.secret,
        proof=proof,
        redirectUri=bridge.client.redirect_uris[0],
        claims=ASKED,
    )
    assert "url" in begun, begun
    returned = walk(bridge, begun["url"])
    claims = client(verb="finish", returned=returned)["claims"]
    (told,) = claims["verified_claims"]
    assert told["verification"]["assurance_level"] == "VERIFIED"
    assert told["claims"] == {"given_name": "MATCHED", "family_name": "MATCHED"}
    again = client(verb="finish", returned=returned)
    assert again["error"] == "invalid_grant"


def test_openid_client_refuses_an_answer_that_names_another_issuer(client, place):
    bridge = place()
    begun = client(
        verb="begin",
        issuer=issuer_of(bridge),
        clientId=bridge.client.public_id,
        secret=bridge.secret,
        proof="basic",
        redirectUri=bridge.client.redirect_uris[0],
        claims=ASKED,
    )
    returned = walk(bridge, begun["url"])
    mixed = returned.replace(f"{bridge.tenant.slug}.localhost", "another.localhost")
    assert "error" in client(verb="finish", returned=mixed)
    assert "claims" in client(verb="finish", returned=returned)


@pytest.mark.parametrize(("mode", "outcome"), [("production", "verified"), ("evaluation", "partner_failed")])
def test_our_adapter_for_a_vendor_of_ones_own_is_answered_by_the_bridge(place, mode, outcome):
    """Another organisation here uses the bridge of this one as its vendor. A rehearsal of one is none of the other's proofs."""
    other = make_tenant()
    bridge = place(
        serves="openid",
        name="Other",
        claims=["birthdate", "document"],
        redirect_uris=[return_url_of(other.slug, "oidc")],
    )
    bridge.change(mode=BridgeClient.Mode(mode))
    with tenant_scope(other.id):
        connection = services.bring_own_partner(
            "oidc",
            config={"issuer": issuer_of(bridge), "client_id": bridge.client.public_id},
            secrets={"client_secret": bridge.secret},
            actor=SYSTEM,
        )
    work(other)
    with tenant_scope(other.id):
        assert Connection.objects.get(id=connection.id).problems == []
        attempt = services.begin_proofing(
            connection_id=connection.id,
            reference=uuid7(),
            browser_digest=digest("its browser"),
            return_url=return_url_of(other.slug, "oidc"),
            locale="en",
            purpose="Recover your account",
            demonstration=False,
        )
    work(other)
    with tenant_scope(other.id):
        url = proofing_state(attempt.id).continue_url
    assert url
    query = urlsplit(walk(bridge, url)).query
    with tenant_scope(other.id):
        browsers = {Errand.RECOVERY: digest("its browser")}
        services.receive_return(query=parse_qs(query), browsers=browsers, came_to=RETURN_PATH)
    work(other)
    with tenant_scope(other.id):
        found = ProofingAttempt.objects.get(id=attempt.id)
        assert found.outcome == outcome, found.failure_code
        if outcome == "verified":
            claims = services.take_result(attempt.id).claims
            assert (claims["given_names"], claims["birthdate"]) == ("Ada", "1985-12-10")
            assert claims["document_number"] == "P1234567"
