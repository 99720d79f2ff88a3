"""What staff type about cases and reviews."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.typed import TypedWordForm
from recovery.models import Review


class ActionForm(forms.Form):
    """Why a member acts on a case. Kept in the audit log, apart, so that it can be destroyed."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("One sentence. Auditors read it; the person does not."),
        error_messages={"required": _("Say why in one sentence.")},
    )


class EndingForm(TypedWordForm, ActionForm):
    """What cannot be undone: a typed word as well."""

    field_order = ["reason", "word"]


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("Your verdict"),
        choices=Review.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a verdict.")},
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        help_text=_("What in the codes and measures led you there. The second member reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why in one sentence.")},
    )

    def __init__(self, *args: object, may_go_on: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not may_go_on:
            self.fields["verdict"].choices = [  # type: ignore[attr-defined]
                choice for choice in Review.Verdict.choices if choice[0] != Review.Verdict.GO_ON
            ]
        self.fields["verdict"].choice_hints = {  # type: ignore[attr-defined]
            "refuse": _("The case ends. The person is told that it could not be completed, not why."),
            "more_evidence": _(
                "The person shows the Verified ID and the face once more, and it is decided again."
            ),
            "go_on": _(
                "It passed every check, and you see nothing in the signs. The person shows the Verified ID and the face once more "
                "and gets the pass, after the waiting time if there is one."
            ),
        }
