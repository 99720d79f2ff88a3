"""Microsoft's own records of the cards it issued for us (Admin API): whether there is one, what became of it, taking it away.

A callback tells that something happened; the record is the answer. Cards are found by the one claim a contract may index:
the mark that was made for that card. What it does not do: know whose a card is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from portal.kit import http
from portal.kit.errors import Unavailable
from portal.kit.remote import read_object, require_well
from tenants.verified_id.entra import addresses, client
from tenants.verified_id.entra.client import EntraRefused

MAX_ANSWER = 200_000
VALID, REVOKED = "valid", "issuerRevoked"
STATUSES = frozenset({VALID, REVOKED})
_SERVICE_ID = re.compile(r"urn:pic:[0-9A-Za-z-]{8,64}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the records of a contract's cards are."""

    authority_id: str
    contract_id: str


@dataclass(frozen=True, slots=True)
class Record:
    service_id: str
    status: str

    @property
    def is_valid(self) -> bool:
        return self.status == VALID


def index_hash(contract_id: str, mark: str) -> str:
    """What the service indexes a card by: Base64(SHA-256(contract id, claim))."""
    return base64.b64encode(hashlib.sha256(f"{contract_id}{mark}".encode()).digest()).decode()


def find(place: Place, mark: str, token: client.Token) -> list[Record]:
    """The records of the cards with this mark; none for one that was never issued. EntraRefused and Unavailable as the client
    has them; an answer that is none of these is Unavailable, never "not found"."""
    wanted = quote(f"indexclaimhash eq {index_hash(place.contract_id, mark)}", safe="")
    url = f"{addresses.records_url(place.authority_id, place.contract_id)}?filter={wanted}"
    reply = _send("GET", url, token)
    if reply.status != 200:
        raise _refusal(reply.status)
    found = read_object(reply).get("value")
    if not isinstance(found, list):
        raise Unavailable("answer_unusable")
    return [_record(each) for each in found]


def revoke(place: Place, service_id: str, token: client.Token) -> None:
    """Take it away for good. Asking twice does no harm."""
    base = addresses.records_url(place.authority_id, place.contract_id)
    reply = _send("POST", f"{base}/{quote(service_id, safe=':')}/revoke", token)
    if reply.status not in (200, 204):
        raise _refusal(reply.status)


def _send(method: str, url: str, token: client.Token) -> http.Reply:
    headers = {"Authorization": f"Bearer {token.value}", "Content-Type": "application/json"}
    reply = http.send(
        method,
        url,
        headers=headers,
        body=b"" if method == "POST" else None,
        timeout=client.TIMEOUT,
        max_bytes=MAX_ANSWER,
    )
    require_well(reply)
    return reply


def _record(unverified: Any) -> Record:
    """A status nobody knows is a broken contract, and neither valid nor revoked."""
    if not isinstance(unverified, Mapping):
        raise Unavailable("answer_unusable")
    service_id, status = unverified.get("id"), unverified.get("status")
    if not isinstance(service_id, str) or not _SERVICE_ID.fullmatch(service_id) or status not in STATUSES:
        raise Unavailable("answer_unusable")
    return Record(service_id, str(status))


def _refusal(status: int) -> EntraRefused:
    if status in (401, 403):
        return EntraRefused("records_refused", http_status=status)
    if status == 404:
        return EntraRefused("setting_refused", setting="authority_id", http_status=status)
    return EntraRefused("request_refused", http_status=status)
