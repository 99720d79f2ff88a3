"""Where a profile comes into the order when it goes into force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from portal.kit.typed import TypedWordForm
from recovery.models import Profile
from recovery.profiles import Place
from recovery.statuses import Mode


class PublishForm(TypedWordForm):
    """Where a profile comes into the order, and a typed word. Nothing to choose while no other is in force."""

    def __init__(self, *args: Any, profile: Profile, others: Sequence[Profile], **kwargs: Any) -> None:
        super().__init__(*args, word=_("publish"), **kwargs)
        if not others or profile.status == Profile.Status.PUBLISHED:
            return
        narrow = profile.who != Profile.Everyone.EVERYONE or profile.groups_in or profile.groups_out
        # A trial for everybody in the place of what lets people back in is nobody's first thought.
        takes_away = profile.mode == Mode.EVALUATION and any(
            other.mode == Mode.PRODUCTION for other in others
        )
        place = forms.ChoiceField(
            label=_("Where it comes in"),
            choices=[
                (Place.FIRST.value, _("Before the others")),
                (Place.LAST.value, _("After the others")),
                (Place.INSTEAD.value, _("Instead of the others")),
            ],
            initial=Place.FIRST.value if narrow else None if takes_away else Place.INSTEAD.value,
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose where it comes in.")},
        )
        named = ", ".join(f"“{other.name}”" for other in others)
        hints = {
            Place.FIRST.value: _("Whoever it is for takes it, and everybody else falls to %(named)s.")
            % {"named": named},
            Place.LAST.value: _("It is for those only for whom %(named)s is not.") % {"named": named},
            Place.INSTEAD.value: _(
                "Withdraws %(named)s. Recoveries under way that were not decided yet are refused."
            )
            % {"named": named},
        }
        if takes_away:
            for each in (Place.FIRST.value, Place.INSTEAD.value):
                hints[each] = f"{hints[each]} {_('Meanwhile nobody it is for gets a pass.')}"
        place.choice_hints = hints  # type: ignore[attr-defined]
        self.fields = {"place": place, **self.fields}

    def place(self) -> Place:
        return Place(self.cleaned_data.get("place") or Place.INSTEAD.value)
