"""What an attester says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.codes import clean_code
from recovery.attesting.answering import Answer
from recovery.attesting.models import AttestationAsk

Word = AttestationAsk.Word


class AttestForm(forms.Form):
    word = forms.ChoiceField(
        label=gettext_lazy("What do you say?"),
        choices=Word.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what you say.")},
    )
    code = forms.CharField(
        label=gettext_lazy("The code they read to you"),
        max_length=20,
        help_text=gettext_lazy("Six digits. Only for “It is them”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "data-width": "short"}),
        error_messages={"required": gettext_lazy("Type the code that they read to you.")},
    )
    contact = forms.ChoiceField(
        label=gettext_lazy("How you were in touch"),
        choices=[("", gettext_lazy("Choose")), *AttestationAsk.Contact.choices],
        help_text=gettext_lazy("Only for “It is them”."),
        error_messages={"required": gettext_lazy("Choose how you were in touch.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        help_text=gettext_lazy(
            "For the two other answers. Your colleagues who look after recoveries read it."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why in one sentence.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["word"].choice_hints = {  # type: ignore[attr-defined]
            Word.ATTEST.value: _("You saw or heard them yourself, and they read you the code."),
            Word.CANNOT_SAY.value: _(
                "You could not reach them, or you are not sure. If nobody else can say, the recovery ends and they call the "
                "help desk."
            ),
            Word.NOT_THEM.value: _(
                "They know nothing of it. The recovery stops at once and your colleagues are told."
            ),
        }
        if self.is_bound:
            # What each answer asks for; until there is one, nothing is called optional.
            attests = self.data.get("word") == Word.ATTEST
            for name in ("code", "contact"):
                self.fields[name].required = attests
            self.fields["reason"].required = self.data.get("word") in (Word.CANNOT_SAY, Word.NOT_THEM)

    def answer(self) -> Answer:
        data = self.cleaned_data
        return Answer(
            word=Word(data["word"]),
            code=clean_code(data["code"]),
            contact=data["contact"],
            reason=data["reason"].replace("\x00", ""),
        )
