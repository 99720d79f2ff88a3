"""The rules of the credential that has to exist at Microsoft for recoveries, ready to be pasted there. Pure."""

from __future__ import annotations

import json

from tenants.verified_id.entra.models import EntraConnection
from tenants.verified_id.w3c_card import W3C_NAMES

REQUIRED = ("firstName", "lastName")
VALID_SECONDS = 180 * 86_400


def rules(row: EntraConnection) -> str:
    """As the page of a custom credential takes them. The mark is the one claim that is indexed: without it nothing can be
    found in the records, and nothing revoked."""
    names = [row.photo_claim if name == "portrait" else name for name in W3C_NAMES.values()]
    mapping = [
        {
            "outputClaim": name,
            "inputClaim": name,
            "required": name in REQUIRED,
            "indexed": False,
            **({"type": "image/jpg;base64url"} if name == row.photo_claim else {}),
        }
        for name in names
    ]
    mark = row.mark_claim or "cardId"
    mapping.append({"outputClaim": mark, "inputClaim": mark, "required": True, "indexed": True})
    found = {
        "attestations": {"idTokenHints": [{"mapping": mapping, "required": True}]},
        "validityInterval": VALID_SECONDS,
        "vc": {"type": [row.credential_type]},
    }
    return json.dumps(found, indent=2)
