"""What the card's claims are called, in the languages wallets show them in.

Part of the type metadata, which `vct#integrity` holds to the byte: who changes a word here gives the type a new version
(`TYPE_VERSION` in `services`), because cards that were issued before name the digest of what stood here then.
"""

from __future__ import annotations

from collections.abc import Mapping

LOCALES = ("en", "de", "fr", "es")
CLAIM_NAMES: Mapping[str, tuple[str, str, str, str]] = {
    "given_name": ("Given names", "Vornamen", "Prénoms", "Nombres"),
    "family_name": ("Family name", "Familienname", "Nom de famille", "Apellidos"),
    "birthdate": ("Date of birth", "Geburtsdatum", "Date de naissance", "Fecha de nacimiento"),
    "portrait": ("Portrait", "Lichtbild", "Portrait", "Retrato"),
    "assurance_level": (
        "How sure the check was",
        "Vertrauensniveau der Prüfung",
        "Niveau de garantie du contrôle",
        "Nivel de seguridad de la verificación",
    ),
    "partner": ("Who checked", "Geprüft durch", "Contrôlé par", "Verificado por"),
    "document_type": ("Kind of document", "Art des Dokuments", "Type de document", "Tipo de documento"),
    "document_country": (
        "Country of the document",
        "Land des Dokuments",
        "Pays du document",
        "País del documento",
    ),
    "verified_at": ("Checked on", "Geprüft am", "Contrôlé le", "Verificado el"),
}
# A recovery asks for the others; without one of them the card could not be shown back here.
MAY_BE_LEFT_OUT = ("partner", "document_type", "document_country")


def names_of(claim: str) -> dict[str, str]:
    """By language tag."""
    return dict(zip(LOCALES, CLAIM_NAMES[claim], strict=True))
