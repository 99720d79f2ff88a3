"""Okta behind the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.kit.remote import Token
from portal.kit.seen import SeenForm
from tenants.directory.connections.contract import Credentials, Door
from tenants.directory.connections.okta import addresses, calls, proofs
from tenants.directory.connections.okta.door import OktaDoor
from tenants.directory.connections.okta.forms import OktaForm
from tenants.directory.connections.okta.words import WORDS


class Okta:
    kind = "okta"
    settings: tuple[str, ...] = ("host", "client_id")
    identity = "host"
    grants: Mapping[str, frozenset[str]] = calls.GRANTS
    # What changed since a moment does not tell who was deleted.
    tells_everything_every: timedelta | None = timedelta(hours=24)
    words = WORDS

    def is_simulated(self) -> bool:
        return addresses.is_simulated()

    def form(self, data: Any, *, values: Mapping[str, str], is_new: bool) -> SeenForm:
        return OktaForm(data, initial=dict(values), is_new=is_new)

    def new_secret(self) -> str:
        return proofs.new_application_key()

    def public_part(self, secret: str) -> str:
        return proofs.public_jwk(secret)

    def fetch_token(self, credentials: Credentials) -> Token:
        return calls.fetch_token(credentials)

    def open(self, credentials: Credentials, token: Token) -> Door:
        return OktaDoor(calls.Caller(credentials.settings["host"], token))

    def sign_in_url(self, settings: Mapping[str, str]) -> str:
        """Where people see and add their ways to sign in; empty while no organisation is known."""
        return f"{addresses.origin(settings['host'])}/enduser/settings" if settings else ""
