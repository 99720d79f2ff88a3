"""What an administrator says of a client."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.origins import is_ours
from portal.kit.seen import SeenForm, marks_of
from vendors.adapters.oidc.answers import is_web_address, origin_of
from vendors.bridge import partners
from vendors.bridge.client_proof import dumped, read_public_keys
from vendors.bridge.models import BridgeClient
from vendors.bridge.registering import values_of

MOST_ADDRESSES = 5
LONGEST_ADDRESS = 500
_ADDRESS = re.compile(r"[\x21-\x7e]+\Z")
PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


class ClientForm(SeenForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("People read it: “Nordlicht Okta wants to know who you are”."),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    serves = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=BridgeClient.Serves.choices,
        initial=BridgeClient.Serves.OKTA,
        widget=forms.RadioSelect,
    )
    redirect_uris = forms.CharField(
        label=gettext_lazy("Redirect addresses"),
        help_text=gettext_lazy(
            "One a line, exactly as it is sent. Okta: https://YOUR-ORG.okta.com/idp/identity-verification/callback. Auth0: https://YOUR-DOMAIN/continue."
        ),
        error_messages={"required": gettext_lazy("Enter at least one address.")},
        widget=forms.Textarea(attrs={**PLAIN, "rows": 2, "inputmode": "url"}),
    )
    proof = forms.ChoiceField(
        label=gettext_lazy("How it proves itself"),
        choices=BridgeClient.Proof.choices,
        initial=BridgeClient.Proof.SECRET,
        widget=forms.RadioSelect,
    )
    jwks = forms.CharField(
        label=gettext_lazy("Its public keys (JWKS)"),
        required=False,
        help_text=gettext_lazy(
            "Only for private_key_jwt: EC P-256, or RSA of at least 2048 bits. Paste the keys themselves: an address of keys "
            "(jwks_uri) is not fetched, so that nobody can have this installation ask addresses they choose."
        ),
        widget=forms.Textarea(attrs={**PLAIN, "rows": 4}),
    )
    partners = forms.MultipleChoiceField(
        label=gettext_lazy("Partners people may use"),
        help_text=gettext_lazy(
            "Where there are several, the person chooses; one that does not answer comes last."
        ),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one partner.")},
    )
    first = forms.ChoiceField(
        label=gettext_lazy("Offered first"),
        required=False,
        help_text=gettext_lazy("The others stay in their order. Save once more to bring another forward."),
    )
    claims = forms.MultipleChoiceField(
        label=gettext_lazy("What it may be told beside the names"),
        choices=[
            ("birthdate", gettext_lazy("Date of birth")),
            ("document", gettext_lazy("Kind, number, country and expiry of the document")),
        ],
        required=False,
        help_text=gettext_lazy("Only what it asks for is told, and the person reads it before they agree."),
        widget=forms.CheckboxSelectMultiple,
    )
    face_check = forms.BooleanField(
        label=gettext_lazy("Face Check here after a document"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "A live face beside the proven portrait, as in recoveries. Off: the partner's own look at the face has to do. An eID has none."
        ),
    )
    daily_runs = forms.IntegerField(
        label=gettext_lazy("At most this many checks in 24 hours"),
        min_value=1,
        max_value=100_000,
        initial=200,
        widget=forms.NumberInput(attrs={"data-width": "short"}),
    )

    def __init__(self, *args: Any, client: BridgeClient | None = None, **kwargs: Any) -> None:
        if client is not None:
            values = values_of(client)
            shown = {
                **values,
                "redirect_uris": "\n".join(client.redirect_uris),
                "jwks": dumped(client.jwks) if client.jwks else "",
                "seen": marks_of(values),
            }
            kwargs.setdefault("initial", shown)
        super().__init__(*args, **kwargs)
        choices = [(str(one.id), partners.way_of(one).title) for one in partners.choosable()]
        self.order = [name for name in (client.partners if client else ()) if name in dict(choices)]
        placed = sorted(choices, key=lambda choice: self._place(choice[0]))
        self.fields["partners"].choices = placed  # type: ignore[attr-defined]
        if len(choices) > 1:
            self.fields["first"].choices = [("", _("As listed above")), *placed]  # type: ignore[attr-defined]
        else:
            del self.fields["first"]
        self.client = client
        if client is not None:
            del self.fields["proof"]
            if client.proof == BridgeClient.Proof.SECRET:
                del self.fields["jwks"]

    def clean_redirect_uris(self) -> list[str]:
        found = list(dict.fromkeys(self.cleaned_data["redirect_uris"].split()))
        if len(found) > MOST_ADDRESSES:
            raise forms.ValidationError(_("At most five addresses."))
        for address in found:
            if not is_usable(address):
                raise forms.ValidationError(
                    _(
                        "%(address)s cannot be used: an address begins with https://, has no # and no *, and is not one of ours."
                    )
                    % {"address": address[:80]}
                )
        return found

    def _place(self, name: str) -> int:
        """The client's own order first; what it does not use comes after, in the order in which the organisation chose."""
        return self.order.index(name) if name in self.order else len(self.order)

    def clean_partners(self) -> list[str]:
        """In the order in which they are shown."""
        given = set(self.cleaned_data["partners"])
        return [value for value, _label in self.fields["partners"].choices if value in given]  # type: ignore[attr-defined]

    def clean_first(self) -> str:
        first: str = self.cleaned_data["first"]
        if first and first not in self.cleaned_data.get("partners", [first]):
            raise forms.ValidationError(_("Tick this partner as well, or offer another first."))
        return first

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first = data.pop("first", "")
        if first and first in data.get("partners", ()):
            data["partners"] = [first, *(name for name in data["partners"] if name != first)]
        proof = self.client.proof if self.client else data.get("proof")
        text = str(data.get("jwks") or "").strip()
        data["jwks"] = {}
        if proof == BridgeClient.Proof.KEY:
            try:
                data["jwks"] = read_public_keys(text)
            except (ValueError, RecursionError):
                self.add_error(
                    "jwks", _("Paste its public keys as a JWK Set: EC P-256 or RSA, and no private key.")
                )
        data["proof"] = proof
        return data


def is_usable(address: str) -> bool:
    """Registered and compared to the letter; http only for this machine, where nothing is in production."""
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.match(address) or "*" in address or "#" in address:
        return False
    if not is_web_address(address) or "@" in origin_of(address) or is_ours(origin_of(address)):
        return False
    return address.startswith("https://") or not settings.IS_PRODUCTION


class TrialForm(forms.Form):
    """Whom the trial means, as a client would say it."""

    given_name = forms.CharField(
        label=gettext_lazy("Given name"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    family_name = forms.CharField(
        label=gettext_lazy("Family name"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
