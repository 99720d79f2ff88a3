"""What an operator says about money that went back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.typed import TypedWordForm
from vendors.billing.disputing import LONGEST


class RefundForm(TypedWordForm):
    reason = forms.CharField(
        label=_("Why it was paid back"),
        help_text=_("A sentence that stays in the organisation's audit log."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a sentence why this was paid back.")},
    )
    field_order = ("reason", "word")
