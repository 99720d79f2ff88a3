"""What of a run is sealed, and under which context."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.kit.sealed import Context, seal, unseal
from vendors.bridge.asked import Asked
from vendors.bridge.models import BridgeRun


@dataclass(frozen=True, slots=True)
class Bond:
    """What the client sent that goes back to it, and what it asks for."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    asked: Asked = field(repr=False)


def _context(run: BridgeRun, name: str) -> Context:
    return Context("bridge_bridgerun", name, run.id)


def seal_bond(run: BridgeRun, bond: Bond) -> bytes:
    body = {"state": bond.state, "nonce": bond.nonce, "asked": bond.asked.to_object()}
    return seal(json.dumps(body).encode(), _context(run, "asked_sealed"))


def open_bond(run: BridgeRun) -> Bond:
    body = json.loads(unseal(run.asked_sealed or b"", _context(run, "asked_sealed")))
    return Bond(body["state"], body["nonce"], Asked.from_object(body["asked"]))


def seal_result(run: BridgeRun, claims: Mapping[str, Any]) -> bytes:
    return seal(json.dumps(claims).encode(), _context(run, "result_sealed"))


def open_result(run: BridgeRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unseal(run.result_sealed or b"", _context(run, "result_sealed")))
    return found


def seal_code(run: BridgeRun, code: str) -> bytes:
    return seal(code.encode(), _context(run, "code_sealed"))


def open_code(run: BridgeRun) -> str:
    return unseal(run.code_sealed or b"", _context(run, "code_sealed")).decode()
