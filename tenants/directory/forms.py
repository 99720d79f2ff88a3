"""What staff send about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.kit.errors import Invalid
from portal.kit.seen import SeenForm
from portal.kit.sheet_file import MAX_BYTES, BadCell
from portal.kit.typed import TypedWordForm
from tenants.directory.import_columns import LABELS, LETTERS, Layout, Outline, checked
from tenants.directory.import_file import LENGTHS, called_in, names_in, whole_names_in


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("At most 10 MB and 50,000 people. Comma, semicolon or tab between the cells."),
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


class ColumnsForm(forms.Form):
    """What each column of a file means, and how its dates are written."""

    dates = forms.ChoiceField(
        label=_("Dates are written"),
        choices=[
            ("ymd", _("year, month, day: 1990-04-12")),
            ("dmy", _("day, month, year: 12.04.1990")),
            ("mdy", _("month, day, year: 04/12/1990")),
        ],
        help_text=_("A date that could be read two ways is read as you say here."),
    )

    user_name = forms.ChoiceField(
        label=_("Without a column for it, the user name is"),
        choices=[
            ("", _("Nothing: the file has one")),
            ("email", _("The first e-mail address")),
            ("employee_number", _("The employee number")),
        ],
        required=False,
        help_text=_("People type it, or one of their addresses, when they recover."),
    )

    def __init__(self, data: Any = None, *, outline: Outline) -> None:
        super().__init__(
            data,
            initial={"dates": outline.dates, "letters": outline.letters, "user_name": outline.user_name},
        )
        self.outline = outline
        if outline.readings:
            self.fields["letters"] = forms.ChoiceField(
                label=_("Its letters are"),
                choices=[
                    (page, f"{gettext(LETTERS[page])}: {reading}")
                    for page, reading in outline.readings.items()
                ],
                help_text=_("This file is not in Unicode. Choose the line in which the names are right."),
            )
        choices = [("", _("Nothing: leave it out")), *((name, gettext(LABELS[name])) for name in LABELS)]
        for place, column in enumerate(outline.columns):
            self.fields[self.name_of(place)] = forms.ChoiceField(
                label=column.heading, choices=choices, required=False, initial=column.means
            )

    @staticmethod
    def name_of(place: int) -> str:
        return f"column_{place}"

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                checked(self.layout())
            except Invalid as problem:
                raise forms.ValidationError(problem.sentence) from problem
        return self.cleaned_data

    def layout(self) -> Layout:
        said = self.cleaned_data
        chosen = {column.key: said[self.name_of(place)] for place, column in enumerate(self.outline.columns)}
        stands_in = "" if "user_name" in chosen.values() else said["user_name"]
        return Layout(chosen, said["dates"], stands_in, said.get("letters", ""))


class UndoImportForm(TypedWordForm):
    """A typed word, because it changes as many people as the file did."""


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


class DetailsForm(SeenForm):
    """Names beside the one that documents print, and where somebody stands."""

    former_names = forms.CharField(
        label=_("Former names"),
        required=False,
        max_length=1_000,
        help_text=_(
            "As in a file: “Novak | Dvořák, Anna Marie”. Given names only where those were others too. They count after 72 "
            "hours, and only in profiles that accept former names."
        ),
    )
    preferred_name = forms.CharField(
        label=_("Called"),
        required=False,
        max_length=1_000,
        help_text=_("Given names that people use for them and that a document may have."),
    )
    name_in_other_script = forms.CharField(
        label=_("Name in another script"),
        required=False,
        max_length=1_000,
        help_text=_("Family name first: “Свобода, Анна”. It is compared with the spelling of the document."),
    )
    manager = forms.CharField(label=_("Manager"), required=False, max_length=LENGTHS["manager"])
    country = forms.CharField(label=_("Country"), required=False, max_length=LENGTHS["country"])
    privileged = forms.BooleanField(
        label=_("Privileged account"),
        required=False,
        help_text=_(
            "Out of every profile that does not let privileged accounts in. Taking it off holds recoveries for a while."
        ),
    )

    def clean_former_names(self) -> tuple[tuple[str, str], ...]:
        return _read(names_in, self.cleaned_data["former_names"])

    def clean_preferred_name(self) -> tuple[tuple[str, str], ...]:
        return _read(called_in, self.cleaned_data["preferred_name"])

    def clean_name_in_other_script(self) -> tuple[tuple[str, str], ...]:
        return _read(whole_names_in, self.cleaned_data["name_in_other_script"])

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {
            "former_names": data["former_names"],
            "preferred_names": data["preferred_name"],
            "script_names": data["name_in_other_script"],
            "manager": data["manager"],
            "country": data["country"],
            "is_privileged": data["privileged"],
        }


def _read(read: Callable[[str], tuple[tuple[str, str], ...]], text: str) -> tuple[tuple[str, str], ...]:
    try:
        return read(text)
    except BadCell as problem:
        raise forms.ValidationError(str(problem)) from problem


class RemoveForm(TypedWordForm, ReasonForm):
    """A typed word as well: nothing brings a removed person back."""

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
