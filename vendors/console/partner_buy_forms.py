"""What somebody who buys chooses and agrees to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vendors.catalogue.amounts import Offered, sentences_of
from vendors.catalogue.listing import Term


class PlanForm(forms.Form):
    plan = forms.ChoiceField(label=gettext_lazy("Plan"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, plans: Sequence[Offered], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["plan"]
        field.choices = [(each.plan.key, _(each.plan.title)) for each in plans]  # type: ignore[attr-defined]
        field.choice_hints = {  # type: ignore[attr-defined]
            each.plan.key: " ".join([_(each.plan.summary), *sentences_of(each)]) for each in plans
        }
        field.error_messages["required"] = _("Choose a plan.")


class AgreeForm(forms.Form):
    """Each term that has to be agreed to has a box of its own; `seen_minor` is the amount that the page showed."""

    agreed = forms.MultipleChoiceField(
        label=gettext_lazy("What binds you"), widget=forms.CheckboxSelectMultiple
    )
    seen_minor = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, terms: Sequence[Term], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = [term for term in terms if term.must_agree]
        if not self.wanted:
            self.fields.pop("agreed")
            return
        self.fields["agreed"].choices = [(term.key, _(term.text)) for term in self.wanted]  # type: ignore[attr-defined]
        self.fields["agreed"].error_messages["required"] = _(
            "Agree to each of the terms, or choose another partner."
        )
        self.fields["agreed"].help_text = _("Tick each of them to say that it is so.")

    def agreed_to(self) -> list[str]:
        return list(self.cleaned_data.get("agreed", []))
