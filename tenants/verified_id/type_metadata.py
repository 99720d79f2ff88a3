"""The type metadata of the card (SD-JWT VC, section 4), the same bytes for as long as the version is the same.

A credential names their digest (`vct#integrity`), so nothing in here comes from what a tenant may change; title and
colours are in the issuer's metadata.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import lru_cache
from typing import Any

from tenants.verified_id.claim_names import CLAIM_NAMES, names_of

NAMES = {
    "en": ("Verified ID", "An identity proven with a document and a live face"),
    "de": ("Verified ID", "Eine mit Ausweis und Gesicht nachgewiesene Identität"),
    "fr": ("Verified ID", "Une identité prouvée par un document et un visage"),
    "es": ("Verified ID", "Una identidad demostrada con un documento y un rostro"),
}


def type_metadata(vct: str) -> dict[str, Any]:
    english = NAMES["en"]
    return {
        "vct": vct,
        "name": english[0],
        "description": english[1],
        "display": [
            {"locale": locale, "name": name, "description": description}
            for locale, (name, description) in NAMES.items()
        ],
        "claims": [
            {
                "path": [name],
                "display": [{"locale": locale, "label": label} for locale, label in names_of(name).items()],
                "sd": "always",
            }
            for name in CLAIM_NAMES
        ],
    }


@lru_cache(maxsize=1024)
def type_document(vct: str) -> bytes:
    """What the address of the `vct` serves."""
    return json.dumps(type_metadata(vct), ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def type_integrity(vct: str) -> str:
    """Subresource integrity of those bytes (SD-JWT VC, section 5)."""
    return "sha256-" + b64encode(hashlib.sha256(type_document(vct)).digest()).decode()
