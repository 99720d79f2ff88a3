"""What the kit must know of each adapter: how its partner is made to answer, and what each answer has to become.

A new adapter is a line in `BENCHES`. Everything a partner can say well or badly is data here; what must hold for all of them
is in `test_adapters`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tenants.verified_id.protocol.did_web import read_did_document
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.trusting import HANDED_OVER
from tests.vendors.conformance.bankid import BankIdBench
from tests.vendors.conformance.eu_pid import EuPidBench
from tests.vendors.conformance.expected import (
    CANARY,
    DOCUMENT,
    DOWN,
    PROVEN,
    REFUSED,
    RETRY,
    RETURN_URL,
    STATE,
    Expected,
    Fault,
    ctx_of,
    request_of,
)
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from tests.vendors.simulated import Simulator
from vendors.believing import Believed, TrustedCredentials
from vendors.contract import (
    Adapter,
    BadConfig,
    ContractBroken,
    Ctx,
    Fetches,
    HandlesReturn,
    InboundReturn,
    IssuerUntrusted,
    Outcome,
    PartnerAuthFailed,
    PartnerDown,
    Reason,
    RequestRejected,
    SessionRef,
    SignatureInvalid,
    Snapshot,
    Stale,
    Started,
    StateMismatch,
)
from vendors.registry import adapter_of


class Bench(Protocol):
    """One adapter with a partner that does what it is told."""

    adapter: Any
    scenarios: Mapping[str, Expected]
    faults: Mapping[str, Fault]

    def ctx(self) -> Ctx: ...
    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef: ...
    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot: ...
    def misbehave(self, fault: str) -> None: ...


class RestBench:
    """A partner with a record, played by its simulator."""

    scenarios: Mapping[str, Expected] = {}
    faults: Mapping[str, Fault] = {
        **DOWN,
        "unpaid": (BadConfig, "partner_unpaid"),
        "unknown_word": (ContractBroken, "status_unknown"),
        "another_session": (StateMismatch, "record_of_another_session"),
        "another_reference": (StateMismatch, "record_of_another_session"),
        "picture_elsewhere": (IssuerUntrusted, "picture_elsewhere"),
        "picture_unusable": (ContractBroken, "attachment_not_jpeg"),
    }
    vendor = ""
    simulator_key = ""
    # The same attempt is the same session there, and a session can be ended from here.
    takes_a_key = True
    # The setting that says where the key goes, addresses that cannot be it, and what is said of them.
    elsewhere: tuple[str, tuple[str, ...], str] = (
        "api_base",
        ("https://evil.example", "https://api.stripe.com.evil.example", "http://api.stripe.com"),
        "api_base_unusable",
    )

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.adapter: Adapter = adapter_of(self.vendor)

    def ctx(self) -> Ctx:
        return ctx_of(self.simulator.config, self.simulator.secrets)

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        self.simulator.finish(started.url, scenario, family=CANARY)
        self.simulator.settle(started.url)
        return started.ref

    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        assert isinstance(self.adapter, Fetches)
        return self.adapter.fetch(ctx, ref)

    def misbehave(self, fault: str) -> None:
        self.simulator.misbehave(fault)


class StripeBench(RestBench):
    vendor = "stripe_identity"
    scenarios = {
        "verified": Expected(Outcome.VERIFIED, claims=PROVEN | DOCUMENT, portrait=True),
        "processing_then_verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "missing_portrait": Expected(Outcome.VERIFIED, claims=PROVEN),
        "mononym": Expected(Outcome.VERIFIED, claims={"family_name": CANARY}, portrait=True),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}, portrait=True),
        "document_expired": Expected(RETRY, (Reason.DOC_EXPIRED,)),
        "document_unverified_other": Expected(RETRY, (Reason.DOC_NOT_GENUINE,)),
        "document_type_not_supported": Expected(RETRY, (Reason.DOC_UNSUPPORTED,)),
        "selfie_face_mismatch": Expected(RETRY, (Reason.FACE_MISMATCH,)),
        "selfie_manipulated": Expected(RETRY, (Reason.PRESENTATION_ATTACK,)),
        "selfie_document_missing_photo": Expected(RETRY, (Reason.FACE_MISSING,)),
        "selfie_unverified_other": Expected(RETRY, (Reason.LIVENESS_FAILED,)),
        "id_number_mismatch": Expected(RETRY, (Reason.ID_NUMBER_MISMATCH,)),
        "under_supported_age": Expected(RETRY, (Reason.UNDER_AGE,)),
        "country_not_supported": Expected(RETRY, (Reason.COUNTRY_UNSUPPORTED,)),
        "device_not_supported": Expected(RETRY, (Reason.DEVICE_UNSUPPORTED,)),
        "consent_declined": Expected(Outcome.USER_ABORTED, (Reason.CONSENT_DECLINED,)),
        "abandoned": Expected(Outcome.USER_ABORTED, (Reason.TIMED_OUT,)),
        "canceled": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
    }
    faults = {**RestBench.faults, "no_document": (ContractBroken, "verified_without_document")}


class PersonaBench(RestBench):
    vendor = "persona"
    scenarios = {
        "verified": Expected(Outcome.VERIFIED, claims=PROVEN | DOCUMENT, portrait=True),
        "review_then_verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "missing_portrait": Expected(Outcome.VERIFIED, claims=PROVEN),
        "mononym": Expected(Outcome.VERIFIED, claims={"family_name": CANARY}, portrait=True),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}, portrait=True),
        "document_expired": Expected(REFUSED, (Reason.DOC_EXPIRED,)),
        "document_not_genuine": Expected(REFUSED, (Reason.DOC_NOT_GENUINE,)),
        "document_inconsistent": Expected(REFUSED, (Reason.DATA_INCONSISTENT,)),
        "face_mismatch": Expected(REFUSED, (Reason.FACE_MISMATCH,)),
        "liveness_failed": Expected(REFUSED, (Reason.LIVENESS_FAILED,)),
        "review_then_declined": Expected(REFUSED, (Reason.DOC_NOT_GENUINE,)),
        "too_many_tries": Expected(REFUSED, (Reason.TOO_MANY_TRIES,)),
        "expired": Expected(Outcome.EXPIRED, (Reason.TIMED_OUT,)),
    }
    faults = {**RestBench.faults, "no_document": (ContractBroken, "approved_without_document")}


class IdemiaBench(RestBench):
    """A partner without an idempotency key and without a word for canceling; its record names no reference of ours."""

    vendor = "idemia"
    takes_a_key = False
    scenarios = {
        "verified": Expected(
            Outcome.VERIFIED,
            claims=PROVEN | {"document_type": "passport", "document_country": "GBR"},
            portrait=True,
        ),
        "review_then_verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "mononym": Expected(Outcome.VERIFIED, claims={"family_name": CANARY}, portrait=True),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}, portrait=True),
        "level_too_low": Expected(REFUSED, (Reason.ASSURANCE_TOO_LOW,)),
        "document_expired": Expected(REFUSED, (Reason.DOC_EXPIRED,)),
        "document_lost": Expected(REFUSED, (Reason.DOC_LOST_OR_STOLEN,)),
        "document_tampered": Expected(REFUSED, (Reason.DOC_NOT_GENUINE,)),
        "document_not_read": Expected(REFUSED, (Reason.DOC_UNREADABLE,)),
        "document_not_verified": Expected(REFUSED, (Reason.OTHER,)),
        "face_mismatch": Expected(REFUSED, (Reason.FACE_MISMATCH,)),
        "liveness_failed": Expected(REFUSED, (Reason.LIVENESS_FAILED,)),
    }
    faults = {
        name: fault
        for name, fault in RestBench.faults.items()
        if name not in ("another_reference", "picture_elsewhere")
    }
    elsewhere = (
        "api_base",
        ("https://evil.example", "https://gips.idemia.io.evil.example", "http://gips.idemia.io"),
        "api_base_unusable",
    )

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        return super().end(ctx, replace(started, url=self.simulator.follow(started.url)), scenario)


class HandoffBench(RestBench):
    """A partner that hands over a credential of its own. The tenant trusts its DID, and nobody else."""

    simulator_key = "handoff"
    elsewhere = (
        "service",
        ("http://evil.example", "https://somebody@evil.example", "https://evil.example/?to=", "handoff"),
        "service_unusable",
    )
    scenarios = {
        "verified": Expected(Outcome.VERIFIED, claims=PROVEN | DOCUMENT, portrait=True),
        "processing_then_verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "missing_portrait": Expected(Outcome.VERIFIED, claims=PROVEN),
        "mononym": Expected(Outcome.VERIFIED, claims={"family_name": CANARY}, portrait=True),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}, portrait=True),
        "document_expired": Expected(REFUSED, (Reason.DOC_EXPIRED,)),
        "document_not_genuine": Expected(REFUSED, (Reason.DOC_NOT_GENUINE,)),
        "face_mismatch": Expected(REFUSED, (Reason.FACE_MISMATCH,)),
        "presentation_attack": Expected(REFUSED, (Reason.PRESENTATION_ATTACK,)),
        "new_reason": Expected(REFUSED, (Reason.OTHER,)),
        "unreadable": Expected(RETRY, (Reason.DOC_UNREADABLE,)),
        "canceled": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
        "expired": Expected(Outcome.EXPIRED, (Reason.TIMED_OUT,)),
        "failed": Expected(Outcome.PARTNER_FAILED, (Reason.PARTNER_ERROR,)),
    }
    faults = {
        **{name: fault for name, fault in RestBench.faults.items() if name != "picture_elsewhere"},
        "no_document": (ContractBroken, "credential_missing"),
        "another_issuer": (IssuerUntrusted, "credential_key_not_trusted"),
        "another_key": (SignatureInvalid, "credential_signature"),
        "another_type": (ContractBroken, "credential_vct"),
        "another_holder": (SignatureInvalid, "credential_signature"),
        "no_key_binding": (ContractBroken, "credential_kb_missing"),
        "shown_before": (StateMismatch, "credential_kb_nonce"),
        "credential_of_before": (Stale, "credential_of_before"),
        "credential_expired": (Stale, "credential_expired"),
        "credential_revoked": (Stale, "credential_status_not_valid"),
        "status_unavailable": (PartnerDown, "credential_status_unavailable"),
    }

    def ctx(self) -> Ctx:
        settings = dict(self.simulator.config)
        return replace(super().ctx(), believed=trust_in(self.simulator, settings["issuer_did"]))


class Au10tixBench(HandoffBench):
    vendor = "au10tix"


class TrueCredentialBench(HandoffBench):
    vendor = "true_credential"


class IdemiaCredentialBench(HandoffBench):
    vendor = "idemia_credential"


def trust_in(simulator: Simulator, did: str) -> TrustedCredentials:
    """What a worker reads of an issuer, before it is written down."""
    document = json.loads(simulator.ask("GET", "/.well-known/did.json")[2])
    keys = read_did_document(document, expected_did=did)
    believed = Believed(Trust((did,), keys), (HANDED_OVER,), simulator.origin)
    return TrustedCredentials({did: believed})


def _refuse(provider: HostileProvider) -> None:
    provider.answers.level = "FAILED"
    provider.answers.reasons = ["doc_expired"]


def _broken(status: int, body: bytes) -> Callable[[HostileProvider], None]:
    return lambda provider: provider.answers.broken.update({"/token": (status, body)})


def _unknown_level(provider: HostileProvider) -> None:
    provider.answers.level = "PROBABLY"


def _another_key(provider: HostileProvider) -> None:
    provider.key, provider.other_key = provider.other_key, provider.key


class OidcBench:
    """A partner whose return carries a code, played by a provider that does whatever it is told."""

    vendor = "oidc"
    framework = ""
    scenarios: Mapping[str, Expected] = {
        "verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "refused": Expected(REFUSED, (Reason.DOC_EXPIRED,)),
        "gave_up": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
        "provider_failed": Expected(Outcome.PARTNER_FAILED, (Reason.PARTNER_ERROR,)),
    }
    faults: Mapping[str, Fault] = {
        **DOWN,
        "unknown_word": (ContractBroken, "assurance_level_unknown"),
        "another_key": (SignatureInvalid, "token_signature_wrong"),
        "another_client": (StateMismatch, "token_audience_wrong"),
        "key_refused": (PartnerAuthFailed, "client_refused"),
    }
    moves: Mapping[str, Callable[[HostileProvider], None]] = {
        "refused": _refuse,
        "down": _broken(503, b""),
        "rate_limited": _broken(429, b"{}"),
        "not_json": _broken(200, b"<html>soon"),
        "names_twice": _broken(200, b'{"id_token":"a","id_token":"b"}'),
        "huge": _broken(200, b'{"filler":"' + b"x" * 2_000_000 + b'"}'),
        "hang": lambda provider: provider.answers.hang.update({"/token": 40.0}),
        "unknown_word": _unknown_level,
        "another_key": _another_key,
        "another_client": lambda provider: setattr(
            provider.answers, "change_token", lambda claims: claims.update(aud="another")
        ),
        "key_refused": _broken(401, b'{"error":"invalid_client"}'),
    }
    errors: Mapping[str, str] = {"gave_up": "access_denied", "provider_failed": "server_error"}

    def __init__(self, provider: HostileProvider) -> None:
        self.provider = provider
        self.adapter: Any = adapter_of(self.vendor)
        provider.answers.claims |= {"family_name": CANARY, "birthdate": "1990-02-01"}
        provider.answers.portrait = make_jpeg()
        if self.framework:
            provider.answers.framework = self.framework
        self.query: dict[str, list[str]] = {}

    def ctx(self) -> Ctx:
        config = {"issuer": self.provider.issuer, "client_id": CLIENT_ID, "trust_framework": self.framework}
        return ctx_of(config, {"client_secret": CLIENT_SECRET})

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        self.moves.get(scenario, lambda provider: None)(self.provider)
        self.provider.answers.reuse_codes = True
        self.query = self.provider.visit(started.url)
        if scenario in self.errors:
            del self.query["code"]
            self.query["error"] = [self.errors[scenario]]
        assert parse_qs(urlsplit(started.url).query)["client_id"] == [CLIENT_ID]
        return started.ref

    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        assert isinstance(self.adapter, HandlesReturn)
        return self.adapter.handle_return(ctx, ref, InboundReturn(self.query))

    def misbehave(self, fault: str) -> None:
        self.moves[fault](self.provider)


class HouseBench(OidcBench):
    vendor = "house"
    framework = "readmit_house"


class EidBench:
    """An eID through a broker, played by the simulator of an OpenID Provider."""

    vendor = ""
    acr = "urn:test:eid"
    claims: Mapping[str, str] = {"given_names": "Ada", "family_name": CANARY, "birthdate": "1990-02-01"}
    scenarios: Mapping[str, Expected] = {
        "verified": Expected(Outcome.VERIFIED, claims=claims),
        "cyrillic": Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}),
        "access_denied": Expected(Outcome.USER_ABORTED, (Reason.USER_CANCELLED,)),
        "server_error": Expected(Outcome.PARTNER_FAILED, (Reason.PARTNER_ERROR,)),
    }
    faults: Mapping[str, Fault] = {
        **DOWN,
        "unpaid": (RequestRejected, "request_refused"),
        "unknown_word": (ContractBroken, "another_eid"),
        "another_session": (StateMismatch, "token_nonce_wrong"),
        "another_reference": (StateMismatch, "token_audience_wrong"),
    }

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.adapter: Any = adapter_of(self.vendor)
        self.query: dict[str, list[str]] = {}
        simulator.misbehave("code_works_again")

    def ctx(self) -> Ctx:
        return ctx_of({**self.simulator.config, "acr": self.acr}, self.simulator.secrets)

    def end(self, ctx: Ctx, started: Started, scenario: str) -> SessionRef:
        page = self.simulator.follow(started.url)
        self.query = parse_qs(urlsplit(self.simulator.finish(page, scenario, family=CANARY)).query)
        return started.ref

    def answer(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        assert isinstance(self.adapter, HandlesReturn)
        return self.adapter.handle_return(ctx, ref, InboundReturn(self.query))

    def misbehave(self, fault: str) -> None:
        self.simulator.misbehave("code_works_again", fault)


class MojeIdBench(EidBench):
    vendor = "mojeid"


class MitIdBench(EidBench):
    vendor = "mitid"


class FtnBench(EidBench):
    vendor = "ftn"


class SwedishBench(EidBench):
    vendor = "bankid_se_broker"


class CzechBench(EidBench):
    """Who it was stands inside verified claims alone; the token's own names are not verified."""

    vendor = "bankid_cz"
    acr = "idp:bankid-cz"
    scenarios = {
        **EidBench.scenarios,
        "verified": Expected(
            Outcome.VERIFIED,
            claims={**EidBench.claims, "document_number": "P1234567", "document_country": "CZE"},
        ),
    }


