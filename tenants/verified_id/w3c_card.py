"""The card as a W3C credential in a JWT, in the shape of Microsoft's VerifiedIdentity: a second format of the same facts.

For wallets and verifiers that know no SD-JWT. Nothing can be kept back in it, so whoever reads one claim reads the portrait
as well; an organisation chooses it for itself, and a recovery here asks for the other format.
"""

from __future__ import annotations

from collections.abc import Mapping

TYPE = "VerifiedIdentity"
# The claims' names in a VerifiedIdentity as its callouts and manifests have them; ours where there is none.
W3C_NAMES: Mapping[str, str] = {
    "given_name": "firstName",
    "family_name": "lastName",
    "birthdate": "dateOfBirth",
    "portrait": "portrait",
    "assurance_level": "assuranceLevel",
    "partner": "partner",
    "document_type": "documentType",
    "document_country": "documentCountry",
    "verified_at": "verifiedAt",
}


def subject_claims(claims: Mapping[str, str]) -> dict[str, str]:
    """What stands in `credentialSubject`."""
    return {W3C_NAMES[name]: value for name, value in claims.items()}
