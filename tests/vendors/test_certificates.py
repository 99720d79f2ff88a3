"""A certificate that an organisation calls its partner with: changed beside the one in use, and its end told ahead."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tenants.verified_id.models import ClientCertificate, TrustedIssuer
from tests.conftest import make_member, make_tenant
from tests.vendors.conformance.bankid import stranger
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from vendors import alerts, expiring
from vendors.context import open_secrets
from vendors.models import Connection, PartnerKeys

SEALED = b"a simulator holds nothing that is worth a secret"
PRIVATE = "-----BEGIN PRIVATE"
CALLERS = "Simulated root for relying parties"


def issued(*, days: int) -> str:
    """PEM of a new certificate that the simulator takes, with its key."""
    derived = hmac.new(SEALED, f"bankid key {CALLERS}".encode(), hashlib.sha256).hexdigest()[:40]
    signer, key = (
        ec.derive_private_key(int(derived, 16), ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A simulator on this machine")
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The next one")]))
        .issuer_name(x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, CALLERS)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=days))
        .sign(signer, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (made.public_bytes(Encoding.PEM) + secret).decode()


@pytest.fixture
def place(simulators):
    return RestJourney(make_tenant(is_demonstration=True), simulators["bankid_se"])


def test_a_new_certificate_is_tried_beside_the_one_in_use_and_the_page_says_until_when(place, staff_client):
    connection = place.connect()
    admin = staff_client(Role.ADMINISTRATOR, place.tenant)
    address = f"/o/{place.tenant.slug}/partners/bankid_se/keys"

    def enter(pem):
        seen = admin.get(address).context["form"].fields["seen"].initial
        answer = admin.post(address, {"identity": pem, "seen": seen})
        work(place.tenant)
        return answer.content.decode() if answer.status_code == 200 else admin.get(address).content.decode()

    def in_use():
        with tenant_scope(place.tenant.id):
            return open_secrets(Connection.objects.get(id=connection.id))["identity"]

    first, new = in_use(), issued(days=20)
    certificate, secret = new.partition(PRIVATE)[0], new[new.index(PRIVATE) :]
    # One: two are not always of one length.
    other = stranger()
    for wrong, sentence in (
        (certificate, "not a certificate together with its private key"),
        (certificate + other[other.index(PRIVATE) :], "does not belong to this certificate"),
        (certificate + other.partition(PRIVATE)[0] + secret, "do not lead from it"),
        (issued(days=0), "has run out"),
        # Tried at the partner, which knows nobody who vouches for it.
        (stranger(), "does not accept this certificate"),
    ):
        assert sentence in enter(wrong)
        assert in_use() == first
    page = enter(new)
    assert "They work" in page and "19 days left" in page
    with tenant_scope(place.tenant.id):
        row = PartnerKeys.objects.get(connection=connection)
    admin.post(f"{address}/use", {"set": row.set_id.hex})
    work(place.tenant)
    assert in_use() == new.strip()
    page = admin.get(address).content.decode()
    assert "Switch back to them" in page and f"CN={CALLERS}" in page


def test_the_end_of_each_certificate_is_told_once_at_each_step(place, monkeypatch):
    connection = place.connect()
    make_member(place.tenant, Role.ADMINISTRATOR)
    told, tell = [], expiring.tell_of_certificate

    def watched(one, label, runs_out_at, **how):
        if one.id == connection.id:
            before = StaffMail.objects.filter(template="staff_certificate_ends").count()
            tell(one, label, runs_out_at, **how)
            assert StaffMail.objects.filter(template="staff_certificate_ends").count() == before + 1
            told.append((label, how["place"]))

    monkeypatch.setattr(expiring, "tell_of_certificate", watched)
    # Thirty days of looking through the organisations of every test would say nothing more.
    monkeypatch.setattr(expiring.Tenant.objects, "iterator", lambda: iter([place.tenant]))
    with tenant_scope(place.tenant.id):
        own, root = expiring.certificates_of(Connection.objects.get(id=connection.id))
    assert (own.place, root.place) == ("keys", "settings")
    ends = own.runs_out_at
    monkeypatch.setattr(expiring, "read_roots", lambda _pem: ends - timedelta(days=2))
    steps = ((33, 0), (31, 1), (30, 1), (29, 0), (16, 1), (14, 1), (13, 0), (9, 1), (6, 1), (5, 1))
    steps = (*steps, (3, 2), (2, 1), (1, 1), (0, 1), (-3, 0))
    for days, number in steps:
        with clock.frozen(ends - timedelta(days=days) + timedelta(minutes=1)):
            expiring.tell_ahead()
            expiring.tell_ahead()
        assert len(told) == number, (days, told)
        told.clear()


def test_what_a_wallet_is_asked_with_and_believed_by_is_told_ahead_too(tenant, monkeypatch):
    make_member(tenant, Role.ADMINISTRATOR)
    with tenant_scope(tenant.id):
        Connection.objects.create(vendor="eu_pid", kind="own_contract", status="ready")
        pem = issued(days=20)
        ends = expiring.read_identity(pem).not_after
        chain = pem.partition(PRIVATE)[0]
        ClientCertificate.objects.create(
            host="x.example", private_sealed=b"", chain_pem=chain, expires_at=ends
        )
        TrustedIssuer.objects.create(
            name="State of Utopia",
            purpose=TrustedIssuer.Purpose.PID,
            certificate_pem=chain,
            format="dc+sd-jwt",
            status_origin="https://utopia.example",
        )
    mails = []
    monkeypatch.setattr(
        alerts, "send_staff_mail", lambda _template, *, address, context: mails.append(context)
    )
    expiring.tell_ahead()
    expiring.tell_ahead()
    mails = [mail for mail in mails if mail["organisation"] == tenant.name]
    assert {(mail["setting"], mail["place"]) for mail in mails} == {
        ("Access certificate", "access"),
        ("State of Utopia", "issuers"),
    }
    assert len(mails) == 2
