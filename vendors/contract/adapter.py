"""What an adapter has to do, and what it may do beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from vendors.contract.exchange import (
    ConfigProblem,
    Connected,
    ConnectRequest,
    Ctx,
    ErasureReceipt,
    InboundHook,
    InboundReturn,
    SessionRef,
    Signal,
    Snapshot,
    Started,
    StartRequest,
)
from vendors.contract.listing import Listing, Manifest
from vendors.contract.vocabulary import EidLevel, MediaRef


class Adapter(Protocol):
    """What every adapter does."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Called by "test this": try every setting that can be tried without a person. Empty means all is well.

        Raises PartnerDown when nobody answers."""

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """Called after the attempt's row was committed, and again when nobody answered or the link ran out unused:
        `attempt_id` is the idempotency key, so that a partner which takes one makes and charges one session. Raises
        AdapterError."""


@runtime_checkable
class Registers(Protocol):
    """Partners that make a connection by themselves when a tenant chooses them."""

    def connect(self, ctx: Ctx, request: ConnectRequest) -> Connected:
        """Called when the tenant chose the partner. Raises AdapterError."""


@runtime_checkable
class HandlesReturn(Protocol):
    """Partners whose browser return carries a code that must be exchanged."""

    def handle_return(self, ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> Snapshot:
        """Called by the worker, never inside the web request. Exchanges, verifies, answers. Raises AdapterError."""


@runtime_checkable
class Fetches(Protocol):
    """Partners that hold a record of the session, which is asked for. A browser's return is then only a hint: what
    comes back in its query is not read."""

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """Called by the worker after a signal, after a return, and now and then while neither comes. Any phase may be
        the answer; the same record gives an equal snapshot. Raises AdapterError: ContractBroken for a word nobody
        knows, StateMismatch for the record of another session."""


@runtime_checkable
class ShowsCode(Protocol):
    """Partners without a page of their own: an app scans a code on ours, or is opened by the link of `Started`. They
    `Fetches`, and their manifest says how often."""

    def code_at(self, ref: SessionRef, moment: datetime) -> str:
        """What the code holds at this moment. Called inside the web request: pure, no network. Nothing in it opens the next
        moment's."""


@runtime_checkable
class HandlesWebhook(Protocol):
    """Partners that `Fetches` and say when it is worth while."""

    @property
    def webhook_secret(self) -> str:
        """The name of the secret without which there is no door."""

    def receive(self, ctx: Ctx, inbound: InboundHook) -> Signal:
        """Called inside the web request: no network. Verifies the signature over the raw bytes and their age before
        anything in them is read. Raises SignatureInvalid, Stale, or ContractBroken for what is authentic and unreadable.
        """


@runtime_checkable
class GivesMedia(Protocol):
    """Partners from which the portrait is fetched."""

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        """Called right after the snapshot that named it. A bounded JPEG whose digest was checked."""


@runtime_checkable
class Erases(Protocol):
    """Partners that erase a session when they are asked to."""

    def erase(self, ctx: Ctx, ref: SessionRef) -> ErasureReceipt:
        """Called some while after the end, where the tenant wants it, and again until it is complete. Idempotent: what the
        partner does not know any more is complete. Raises AdapterError."""


@runtime_checkable
class NamesLevel(Protocol):
    """eIDs whose level is known from the settings, before anybody is sent there."""

    def level_of(self, config: Mapping[str, str]) -> EidLevel | None:
        """Called when a profile is checked. None where the settings do not say; pure."""


@runtime_checkable
class Cancels(Protocol):
    """Partners that want to hear that a session is over on our side."""

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        """Called when an attempt ran out of time or ended undecided, so that nobody goes on with what is over here.
        Idempotent: "already over" is success."""
