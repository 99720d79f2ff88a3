"""BankID on the bench: orders are made over mutual TLS, scanned by their code, and collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal.kit import clock
from tests.vendors.conformance.expected import (
    CANARY,
    DOWN,
    REFUSED,
    RETRY,
    Expected,
    Fault,
    ctx_of,
)
from tests.vendors.simulated import Simulator
from vendors.adapters.bankid_se.adapter import BankIdAdapter
from vendors.contract import (
    ContractBroken,
    Ctx,
    Outcome,
    Reason,
    SessionRef,
    Snapshot,
    Started,
    StateMismatch,
)
from vendors.registry import adapter_of


def stranger() -> str:
    """PEM of a certificate that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody else")])
    moment = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (made.public_bytes(Encoding.PEM) + secret).decode()


WHO = {"given_names": "Ada", "family_name": CANARY, "birthdate": "1990-02-01", "national_id_country": "SWE"}


class BankIdBench:
    vendor = "bankid_se"
    simulator_key = ""
    scenarios: Mapping[str, Expected] = {
        "verified": Expected(Outcome.VERIFIED, claims=WHO | {"national_id": "199002012384"}),
        "coordination_number": Expected(Outcome.VERIFIED, claims=WHO | {"national_id": "199002612381"}),
        "diacritics": Expected(
            Outcome.VERIFIED, claims={"given_names": "Åsa Märta", "family_name": "Öström"}
        ),
        "other_address": Expected(Outcome.VERIFIED, claims=WHO),
        "risk_moderate": Expected(Outcome.VERIFIED, claims=WHO),
        "risk_high": Expected(REFUSED, (Reason.RISK_SIGNAL,)),
        "risk_blocked": Expected(REFUSED, (Reason.RISK_SIGNAL,)),
        "certificate_error": Expected(REFUSED, (Reason.EID_BLOCKED,)),
        "user_cancel": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
        "expired": Expected(Outcome.EXPIRED, (Reason.TIMED_OUT,)),
        "used_elsewhere": Expected(RETRY, (Reason.EID_USED_ELSEWHERE,)),
        "app_too_old": Expected(RETRY, (Reason.DEVICE_UNSUPPORTED,)),
    }
    faults: Mapping[str, Fault] = {
        **DOWN,
        "unknown_word": (ContractBroken, "status_unknown"),
        "another_session": (StateMismatch, "record_of_another_session"),
    }

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        adapter = adapter_of(self.vendor)
        assert isinstance(adapter, BankIdAdapter)
        self.adapter = adapter
        # The certificate of somebody whom the other side does not know.
        self.wrong_secret = stranger()

    def ctx(self) -> Ctx:
        return ctx_of(self.simulator.config, self.simulator.secrets)

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        """Scanned, as this second's code wants it, and confirmed."""
        code = self.adapter.code_at(started.ref, ctx.now)
        assert self.simulator.scan(code) == started.ref.partner_ref
        self.simulator.finish_session(started.ref.partner_ref, scenario, family=CANARY)
        return replace(started.ref)

    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        return self.adapter.fetch(ctx, ref)

    def misbehave(self, fault: str) -> None:
        self.simulator.misbehave(fault)
