"""What a vendor enters to test its own provider."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vendors.adapters.oidc.answers import is_web_address

PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


class ProviderForm(forms.Form):
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=300,
        help_text=gettext_lazy("Exactly as your metadata says it, for example https://id.example.com."),
        error_messages={"required": gettext_lazy("Enter your issuer.")},
        widget=forms.TextInput(attrs={**PLAIN, "inputmode": "url"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client ID"),
        max_length=200,
        help_text=gettext_lazy("Of a client made for this test."),
        error_messages={"required": gettext_lazy("Enter the client ID.")},
        widget=forms.TextInput(attrs=PLAIN),
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=400,
        help_text=gettext_lazy("Sealed, and destroyed with the end of the test or after an hour."),
        error_messages={"required": gettext_lazy("Enter the client secret.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    trust_framework = forms.CharField(
        label=gettext_lazy("Trust framework"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Empty means IDV-DELEGATED."),
        widget=forms.TextInput(attrs=PLAIN),
    )

    def clean_issuer(self) -> str:
        issuer: str = self.cleaned_data["issuer"]
        if not is_web_address(issuer) or "?" in issuer:
            raise forms.ValidationError(_("Enter an https address without a query."))
        return issuer
