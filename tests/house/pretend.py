"""A vision that pretends: it reads the answer out of the comment of a JPEG, or out of the clip itself.

It looks at nothing and says so. Photographs of `picture(...)` carry JSON in a JPEG comment; a clip is JSON.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from PIL import Image

from portal.kit.errors import Unavailable
from vendors.house.judging.document import REQUIRED
from vendors.house.judging.evidence import DocumentEvidence, LiveEvidence
from vendors.house.provider.verified_claims import CheckMade, Facts
from vendors.house.vision import Admission, Tell

PORTRAIT = b"\xff\xd8\xff pretended portrait"
GOOD_DOCUMENT: dict[str, Any] = {
    "specimen": False,
    "expiry": "2031-04-30",
}


def picture(size: tuple[int, int] = (900, 600), **answer: Any) -> bytes:
    """A real JPEG that tells the pretended vision what to answer."""
    held = io.BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(
        held, "JPEG", comment=json.dumps(GOOD_DOCUMENT | answer).encode()
    )
    return held.getvalue()


def clip(**answer: Any) -> bytes:
    """`passed`, `reasons`, `confidence`; or `busy`."""
    return json.dumps({"passed": True, "confidence": 92, "reasons": []} | answer).encode()


class PretendVision:
    def admit(self, ticket: str) -> Admission:
        return Admission(ticket or "pretended", ready=True, wait_seconds=0)

    def read_document(
        self,
        kind: str,
        photographs: Mapping[str, bytes],
        *,
        today: date,
        accept_specimens: bool,
        ticket: str,
        tell: Tell,
    ) -> DocumentEvidence:
        told = json.loads(Image.open(io.BytesIO(photographs["front"])).info["comment"])
        if told.get("busy"):
            raise Unavailable("vision_busy")
        if told.get("problems"):
            return DocumentEvidence(problems={name: tuple(found) for name, found in told["problems"].items()})
        if told.get("unreadable"):
            return DocumentEvidence()
        facts = Facts(
            given_name="ANNA MARIA",
            family_name="ERIKSSON",
            birthdate=date(1974, 8, 12),
            document_type=kind,
            document_number="L898902C3",
            date_of_expiry=date.fromisoformat(told["expiry"]),
            country="UTO" if told["specimen"] else "SWE",
        )
        failed = told.get("failed", [])
        return DocumentEvidence(
            passed=not failed,
            kind=told.get("kind", kind),
            specimen=told["specimen"],
            checks=tuple(CheckMade(name, "vri", name not in failed) for name in sorted(REQUIRED)),
            facts=facts,
            portrait=PORTRAIT,
        )

    def check_live(
        self,
        clip: bytes,
        challenge: Mapping[str, Any],
        *,
        portrait: bytes,
        received_at: datetime,
        ticket: str,
    ) -> LiveEvidence:
        told = json.loads(clip)
        if told.get("busy"):
            raise Unavailable("vision_busy")
        assert portrait == PORTRAIT
        if told.get("nonce") != challenge["nonce"]:
            return LiveEvidence(False, ("other_challenge",))
        return LiveEvidence(told["passed"], tuple(told["reasons"]), told["confidence"])
