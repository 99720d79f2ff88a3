"""Forms of organisations and members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.names import validate_name
from portal.kit.seen import SeenForm
from tenants.models import User
from tenants.rights import Role
from tenants.services import clean_slug

ROLE_HINTS = {
    Role.OWNER: _("Everything, money included."),
    Role.ADMINISTRATOR: _("Everything but money."),
    Role.BILLING_MANAGER: _("Usage and money; no names of people."),
    Role.HELP_DESK: _("Cases and reviews; can neither see nor make a pass."),
    Role.AUDITOR: _("Sees everything and changes nothing."),
}


WHERE = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}


def time_zones() -> list[tuple[str, str]]:
    """By continent and ocean; the aliases that computers keep for old times, by country, are left out."""
    names = sorted(
        name for name in clock.time_zone_names() if name.partition("/")[0] in WHERE and "/" in name
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class LongSelect(forms.Select):
    """Hundreds of options, written at once: Django renders a template for each, which takes a quarter of a second."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if key == chosen else "", label) for key, label in self.choices),
        )
        given = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(given), options)


class OrganisationForm(forms.Form):
    """A new organisation. The host name cannot be changed later."""

    your_name = forms.CharField(label=_("Your name"), max_length=120, validators=[validate_name])
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=120,
        help_text=_("Your people read it on every page."),
        validators=[validate_name],
    )
    slug = forms.CharField(label=_("Host name"), max_length=200)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, widget=LongSelect)
    help_desk_contact = forms.CharField(
        label=_("Help desk contact"),
        max_length=200,
        required=False,
        help_text=_("A telephone number, an address, or a sentence: whatever helps somebody who is stuck."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.name:
            del self.fields["your_name"]

    def clean_slug(self) -> str:
        try:
            return clean_slug(self.cleaned_data["slug"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal


class SettingsForm(SeenForm):
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=120,
        help_text=_("Your people read it on every page."),
        validators=[validate_name],
    )
    help_desk_contact = forms.CharField(
        label=_("Help desk contact"),
        max_length=200,
        required=False,
        help_text=_("A telephone number, an address, or a sentence: whatever helps somebody who is stuck."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        widget=LongSelect,
        help_text=_("Days in numbers and mail begin at its midnight."),
    )
    accent = forms.CharField(label=_("Accent colour"), max_length=7)


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("The invitation works for this address only.")
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        field.choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        field.choice_hints = {role.value: ROLE_HINTS[role] for role in roles}  # type: ignore[attr-defined]


class RoleForm(SeenForm):
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        field.choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        field.choice_hints = {role.value: ROLE_HINTS[role] for role in roles}  # type: ignore[attr-defined]
