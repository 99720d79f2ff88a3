"""The words and tones of tasks and steps: a status is never colour alone."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(NamedTuple):
    label: str | Promise
    tone: str


CHECKLIST = {
    "done": Status(_("Done"), "ok"),
    "todo": Status(_("To do"), "info"),
    "doing": Status(_("In progress"), "info"),
    "blocked": Status(_("Cannot start yet"), "neutral"),
    "problem": Status(_("Needs attention"), "warn"),
    "optional": Status(_("Optional"), "neutral"),
}

STEPS = {
    "done": Status(_("Done"), "ok"),
    "current": Status(_("In progress"), "info"),
    "waiting": Status(_("Not started"), "neutral"),
    "failed": Status(_("Failed"), "bad"),
    "skipped": Status(_("Not needed"), "neutral"),
    "held": Status(_("On hold"), "warn"),
}

MESSAGE_TONES = {"success": "ok", "warning": "warn", "error": "bad", "info": "info", "debug": "neutral"}
