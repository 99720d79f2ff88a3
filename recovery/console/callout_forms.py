"""What staff enter about a system of their own that is asked before a decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.seen import SeenForm, marks_of
from recovery.callouts.models import MAX_RETRIES, MAX_SECONDS, Callout
from recovery.callouts.services import KEEP, values_of
from recovery.callouts.shape import CLAIMS as SENDABLE
from recovery.callouts.shape import USUAL
from recovery.console.callout_words import CLAIMS
from vendors.adapters.oidc.answers import is_web_address

_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


class CalloutForm(SeenForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("For your colleagues: the system that answers, such as payroll."),
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        help_text=gettext_lazy(
            "It is sent the claims by POST and answers pass or failed, as Microsoft's verifiedIdClaimValidation event has it."
        ),
        error_messages={"required": gettext_lazy("Enter the address.")},
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    audience = forms.CharField(
        label=gettext_lazy("Audience of the token"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("What your endpoint expects in aud. Empty: its address."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    claims = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told of the Verified ID"),
        choices=[(name, CLAIMS[name]) for name in SENDABLE],
        initial=list(USUAL),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Beside the account: user name, names, e-mail address and employee number. The portrait is never sent, and the "
            "number of the document is not kept."
        ),
        error_messages={"required": gettext_lazy("Choose what it is told.")},
    )
    on_silence = forms.ChoiceField(
        label=gettext_lazy("If it does not answer, or not in a way that can be believed"),
        choices=Callout.Silence.choices,
        initial=Callout.Silence.REFUSE,
        widget=forms.RadioSelect,
    )
    timeout_seconds = forms.IntegerField(
        label=gettext_lazy("It has this long to answer"),
        min_value=1,
        max_value=MAX_SECONDS,
        initial=5,
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("seconds")}),
    )
    retries = forms.IntegerField(
        label=gettext_lazy("Asked again, if it did not answer"),
        min_value=0,
        max_value=MAX_RETRIES,
        initial=1,
        help_text=gettext_lazy(
            "After 2, 4 and 8 seconds. An answer that is no answer is not asked for again."
        ),
        widget=forms.NumberInput(attrs={"data-width": "short", "data-suffix": gettext_lazy("times")}),
    )
    secret = forms.CharField(
        label=gettext_lazy("Shared secret"),
        max_length=200,
        min_length=16,
        required=False,
        help_text=gettext_lazy(
            "If you set one, each request also carries Readmit-Signature. At least 16 characters."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    forget_secret = forms.BooleanField(label=gettext_lazy("Use no shared secret any more"), required=False)

    def __init__(self, *args: Any, row: Callout | None, **kwargs: Any) -> None:
        if row is not None:
            values = values_of(row)
            kwargs.setdefault("initial", {**values, "seen": marks_of(values)})
        super().__init__(*args, **kwargs)
        if row is None or not row.secret_sealed:
            del self.fields["forget_secret"]
        else:
            self.fields["secret"].help_text = _(
                "Leave it empty to keep the one that is stored. It is never shown again."
            )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if not is_web_address(url) or any(letter.isspace() for letter in url):
            raise forms.ValidationError(_("Enter an address that begins with https://."))
        return url

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["audience"] = data.get("audience") or data.get("url", "")
        if data.get("secret") and data.get("forget_secret"):
            self.add_error("secret", _("Enter a new secret, or use none. Not both."))
        return data

    def secret_given(self) -> Any:
        if self.cleaned_data.get("forget_secret"):
            return ""
        return self.cleaned_data["secret"] or KEEP
