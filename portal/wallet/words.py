"""What the wallet's script says: a key, and a sentence with {places}. Handed to the page as data, never as script."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "card.unnamed": _("Card"),
    "card.open": _("Open {name}"),
    "card.expired": _("Expired"),
    "card.valid_until": _("Valid until {date}"),
    "card.expired_on": _("Expired on {date}"),
    "card.no_end": _("No end date"),
    "portrait.alt": _("Portrait on this card"),
    "portrait.unreadable": _("A picture this wallet cannot show"),
    "value.yes": _("Yes"),
    "value.no": _("No"),
    "value.none": _("Not given"),
    "status.unasked": _("Not asked yet"),
    "status.asking": _("Asking the issuer…"),
    "status.valid": _("In force, asked on {date}"),
    "status.revoked": _("Revoked"),
    "status.suspended": _("Suspended"),
    "status.unknown": _("The issuer gave an answer this wallet does not know"),
    "status.unanswered": _("The issuer could not be asked. The card itself is unchanged."),
    "status.expired": _("Expired"),
    "code.hint": _("The page that offered this card shows the code, or it was sent to you."),
    "code.hint_length": _(
        "{count} characters. The page that offered this card shows the code, or it was sent to you."
    ),
    "code.empty": _("Enter the code"),
    "code.digits": _("The code has digits only"),
    "code.length": _("The code has {count} characters"),
    "code.wrong": _(
        "That code was not accepted. Check it and try again. If it fails again, the offer may have run out: "
        "go back and ask for a new one."
    ),
    "progress.asking": _("Asking the issuer…"),
    "progress.receiving": _("Receiving your card…"),
    "progress.waiting": _("The issuer is still preparing your card. Keep this page open."),
    "progress.checking": _("Checking that the card is genuine…"),
    "progress.sending": _("Sending what you agreed to…"),
    "progress.refusing": _("Saying no…"),
    "history.received": _("Received from {host}:"),
    "history.shown": _("Shown to {host}:"),
    "history.declined": _("Not shared with {host}"),
    "history.removed": _("Removed, from {host}:"),
    "history.claims": _("Shared: {claims}"),
    "offer.title": _("{issuer} offers you this card"),
    "request.title": _("{host} asks to see a card"),
    "no_card.title": _("No card here fits"),
    "no_card.text": _(
        "{host} asks for a card that is not in this browser. It may be in another browser or on another device."
    ),
    "expired_card.title": _("Your card has expired"),
    "expired_card.text": _(
        "{host} asks for a card that you have, but its time is over. Ask the organisation for a new one."
    ),
    "verifier.calls_itself": _("It calls itself “{name}”."),
    "choice.one": _("Your card"),
    "choice.several": _("Choose a card"),
    "shared.title": _("What will be shared"),
    "shared.always": _(
        "Always sent along: who issued the card, what kind it is, and proof that it is yours."
    ),
    "shared.always_until": _(
        "Always sent along: who issued the card, what kind it is, that it is valid until {date}, "
        "and proof that it is yours."
    ),
    "purpose.purpose": _("Purpose"),
    "purpose.case_reference": _("Case"),
    "purpose.case": _("Case"),
    "purpose.account": _("Account"),
    "purpose.organisation": _("Organisation"),
}

CLAIMS: dict[str, str | Promise] = {
    "claim.given_name": _("Given name"),
    "claim.family_name": _("Family name"),
    "claim.name": _("Name"),
    "claim.birthdate": _("Date of birth"),
    "claim.birth_date": _("Date of birth"),
    "claim.portrait": _("Portrait"),
    "claim.picture": _("Picture"),
    "claim.email": _("E-mail address"),
    "claim.phone_number": _("Phone number"),
    "claim.address": _("Address"),
    "claim.nationality": _("Nationality"),
    "claim.nationalities": _("Nationalities"),
    "claim.document_number": _("Document number"),
    "claim.document_type": _("Kind of document"),
    "claim.issuing_country": _("Issuing country"),
    "claim.assurance_level": _("How thoroughly it was checked"),
    "claim.evidence": _("What was checked"),
    "claim.partner": _("Checked by"),
    "claim.gender": _("Gender"),
    "claim.sex": _("Sex"),
}

# code: what happened, and what it means or what to do next
PROBLEMS: dict[str, tuple[str | Promise, str | Promise]] = {
    "unknown": (
        _("Something went wrong"),
        _("Nothing was shared. Try again. If it happens again, go back and begin anew."),
    ),
    "network": (
        _("No connection"),
        _("The other side could not be reached. Check your connection and try again."),
    ),
    "unavailable": (
        _("The other side is busy"),
        _("It could not answer just now. Wait a moment and try again."),
    ),
    "too_large": (_("The answer was too large"), _("This wallet did not read it. Go back and begin anew.")),
    "malformed": (_("The answer could not be read"), _("Go back and begin anew.")),
    "address": (
        _("This link is not safe"),
        _("It leads to an address without protection. This wallet did not open it."),
    ),
    "storage": (
        _("This browser cannot keep a card"),
        _(
            "It may be a private window, or its storage is full or switched off. "
            "Open the link in a normal window of this browser."
        ),
    ),
    "link_missing": (
        _("Nothing to do here"),
        _(
            "This page opens from a link that offers a card or asks for one. Go back to the page with that link."
        ),
    ),
    "other_tab": (
        _("This is open in another tab"),
        _("Finish there, or close that tab and try again here."),
    ),
    "offer_invalid": (
        _("This offer cannot be read"),
        _("The link is damaged or not meant for a wallet. Go back and ask for a new one."),
    ),
    "offer_gone": (
        _("This offer has run out"),
        _("It was used already, or its time is over. Go back and ask for a new one."),
    ),
    "offer_grant": (
        _("This offer needs another wallet"),
        _("It asks for a way of signing in that this wallet does not have."),
    ),
    "issuer_address": (
        _("The issuer’s address is not safe"),
        _("This wallet did not open it. Nothing was kept."),
    ),
    "issuer_metadata": (
        _("The issuer’s details do not fit the offer"),
        _(
            "The offer may be forged or set up wrongly. Nothing was kept. Tell the organisation that sent you here."
        ),
    ),
    "issuer_unsupported": (
        _("This card needs another wallet"),
        _("The issuer asks for something this wallet does not have. Nothing was kept."),
    ),
    "issuer_refused": (
        _("The issuer did not give the card"),
        _("Nothing was kept. Go back and ask for a new offer."),
    ),
    "issuer_answer": (
        _("The issuer’s answer could not be read"),
        _("Nothing was kept. Go back and ask for a new offer."),
    ),
    "issuer_slow": (
        _("The card is not ready yet"),
        _("The issuer is taking longer than usual. Try again, or go back and ask for a new offer later."),
    ),
    "credential_malformed": (
        _("This card is damaged"),
        _("It was not kept. Go back and ask for a new offer."),
    ),
    "credential_issuer": (
        _("This card is not from the issuer you agreed to"),
        _("It was not kept. Tell the organisation that sent you here."),
    ),
    "credential_signature": (
        _("This card is not genuine"),
        _("Its signature is not the issuer’s. It was not kept. Tell the organisation that sent you here."),
    ),
    "credential_type": (
        _("This is not the card that was offered"),
        _("It was not kept. Go back and ask for a new offer."),
    ),
    "credential_early": (
        _("This card is not valid yet"),
        _("It was not kept. Check the date and time of this device, then ask for a new offer."),
    ),
    "credential_expired": (
        _("This card has already expired"),
        _("It was not kept. Check the date and time of this device, then ask for a new offer."),
    ),
    "credential_key": (
        _("This card was made for another wallet"),
        _("It could never be shown from here, so it was not kept. Go back and ask for a new offer."),
    ),
    "card_missing": (
        _("This card is not in this browser"),
        _("It may have been removed, or it was received in another browser."),
    ),
    "request_invalid": (
        _("This request cannot be trusted"),
        _("It is damaged or forged. Nothing was shared. Go back and begin anew."),
    ),
    "request_signature": (
        _("This request cannot be trusted"),
        _("It is not signed by the one it names. Nothing was shared. Go back and begin anew."),
    ),
    "request_prefix": (
        _("This request needs another wallet"),
        _("It names its sender in a way this wallet cannot check. Nothing was shared."),
    ),
    "request_gone": (
        _("This request is over"),
        _("It was answered already, or its time is over. Nothing was shared. Go back and begin anew."),
    ),
    "request_expired": (
        _("This request has run out"),
        _("Its time is over. Nothing was shared. Go back and begin anew."),
    ),
    "request_query": (
        _("This request cannot be read"),
        _("It does not say clearly what it asks for. Nothing was shared."),
    ),
    "request_transaction": (
        _("This request needs another wallet"),
        _("It asks you to agree to something this wallet cannot show. Nothing was shared."),
    ),
    "request_encryption": (
        _("This request needs another wallet"),
        _("It asks for a protection this wallet does not have. Nothing was shared."),
    ),
    "response_refused": (
        _("The answer was not accepted"),
        _("The other side refused it. Go back to see what it says, and begin anew."),
    ),
    "response_redirect": (
        _("Your answer was sent"),
        _("The address to go on to is not safe, so this wallet did not open it. Go back."),
    ),
}


def wallet_words() -> dict[str, str]:
    """Every sentence in the reader's language, under the key the script asks for."""
    sentences = {key: str(text) for key, text in {**SENTENCES, **CLAIMS}.items()}
    for code, (title, text) in PROBLEMS.items():
        sentences[f"error.{code}.title"] = str(title)
        sentences[f"error.{code}.text"] = str(text)
    return sentences
