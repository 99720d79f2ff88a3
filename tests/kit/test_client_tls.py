"""A client certificate for one request: what is taken, what is not, and where the key lies meanwhile."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from portal.kit import clock, http
from portal.kit.client_tls import ClientTls, check_dates, open_tls, read_identity, read_roots, refusal_of
from portal.kit.errors import Misconfigured


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey | None = None,
    *,
    days: tuple[int, int] = (-1, 1),
) -> str:
    made = (
        x509.CertificateBuilder()
        .subject_name(named("Somebody"))
        .issuer_name(named("An authority" if signer else "Somebody"))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(clock.now() + timedelta(days=days[0]))
        .not_valid_after(clock.now() + timedelta(days=days[1]))
        .sign(signer or key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def authority(key: ec.EllipticCurvePrivateKey) -> str:
    made = (
        x509.CertificateBuilder()
        .subject_name(named("An authority"))
        .issuer_name(named("An authority"))
        .public_key(key.public_key())
        .serial_number(8)
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def private(key: ec.EllipticCurvePrivateKey, word: bytes = b"") -> str:
    kept = BestAvailableEncryption(word) if word else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept).decode()


KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = certificate(KEY)
GOOD = CERTIFICATE + private(KEY)


@pytest.mark.parametrize(
    "pem", [GOOD, private(KEY) + CERTIFICATE, f"Bag Attributes\n  friendlyName: x\n{GOOD}"]
)
def test_a_certificate_with_its_key_is_an_identity_in_any_order(pem: str):
    assert read_identity(pem).subject == "CN=Somebody"
    assert read_identity(pem).not_after > clock.now()


@pytest.mark.parametrize(
    "pem",
    [
        "",
        CERTIFICATE,
        private(KEY),
        CERTIFICATE + private(KEY, b"a pass phrase"),
        GOOD + private(OTHER),
        GOOD.replace("A", "B"),
        "not PEM at all",
        GOOD + "x" * 60_000,
    ],
    ids=[
        "nothing",
        "no key",
        "no certificate",
        "locked",
        "two keys",
        "broken",
        "prose",
        "huge",
    ],
)
def test_what_is_not_a_certificate_with_its_one_key_is_refused(pem: str):
    with pytest.raises(Misconfigured, match="client_certificate_unusable"):
        read_identity(pem)


ROOT, STRANGE = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ISSUED = certificate(KEY, ROOT)


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (CERTIFICATE + private(OTHER), "client_certificate_of_another_key"),
        (ISSUED + authority(STRANGE) + private(KEY), "client_certificate_path_broken"),
        (ISSUED + certificate(OTHER) + private(KEY), "client_certificate_path_broken"),
        (certificate(KEY, days=(-9, -1)) + private(KEY), "client_certificate_over"),
        (certificate(KEY, days=(1, 9)) + private(KEY), "client_certificate_early"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_told_by_what_is_wrong_with_it(pem: str, code: str):
    with pytest.raises(Misconfigured, match=code):
        check_dates(read_identity(pem))
    with pytest.raises(Misconfigured, match=code):
        open_tls(ClientTls(pem, CERTIFICATE))


def test_those_that_lead_to_the_issuer_may_stand_in_any_order(monkeypatch: pytest.MonkeyPatch):
    sent: list[bytes] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(self, certfile, keyfile=None, password=None):
        sent.append(Path(certfile).read_bytes())
        load(self, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    mixed = authority(ROOT) + private(KEY) + ISSUED
    assert read_identity(mixed).issuer == "CN=An authority"
    open_tls(ClientTls(mixed, CERTIFICATE))
    assert sent[0].startswith(ISSUED.encode())


@pytest.mark.parametrize("pem", ["", "prose", private(KEY), CERTIFICATE.replace("M", "N", 3), "x" * 70_000])
def test_roots_are_certificates_and_no_root_is_no_belief(pem: str):
    with pytest.raises(Misconfigured, match="roots_unusable"):
        read_roots(pem)
    with pytest.raises(Misconfigured, match="roots_unusable"):
        open_tls(ClientTls(GOOD, pem))


def test_the_key_is_on_no_disk_in_the_clear_and_on_none_at_all_afterwards(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[Path, bytes, int]] = []
    load = ssl.SSLContext.load_cert_chain

    def look(self: ssl.SSLContext, file: Path, **more: bytes) -> None:
        seen.append((file, file.read_bytes(), file.stat().st_mode & 0o777))
        load(self, file, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", look)
    context = open_tls(ClientTls(GOOD, CERTIFICATE))
    ((file, written, mode),) = seen
    assert b"ENCRYPTED PRIVATE KEY" in written and b"BEGIN PRIVATE" not in written and mode == 0o600
    assert not file.exists() and not file.parent.exists()
    assert context.cert_store_stats()["x509"] == 1, "no authority but the one that was given"
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_an_identity_is_shown_to_nobody_over_plain_http_and_in_no_repr():
    tls = ClientTls(GOOD, CERTIFICATE)
    assert "PRIVATE" not in repr(tls) and "CERTIFICATE" not in repr(tls)
    with pytest.raises(Misconfigured, match="address_not_https"):
        http.send("GET", "http://partner.localhost:1/", tls=tls)


def alerts() -> Iterator[tuple[str, str | None]]:
    yield "TLSV1_ALERT_UNKNOWN_CA", "client_certificate_refused"
    yield "TLSV13_ALERT_CERTIFICATE_REQUIRED", "client_certificate_refused"
    yield "SSLV3_ALERT_CERTIFICATE_EXPIRED", "client_certificate_refused"
    yield "TLSV1_ALERT_INTERNAL_ERROR", None
    yield "WRONG_VERSION_NUMBER", None


@pytest.mark.parametrize(("reason", "code"), list(alerts()))
def test_a_refused_certificate_is_told_from_a_broken_connection(reason: str, code: str | None):
    error = ssl.SSLError(1, reason)
    error.reason = reason
    wrapped = OSError("wrapped")
    wrapped.__cause__ = error
    assert refusal_of(error) == refusal_of(wrapped) == code
    assert refusal_of(ConnectionResetError()) is None