class SimulatedOidcBench(EidBench):
    """Bring your own: the same simulator, asked for verified claims."""

    vendor = "oidc"
    scenarios = {
        "verified": Expected(Outcome.VERIFIED, claims=PROVEN, portrait=True),
        "missing_portrait": Expected(Outcome.VERIFIED, claims=PROVEN),
        "document_expired": Expected(REFUSED, (Reason.DOC_EXPIRED,)),
        "face_mismatch": Expected(REFUSED, (Reason.FACE_MISMATCH,)),
        **{name: EidBench.scenarios[name] for name in ("cyrillic", "access_denied", "server_error")},
    }
    scenarios["cyrillic"] = Expected(Outcome.VERIFIED, claims={"given_names": "Зоя"}, portrait=True)
    faults = {
        **EidBench.faults,
        "unknown_word": (ContractBroken, "assurance_level_unknown"),
        "picture_elsewhere": (IssuerUntrusted, "attachment_elsewhere"),
        "picture_unusable": (SignatureInvalid, "attachment_digest_wrong"),
    }

    def ctx(self) -> Ctx:
        return ctx_of(self.simulator.config, self.simulator.secrets)


__all__ = ["CANARY", "RETURN_URL", "STATE", "ctx_of", "request_of"]

BENCHES: dict[str, Any] = {
    "au10tix": Au10tixBench,
    "true_credential": TrueCredentialBench,
    "idemia_credential": IdemiaCredentialBench,
    "idemia": IdemiaBench,
    "bankid_cz": CzechBench,
    "bankid_se": BankIdBench,
    "bankid_se_broker": SwedishBench,
    "eu_pid": EuPidBench,
    "ftn": FtnBench,
    "mitid": MitIdBench,
    "mojeid": MojeIdBench,
    "oidc_simulator": SimulatedOidcBench,
    "house": HouseBench,
    "oidc": OidcBench,
    "persona": PersonaBench,
    "stripe_identity": StripeBench,
}
