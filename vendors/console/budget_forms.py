"""What a billing manager says about a budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.money import EXPONENTS
from portal.kit.seen import SeenForm, marks_of
from tenants.directory.selectors import departments
from tenants.rights import Role
from vendors.billing.budgeting import changeable
from vendors.billing.models import Budget
from vendors.billing.services import BudgetPlan
from vendors.selectors import connections
from vendors.wording import partner_name

FIXED = ("vendor", "profile", "department", "every", "currency")


def profile_names() -> dict[UUID, str]:
    """Profiles stand above this room: the roof says where to ask."""
    found: dict[UUID, str] = import_string(settings.PROFILE_NAMES)()
    return found


class BudgetForm(SeenForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give the budget a name.")},
    )
    vendor = forms.ChoiceField(label=gettext_lazy("Partner"), required=False)
    profile = forms.ChoiceField(label=gettext_lazy("Recovery profile"), required=False)
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)
    every = forms.ChoiceField(
        label=gettext_lazy("Counts anew"), choices=Budget.Every.choices, initial=Budget.Every.PERIOD
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        help_text=gettext_lazy("At list prices, before anything is included. Your own contracts count too."),
        min_value=Decimal("0.01"),
        max_value=Decimal(999_999_999),
        max_digits=15,
        decimal_places=6,
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Only what costs in this currency counts."),
        choices=[(code, code) for code in EXPONENTS],
    )
    shares = forms.CharField(
        label=gettext_lazy("Tell us at"),
        help_text=gettext_lazy(
            "Shares in per cent, for example 50, 75, 90, 100. Leave it empty for no mail."
        ),
        required=False,
        max_length=60,
        initial="50, 75, 90, 100",
    )
    is_hard = forms.BooleanField(
        label=gettext_lazy("Hard cap: checks that would pass it do not begin"),
        help_text=gettext_lazy(
            "Whoever is locked out then is asked to call your help desk. Checks that run are finished."
        ),
        required=False,
    )
    lifting_roles = forms.MultipleChoiceField(
        label=gettext_lazy("Who may lift the cap for some hours"),
        choices=[(role.value, role.label) for role in Role if role in Budget.LIFTING_ROLES],
        widget=forms.CheckboxSelectMultiple,
        initial=[Role.OWNER.value],
        required=False,
    )

    def __init__(
        self, *args: Any, budget: Budget | None = None, currency: str = "EUR", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if budget is not None:
            self._fill(budget)
            return
        self.fields["vendor"].choices = [  # type: ignore[attr-defined]
            ("", _("Everything")),
            ("readmit", partner_name("readmit")),
            *((found.vendor, partner_name(found.vendor)) for found in connections()),
        ]
        self.fields["profile"].choices = [  # type: ignore[attr-defined]
            ("", _("All profiles")),
            *((str(found), name) for found, name in profile_names().items()),
        ]
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", _("All departments")),
            *((name, name) for name in departments()),
        ]
        self.fields["currency"].initial = currency

    def _fill(self, budget: Budget) -> None:
        """What it is for stays as it is."""
        for name in FIXED:
            del self.fields[name]
        for name, value in changeable(budget).items():
            self.fields[name].initial = value
        self.fields["seen"].initial = marks_of(changeable(budget))

    def clean_shares(self) -> tuple[int, ...]:
        words = self.cleaned_data["shares"].replace("%", " ").replace(",", " ").replace(";", " ").split()
        try:
            return tuple(int(word) for word in words)
        except ValueError:
            raise forms.ValidationError(_("Write whole numbers with commas between them.")) from None

    def plan(self, budget: Budget | None = None) -> BudgetPlan:
        data = self.cleaned_data
        return BudgetPlan(
            name=data["name"],
            amount=data["amount"],
            currency=budget.currency if budget else data["currency"],
            every=budget.every if budget else data["every"],
            vendor=budget.vendor if budget else data["vendor"],
            profile_id=budget.profile_id if budget else UUID(data["profile"]) if data["profile"] else None,
            department=budget.department if budget else data["department"],
            shares=data["shares"],
            is_hard=data["is_hard"],
            lifting_roles=tuple(data["lifting_roles"]),
        )


class LiftForm(forms.Form):
    """Break the glass."""

    hours = forms.IntegerField(
        label=gettext_lazy("Hours"), min_value=1, max_value=72, initial=4, help_text=gettext_lazy("1 to 72")
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("It stays in the audit log, with your name."),
        max_length=300,
    )
