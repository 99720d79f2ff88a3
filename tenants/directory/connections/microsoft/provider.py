"""Microsoft Entra behind the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.kit import microsoft
from portal.kit.remote import Token
from portal.kit.seen import SeenForm
from tenants.directory.connections.contract import Credentials, Door
from tenants.directory.connections.microsoft import account_calls, addresses
from tenants.directory.connections.microsoft.door import MicrosoftDoor
from tenants.directory.connections.microsoft.forms import MicrosoftForm
from tenants.directory.connections.microsoft.words import WORDS


class Microsoft:
    kind = "entra"
    settings: tuple[str, ...] = ("directory", "client_id")
    identity = "directory"
    grants: Mapping[str, frozenset[str]] = {
        step: frozenset(roles) for step, roles in account_calls.ROLES.items() if step != "policy"
    }
    # Its delta queries tell who left.
    tells_everything_every: timedelta | None = None
    words = WORDS

    def is_simulated(self) -> bool:
        return addresses.is_simulated()

    def form(self, data: Any, *, values: Mapping[str, str], is_new: bool) -> SeenForm:
        return MicrosoftForm(data, initial=dict(values), is_new=is_new)

    def new_secret(self) -> str:
        return ""

    def public_part(self, secret: str) -> str:
        return ""

    def fetch_token(self, credentials: Credentials) -> Token:
        return microsoft.fetch_token(
            addresses.token_url(credentials.settings["directory"]),
            client_id=credentials.settings["client_id"],
            scope=addresses.SCOPE,
            proof={"client_secret": credentials.secret},
        )

    def open(self, credentials: Credentials, token: Token) -> Door:
        return MicrosoftDoor(token)

    def sign_in_url(self, settings: Mapping[str, str]) -> str:
        return addresses.security_info_url()
