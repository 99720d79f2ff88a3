"""The words of the catalogue: what stands on pages for the codes of the files."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

METHODS = {
    "document": gettext_noop("Document"),
    "liveness": gettext_noop("Live face"),
    "face": gettext_noop("Face against a portrait"),
    "nfc": gettext_noop("Chip of the document (NFC)"),
    "eid": gettext_noop("Electronic identity (eID)"),
    "wallet": gettext_noop("Wallet"),
    "credential": gettext_noop("Credential of the partner"),
    "provider": gettext_noop("Whatever your provider does"),
}
DOCUMENTS = {
    "passport": gettext_noop("Passport"),
    "id_card": gettext_noop("Identity card"),
    "driving_licence": gettext_noop("Driving licence"),
    "residence_permit": gettext_noop("Residence permit"),
    "visa": gettext_noop("Visa"),
    "voter_card": gettext_noop("Voter's card"),
    "tax_card": gettext_noop("Tax card"),
}
KINDS = {
    "through_us": gettext_noop("Through us"),
    "own_contract": gettext_noop("Your own contract"),
    "free": gettext_noop("Free"),
}
PRICES = {
    "free": gettext_noop("Free"),
    "stated": gettext_noop("A price is stated"),
    "not_stated": gettext_noop("No price is stated"),
}
LANGUAGES = {
    "cs": gettext_noop("Czech"),
    "da": gettext_noop("Danish"),
    "de": gettext_noop("German"),
    "en": gettext_noop("English"),
    "es": gettext_noop("Spanish"),
    "fi": gettext_noop("Finnish"),
    "fr": gettext_noop("French"),
    "it": gettext_noop("Italian"),
    "nl": gettext_noop("Dutch"),
    "no": gettext_noop("Norwegian"),
    "pl": gettext_noop("Polish"),
    "pt": gettext_noop("Portuguese"),
    "sv": gettext_noop("Swedish"),
}
CONTRACTS = {
    "public": gettext_noop("Public: anybody can read it"),
    "reconstructed": gettext_noop(
        "Reconstructed from public code: the partner does not publish it. Our published profile, not confirmed by the partner"
    ),
    "not_public": gettext_noop("Not public. Our published profile, not confirmed by the partner"),
}


def word(table: dict[str, str], code: str) -> str:
    return _(table[code]) if code in table else code


def words(table: dict[str, str], codes: tuple[str, ...]) -> list[str]:
    return [word(table, code) for code in codes]
