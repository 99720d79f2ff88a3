"""What a form was filled from, so that one colleague's change is not undone by another's in silence.

A form carries marks: for each field a short digest of the value that stood there when the page was drawn. The service
compares them with what stands there now, under the lock it writes with, and refuses when they differ. What it does not
do: keep anything secret, or decide whose value is right. The person reads both and saves again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.kit.errors import Refused

LENGTH = 10


class ChangedMeanwhile(Refused):
    """Somebody else saved first. `present` holds what stands there now, for the fields that differ."""

    status = 409

    def __init__(self, present: Mapping[str, Any], marks: str) -> None:
        sentence = _(
            "A colleague saved this page while you had it open. What they wrote stands beside each field; nothing "
            "of yours is saved yet. Save again to put yours in its place."
        )
        super().__init__("changed_meanwhile", sentence, detail={"fields": sorted(present)})
        self.present = dict(present)
        self.marks = marks


def _mark(value: Any) -> str:
    written = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:LENGTH]


def marks_of(values: Mapping[str, Any]) -> str:
    """For a hidden field: `name:3f…,mode:a0…`."""
    return ",".join(f"{name}:{_mark(value)}" for name, value in sorted(values.items()))


def changed_since(unverified_marks: str, values: Mapping[str, Any]) -> list[str]:
    """The fields that differ from when the marks were made. Marks that are missing or made up differ."""
    seen = dict(part.partition(":")[::2] for part in unverified_marks.split(","))
    return [name for name, value in values.items() if seen.get(name) != _mark(value)]


def require_unchanged(unverified_marks: str | None, values: Mapping[str, Any]) -> None:
    """None: the caller has no page that could be old (a command, the demonstration)."""
    if unverified_marks is None:
        return
    fields = changed_since(unverified_marks, values)
    if fields:
        raise ChangedMeanwhile({name: values[name] for name in fields}, marks_of(values))


class SeenForm(forms.Form):
    """A form over something that others edit too. `initial["seen"]` are the marks of what it was filled from."""

    seen = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)

    def take_seen(self) -> str | None:
        """The marks that came with the form; they are none of the values. None from a client that had no page."""
        return self.cleaned_data.pop("seen", "") or None

    def show_conflict(self, conflict: ChangedMeanwhile, names: Mapping[str, str] | None = None) -> None:
        """Say what the other one wrote, keep what was typed, and let the next save go through. `names` maps a value's
        name to the field's where they differ."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("seen")] = conflict.marks
        self.data = data
        self.add_error(None, conflict.sentence)
        for name, value in conflict.present.items():
            field = (names or {}).get(name, name)
            if field in self.fields:
                told = _("It says now: %(value)s") % {"value": _words(self.fields[field], value)}
                self.add_error(field, told)


def _words(field: forms.Field, value: Any) -> str:
    """A value as the page would show it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    if isinstance(value, (list, tuple)):
        return ", ".join(labels.get(str(one), str(one)) for one in value) or _("Nothing")
    return labels.get(str(value or ""), "" if value is None else str(value)) or _("Nothing")
