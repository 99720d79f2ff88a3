"""Okta with a token in hand."""

from __future__ import annotations

from dataclasses import dataclass

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
from tenants.directory.connections.okta import account_calls as calls
from tenants.directory.connections.okta import pages
from tenants.directory.connections.okta.calls import Caller


@dataclass(frozen=True, slots=True)
class OktaDoor:
    caller: Caller

    def fetch_page(self, kind: str, link: str) -> Page:
        return pages.fetch_page(self.caller, kind, link)

    def read_account(self, object_id: str) -> Account:
        return calls.read_account(self.caller, object_id)

    def read_policy(self) -> Policy:
        return calls.read_policy(self.caller)

    def list_methods(self, object_id: str) -> list[Method]:
        return calls.list_methods(self.caller, object_id)

    def list_passes(self, object_id: str) -> list[FoundPass]:
        return calls.list_passes(self.caller, object_id)

    def make_pass(self, object_id: str, policy: Policy, *, minutes: int) -> MadePass:
        return calls.make_pass(self.caller, object_id, policy, minutes=minutes)

    def fate_of_pass(
        self, object_id: str, pass_id: str, *, account: Account, valid: Span, is_over: bool
    ) -> Fate:
        return calls.fate_of_pass(
            self.caller, object_id, pass_id, account=account, valid=valid, is_over=is_over
        )

    def delete_pass(self, object_id: str, pass_id: str) -> bool:
        return calls.delete_pass(self.caller, object_id, pass_id)

    def delete_method(self, object_id: str, method: Method) -> bool:
        return calls.delete_method(self.caller, object_id, method)

    def end_sessions(self, object_id: str) -> None:
        calls.end_sessions(self.caller, object_id)
