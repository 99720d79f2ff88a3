"""`createPresentationRequest`: what has to be right before anybody is asked for a card."""

from __future__ import annotations

from portal.sandboxes.entra import registered
from portal.sandboxes.entra.api.errors import bad_field
from portal.sandboxes.entra.api.fields import Fields, did, read_callback, read_registration

MEMBERS = ("authority", "includeQRCode", "includeReceipt", "callback", "registration", "requestedCredentials")
OPERANDS = ("values", "contains", "startsWith")


def check_presentation(whole: Fields) -> None:
    whole.only(MEMBERS)
    whole.flag("includeQRCode")
    whole.flag("includeReceipt")
    if whole.did("authority") != registered.AUTHORITY:
        raise bad_field("authority", "`authority` is not an authority of this directory.")
    read_callback(whole)
    read_registration(whole, also=("purpose",))
    wanted = whole.each("requestedCredentials")
    if not wanted:
        raise bad_field("requestedCredentials", "`requestedCredentials` is empty.")
    for number, one in enumerate(wanted):
        _check_credential(Fields(one, f"requestedCredentials[{number}]"))


def _check_credential(wanted: Fields) -> None:
    wanted.only(("type", "purpose", "acceptedIssuers", "constraints", "configuration"))
    wanted.text("type", longest=100)
    wanted.text("purpose", required=False)
    if wanted.has("acceptedIssuers"):
        for one in wanted.each("acceptedIssuers"):
            did(one, wanted.at("acceptedIssuers"))
    if wanted.has("constraints"):
        for number, one in enumerate(wanted.each("constraints")):
            _check_constraint(Fields(one, f"{wanted.at('constraints')}[{number}]"))
    if wanted.has("configuration"):
        configuration = wanted.inner("configuration")
        configuration.only(("validation",))
        _check_validation(configuration.inner("validation"))


def _check_constraint(constraint: Fields) -> None:
    constraint.only(("claimName", *OPERANDS))
    constraint.text("claimName")
    used = [name for name in OPERANDS if constraint.has(name)]
    if len(used) != 1:
        raise bad_field(
            constraint.path, "A constraint has exactly one of `values`, `contains`, `startsWith`."
        )
    if used == ["values"]:
        values = constraint.each("values")
        if not values or not all(isinstance(value, str) and value for value in values):
            raise bad_field(constraint.at("values"), f"`{constraint.at('values')}` is not a list of strings.")
    else:
        constraint.text(used[0])


def _check_validation(validation: Fields) -> None:
    validation.only(("allowRevoked", "validateLinkedDomain", "faceCheck"))
    validation.flag("allowRevoked")
    validation.flag("validateLinkedDomain")
    if validation.has("faceCheck"):
        face = validation.inner("faceCheck")
        face.only(("sourcePhotoClaimName", "matchConfidenceThreshold"))
        face.text("sourcePhotoClaimName", longest=100)
        face.number("matchConfidenceThreshold", default=70, least=50, most=100)
