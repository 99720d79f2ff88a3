"""A Verified ID outside a recovery: an operator offers one to somebody of the directory.

What it holds is what the directory says, so it proves nobody: its level is low, no case knows it, and a recovery takes
only the card of its own case (`decision.credential_is_of_this_case`). It is for wallets to be tried with, and for
verifiers that trust the organisation's word.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import find_person
from tenants.verified_id import issuance, offers
from tenants.verified_id.models import Issuance
from tenants.verified_id.portraits import MAX_BYTES, outline
from tenants.verified_id.publishing import CONFIGURATION_ID, require_configuration
from tenants.verified_id.selectors import get_authority
from vendors.facecheck.engine.errors import ImageRefused
from vendors.facecheck.engine.pictures import ImageLimits, open_picture

SOURCE = "directory"
LEVEL = "low"
_PORTRAIT = ImageLimits(working_side=640)


@dataclass(frozen=True, slots=True)
class Offered:
    issuance: Issuance
    offer: offers.Offer


def offer_to_person(
    user_name: str,
    *,
    actor: Actor,
    configuration_id: str = CONFIGURATION_ID,
    portrait: bytes | None = None,
    review_first: bool | None = None,
) -> Offered:
    """An offer for any wallet, with a transaction code. Invalid for somebody who is not there or suspended, a
    configuration that is not offered, or a picture that is none. Without `review_first` the design of the card says
    whether a member looks first."""
    authority = get_authority()
    require_configuration(configuration_id, authority)
    person = _active(user_name)
    made = issuance.begin_issuance(
        claims=_claims(person),
        portrait=outline() if portrait is None else _plain(portrait),
        actor=actor,
        person_id=person.id,
        review_first=authority.review_first if review_first is None else review_first,
    )
    return Offered(made, offers.make_offer(made.id, other_wallet=True, configuration_id=configuration_id))


def _active(user_name: str) -> DirectoryPerson:
    person = find_person(user_name)
    if person is None or person.status != DirectoryPerson.Status.ACTIVE:
        raise Invalid("person_unknown", f"There is nobody active called {user_name}.", field="person")
    return person


def _claims(person: DirectoryPerson) -> dict[str, str]:
    return {
        "given_name": person.given_names,
        "family_name": person.family_name,
        "birthdate": person.birthdate.isoformat() if person.birthdate else "",
        "assurance_level": LEVEL,
        "partner": SOURCE,
        "verified_at": clock.now().date().isoformat(),
    }


def _plain(unverified: bytes) -> bytes:
    """The picture drawn anew as a JPEG, without what else the file carried."""
    try:
        picture, out = open_picture(unverified, limits=_PORTRAIT), io.BytesIO()
    except ImageRefused as error:
        raise Invalid(
            "portrait_unusable", "The portrait is no picture that can be used.", field="portrait"
        ) from error
    picture.save(out, "JPEG", quality=85)
    if len(out.getvalue()) > MAX_BYTES:
        raise Invalid("portrait_unusable", "The portrait is too large.", field="portrait")
    return out.getvalue()
