"""A wallet and a PID provider that nobody here wrote answer the EU wallet's request, by either name of the verifier."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import trusting
from tenants.verified_id.clients import begin_certificate, complete_certificate
from tenants.verified_id.protocol.certificates import x5c_of
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_tenant
from tests.peers.conftest import Wallet
from tests.peers.serving import Served, shared_origins
from tests.vendors.conftest import BROWSER, work
from tests.verified_id.test_asking import _signed, answered, authority_pair
from vendors import selectors, services
from vendors.addresses import RETURN_PATH, return_url_of
from vendors.models import Connection, ProofingAttempt
from vendors.phases import Errand

WHO = {
    "given_name": "Erika",
    "family_name": "Mustermann",
    "birthdate": "1984-08-12",
    "issuing_country": "DE",
    "nationalities": ["DE"],
    "document_number": "T22000129",
}


@dataclass
class Provider:
    """Its certificate, and the status list that it publishes."""

    origin: str = ""
    lists: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.lists.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/statuslist+jwt")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.origin = f"http://pid.localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def prepared(tenant: Tenant, provider: Provider) -> dict[str, Any]:
    """The tenant believes the provider and is registered; what the provider is told to sign with."""
    root, root_key = authority_pair()
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.UniformResourceIdentifier(provider.origin)]
    leaf = _signed(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "PID provider")]),
        root.subject,
        key.public_key(),
        root_key,
        names,
    )
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        _row, request = begin_certificate()
        complete_certificate(answered(request, *authority_pair()), actor=SYSTEM)
        trusting.add_trusted_issuer(
            name="PID provider",
            purpose="pid",
            certificate_pem=root.public_bytes(Encoding.PEM).decode(),
            status_origin=provider.origin,
            actor=SYSTEM,
        )
    work(tenant)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "verb": "pid",
        "key": pem,
        "x5c": x5c_of([leaf]),
        "issuer": provider.origin,
        "statusUri": f"{provider.origin}/status",
        "claims": WHO,
    }


def begun(tenant: Tenant, client: str) -> tuple[ProofingAttempt, str]:
    with tenant_scope(tenant.id):
        Connection.objects.update(status="removed")
        made = services.bring_own_partner(
            "eu_pid", config={"client": client, "environment": "test"}, secrets={}, actor=SYSTEM
        )
    work(tenant)
    with tenant_scope(tenant.id):
        attempt = services.begin_proofing(
            connection_id=made.id,
            reference=uuid7(),
            browser_digest=BROWSER,
            return_url=return_url_of(tenant.slug, "oidc"),
            locale="en",
            purpose="Recover your account",
            demonstration=True,
        )
    work(tenant)
    with tenant_scope(tenant.id):
        link = selectors.proofing_state(attempt.id).continue_url
    assert link is not None and link.startswith("openid4vp://?"), attempt.failure_code
    return attempt, link


def test_another_wallet_reads_verifies_and_answers_the_request_by_either_name(
    server: Served, wallet: Wallet, provider: Provider
) -> None:
    with shared_origins(server.origins):
        tenant = make_tenant(is_demonstration=True)
        issuing = prepared(tenant, provider)
        asked = [begun(tenant, client) for client in ("x509_hash", "x509_san_dns")]
        said = wallet(issuing, *({"verb": "show", "request": link} for _attempt, link in asked))
        failed = [answer for answer in said["answers"] if "error" in answer]
        assert not failed, (failed, said["seen"])
        issued, *shown = said["answers"]
        provider.lists["/status"] = issued["status"].encode()
        assert [answer["client"] for answer in shown] == ["x509_hash", "x509_san_dns"]
        for (attempt, _link), answer in zip(asked, shown, strict=True):
            assert (answer["status"], answer["responseMode"], answer["signedBy"]) == (
                200,
                "direct_post.jwt",
                "x5c",
            )
            back = parse_qs(urlsplit(answer["body"]["redirect_uri"]).query)
            with tenant_scope(tenant.id):
                browsers = {Errand.RECOVERY: BROWSER}
                services.receive_return(query=back, browsers=browsers, came_to=RETURN_PATH)
            work(tenant)
            with tenant_scope(tenant.id):
                result = services.take_result(attempt.id)
            assert dict(result.claims) == {
                "given_names": "Erika",
                "family_name": "Mustermann",
                "birthdate": "1984-08-12",
                "document_number": "T22000129",
                "document_country": "DEU",
            }
