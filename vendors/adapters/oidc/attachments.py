"""The portrait as an external attachment (OpenID Attachments 1.0, section 3): fetched, bounded, digest checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vendors.adapters.oidc.answers import fault_of, is_web_address, origin_of
from vendors.adapters.oidc.discovery import Provider
from vendors.adapters.pictures import MAX_PORTRAIT, require_jpeg
from vendors.contract import ContractBroken, Ctx, IssuerUntrusted, SignatureInvalid

# RFC 6750, 2.1: what can stand in a header, and so no line of its own.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]*=*")
DIGESTS = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class PortraitNotice:
    """Where the portrait waits. Bearer of its own token, so it lives inside one exchange only."""

    url: str = field(repr=False)
    token: str = field(repr=False)
    algorithm: str
    digest: str

    def to_key(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_key(cls, key: str) -> PortraitNotice:
        return cls(**json.loads(key))


def read_portrait_notice(documents: Sequence[Mapping[str, Any]]) -> PortraitNotice | None:
    """The one attachment described as the portrait. ContractBroken when there are several or it is unusable."""
    found = [
        item for document in documents for item in _attachments(document) if item.get("desc") == "portrait"
    ]
    if not found:
        return None
    if len(found) > 1:
        raise ContractBroken("portrait_ambiguous")
    attachment = found[0]
    digest = attachment.get("digest")
    if not isinstance(digest, dict) or digest.get("alg") not in DIGESTS:
        raise ContractBroken("attachment_digest_missing")
    parts = (attachment.get("url"), attachment.get("access_token", ""), digest["alg"], digest.get("value"))
    if not all(isinstance(part, str) and len(part) < 4000 for part in parts):
        raise ContractBroken("attachment_unusable")
    if not _TOKEN.fullmatch(str(parts[1])):
        raise ContractBroken("attachment_token_unusable")
    return PortraitNotice(*(str(part) for part in parts))


def _attachments(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = document.get("attachments") or []
    if not isinstance(listed, list) or len(listed) > 20 or not all(isinstance(item, dict) for item in listed):
        raise ContractBroken("attachments_unusable")
    return listed


def fetch_portrait(ctx: Ctx, provider: Provider, notice: PortraitNotice) -> bytes:
    """What must hold: 1. the address is one of the provider's own origins; 2. the answer is bounded; 3. the digest is
    the one in the signed token; 4. the bytes are a JPEG of a sane size."""
    if not is_web_address(notice.url) or origin_of(notice.url) not in provider.origins:  # 1
        raise IssuerUntrusted("attachment_elsewhere")
    headers = {"Authorization": f"Bearer {notice.token}"} if notice.token else {}
    reply = ctx.http.send("GET", notice.url, headers=headers, max_bytes=MAX_PORTRAIT)  # 2
    if reply.status != 200:
        raise fault_of(reply)
    found = DIGESTS[notice.algorithm](reply.body).digest()
    if not hmac.compare_digest(found, _decoded(notice.digest)):  # 3
        raise SignatureInvalid("attachment_digest_wrong")
    require_jpeg(reply.body)  # 4
    return reply.body


def _decoded(text: str) -> bytes:
    """Base64 as the specification has it; the URL-safe alphabet is read as well."""
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError as error:
        raise ContractBroken("attachment_digest_unusable") from error
