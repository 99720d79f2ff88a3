"""Every simulator by its key: a folder here and a line (`manage.py simulator KEY`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLPattern

from portal.sandboxes.partners import (
    bankid_se,
    claims,
    eu_pid,
    handoff,
    idemia,
    oidc,
    persona,
    stripe_identity,
)
from portal.sandboxes.partners.world import Session


@dataclass(frozen=True)
class Simulator:
    """`settings` is what to enter in the console; `finish` acts when a person chose how their session ends; `serve` opens
    another door beside this one's; `fits`: whether a session can end so; `more_urls` names a module of pages of its own."""

    title: str
    scenarios: Mapping[str, str]
    settings: Callable[[], Mapping[str, str]]
    finish: Callable[[Session], None]
    settle: Callable[[Session], None]
    urls: list[URLPattern]
    fits: Callable[[Session, str], bool] = lambda _session, _scenario: True
    serve: Callable[[Callable[..., Any]], None] | None = None
    more_urls: str = ""


SIMULATORS = {
    "claims": Simulator(
        "Claim check",
        claims.SCENARIOS,
        claims.settings_to_enter,
        claims.finish,
        claims.settle,
        claims.URLS,
    ),
    "handoff": Simulator(
        "Credential hand-off",
        handoff.SCENARIOS,
        handoff.settings_to_enter,
        handoff.finish,
        handoff.settle,
        handoff.URLS,
    ),
    "bankid_se": Simulator(
        "BankID",
        bankid_se.SCENARIOS,
        bankid_se.settings_to_enter,
        bankid_se.finish,
        bankid_se.settle,
        bankid_se.URLS,
        serve=bankid_se.serve,
        more_urls="portal.sandboxes.partners.bankid_se.app",
    ),
    "eu_pid": Simulator(
        "EU wallet",
        eu_pid.SCENARIOS,
        eu_pid.settings_to_enter,
        eu_pid.finish,
        eu_pid.settle,
        eu_pid.URLS,
        more_urls="portal.sandboxes.partners.eu_pid.app",
    ),
    "idemia": Simulator(
        "IDEMIA ID&V",
        idemia.SCENARIOS,
        idemia.settings_to_enter,
        idemia.finish,
        idemia.settle,
        idemia.URLS,
    ),
    "oidc": Simulator(
        "OpenID Provider",
        oidc.SCENARIOS,
        oidc.settings_to_enter,
        oidc.finish,
        oidc.settle,
        oidc.URLS,
        fits=oidc.fits,
    ),
    "persona": Simulator(
        "Persona",
        persona.SCENARIOS,
        persona.settings_to_enter,
        persona.finish,
        persona.settle,
        persona.URLS,
    ),
    "stripe_identity": Simulator(
        "Stripe Identity",
        stripe_identity.SCENARIOS,
        stripe_identity.settings_to_enter,
        stripe_identity.finish,
        stripe_identity.settle,
        stripe_identity.URLS,
    ),
}


def this_one() -> Simulator:
    return SIMULATORS[settings.SIMULATOR]
