"""Microsoft Entra with a token in hand."""

from __future__ import annotations

from dataclasses import dataclass

from portal.kit.remote import Token
from tenants.directory.connections.contract import (
    Account,
    Fate,
    FoundPass,
    MadePass,
    Method,
    Page,
    Policy,
    Span,
)
from tenants.directory.connections.microsoft import account_calls as calls
from tenants.directory.connections.microsoft import pages


@dataclass(frozen=True, slots=True)
class MicrosoftDoor:
    token: Token

    def fetch_page(self, kind: str, link: str) -> Page:
        return pages.fetch_page(kind, link, self.token)

    def read_account(self, object_id: str) -> Account:
        return calls.read_account(self.token, object_id)

    def read_policy(self) -> Policy:
        return calls.read_policy(self.token)

    def list_methods(self, object_id: str) -> list[Method]:
        return calls.list_methods(self.token, object_id)

    def list_passes(self, object_id: str) -> list[FoundPass]:
        return calls.list_passes(self.token, object_id)

    def make_pass(self, object_id: str, policy: Policy, *, minutes: int) -> MadePass:
        return calls.make_pass(self.token, object_id, minutes=policy.lifetime(minutes))

    def fate_of_pass(
        self, object_id: str, pass_id: str, *, account: Account, valid: Span, is_over: bool
    ) -> Fate:
        """A pass for one use stays listed, and says when it was used."""
        found = next((one for one in self.list_passes(object_id) if one.id == pass_id), None)
        if found is None:
            return Fate.GONE
        return Fate.USED if found.is_used else Fate.WAITS

    def delete_pass(self, object_id: str, pass_id: str) -> bool:
        return calls.delete_pass(self.token, object_id, pass_id)

    def delete_method(self, object_id: str, method: Method) -> bool:
        return calls.delete_method(self.token, object_id, method)

    def end_sessions(self, object_id: str) -> None:
        calls.end_sessions(self.token, object_id)
