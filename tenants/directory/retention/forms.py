"""Days for each kind of what is held, and the same once more behind a typed word."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from portal.kit.typed import TypedWordForm
from tenants.directory.retention.rules import CONFIRMED_DAYS, LEFT_DAYS, PROPOSED, Category, Rule

LEFT, CONFIRMED = "left", "confirmed"


def _fields() -> dict[str, tuple[Category, str, tuple[int, int]]]:
    found = {f"{category.value}_{LEFT}": (category, LEFT, LEFT_DAYS) for category in Category}
    found[f"{Category.NUMBERS.value}_{CONFIRMED}"] = (Category.NUMBERS, CONFIRMED, CONFIRMED_DAYS)
    return {
        name: found[name] for name in sorted(found, key=lambda name: list(Category).index(found[name][0]))
    }


FIELDS = _fields()


class RetentionForm(forms.Form):
    """A field that is left empty means: until the person is removed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (category, clock, (fewest, most)) in FIELDS.items():
            label = (
                _("%(what)s: days after somebody left")
                if clock == LEFT
                else _("%(what)s: days after the last proof or file")
            )
            self.fields[name] = forms.IntegerField(
                label=label % {"what": category.label},
                required=False,
                min_value=fewest,
                max_value=most,
                help_text=_(PROPOSED[category].why)
                if clock == LEFT
                else _("Also of people who are here. Proven again, it begins anew."),
                widget=forms.NumberInput(attrs={"data-width": "short"}),
            )

    @staticmethod
    def initial_of(rules: dict[Category, Rule]) -> dict[str, int | None]:
        return {
            name: getattr(rules.get(category, Rule()), f"{clock}_days")
            for name, (category, clock, _bounds) in FIELDS.items()
        }

    def rules(self) -> dict[Category, Rule]:
        days = self.cleaned_data
        return {
            category: Rule(days[f"{category.value}_{LEFT}"], days.get(f"{category.value}_{CONFIRMED}"))
            for category in Category
        }


class ConfirmForm(TypedWordForm, RetentionForm):
    """The days travel hidden from the page before; whatever they are, they are looked at once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIELDS:
            self.fields[name].widget = forms.HiddenInput()
