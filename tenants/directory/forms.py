"""What staff send about people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.kit.sheet_file import MAX_BYTES
from portal.kit.typed import TypedWordForm


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("UTF-8, at most 10 MB and 50,000 people. Comma, semicolon or tab between the cells."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv", "data-max_bytes": MAX_BYTES}),
        error_messages={
            "required": _("Choose a CSV file."),
            "missing": _("Choose a CSV file."),
            "empty": _("This file is empty."),
            "invalid": _("Choose a CSV file."),
        },
        allow_empty_file=False,
    )

    def read(self) -> tuple[bytes, str]:
        sent: UploadedFile[bytes] = self.cleaned_data["file"]
        return sent.read(), sent.name or ""


class ReasonForm(forms.Form):
    """Why somebody acts on a person. Kept in the audit log, apart, so that it can be destroyed."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("One sentence. Auditors read it."),
        error_messages={"required": _("Say why in one sentence.")},
    )

    def clean_reason(self) -> str:
        text: str = self.cleaned_data["reason"]
        if len(text) < 4:
            raise forms.ValidationError(_("Say why in one sentence."))
        return text


class SuspendSeveralForm(TypedWordForm, ReasonForm):
    """A typed word as well, because many people lose their way back in at once."""

    field_order = ["reason", "word"]


class PeopleFilterForm(forms.Form):
    """The filters of the list, as they stand in the address. Anything unusable means: all."""

    q = forms.CharField(required=False, max_length=120)
    status = forms.ChoiceField(required=False)
    department = forms.ChoiceField(required=False)
    sort = forms.CharField(required=False, max_length=20)

    def __init__(self, data: Any, *, statuses: Any, departments: list[str]) -> None:
        super().__init__(data)
        self.fields["status"].choices = [("", _("Every status")), *statuses]  # type: ignore[attr-defined]
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", _("Every department")),
            *((name, name) for name in departments),
        ]

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        names = {"text": "q", "status": "status", "department": "department", "sort": "sort"}
        return {key: str(self.cleaned_data.get(name, "")) for key, name in names.items()}
