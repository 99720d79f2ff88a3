"""What a billing manager says about a partner's invoice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.money import EXPONENTS
from portal.kit.sheet_file import MAX_BYTES
from vendors.billing.book import standing
from vendors.console.partner_invoices import BillFacts, own_contracts
from vendors.wording import partner_name


class BillForm(forms.Form):
    vendor = forms.ChoiceField(label=_("Partner"))
    first_day = forms.DateField(
        label=_("First day of the invoice"),
        widget=forms.DateInput(attrs={"type": "date", "data-width": "short"}),
    )
    last_day = forms.DateField(
        label=_("Last day of the invoice"),
        widget=forms.DateInput(attrs={"type": "date", "data-width": "short"}),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("Of lines that name none."),
        choices=[(code, code) for code in EXPONENTS],
    )
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("UTF-8, at most 10 MB and 20,000 lines. Comma, semicolon or tab between the cells."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv", "data-max_bytes": MAX_BYTES}),
        error_messages={
            "required": _("Choose a CSV file."),
            "missing": _("Choose a CSV file."),
            "empty": _("This file is empty."),
            "invalid": _("Choose a CSV file."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = standing()
        zone = found.anchor.zone
        period = found.period_at(found.period_at(clock.now()).start - timedelta(seconds=1))
        self.fields["first_day"].initial = period.start.astimezone(zone).date()
        self.fields["last_day"].initial = (period.end - timedelta(seconds=1)).astimezone(zone).date()
        self.fields["currency"].initial = found.currencies[0]
        self.fields["vendor"].choices = [  # type: ignore[attr-defined]
            (vendor, partner_name(vendor)) for vendor in own_contracts()
        ]

    def read(self) -> tuple[bytes, BillFacts]:
        data = self.cleaned_data
        sent: UploadedFile[bytes] = data["file"]
        facts = BillFacts(
            data["vendor"], data["first_day"], data["last_day"], data["currency"], sent.name or ""
        )
        return sent.read(), facts
