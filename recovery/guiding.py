"""A new profile step by step: it begins as a draft of a preset, remembers where it was left, and says what keeps it back."""

from __future__ import annotations

import copy
from uuid import UUID

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from recovery.models import Profile
from recovery.ordering import connections_here
from recovery.presets import preset
from recovery.profile_checks import check_profile
from recovery.profiles import create_profile
from recovery.reviewing import VOICES, reviewers_of
from recovery.statuses import Mode
from vendors.models import Connection


def begin_guide(*, name: str, preset_key: str, actor: Actor) -> Profile:
    """A draft of the preset, with the partner that is ready, if there is one, and a review only where two can decide it."""
    chosen = preset(preset_key)
    ready = [one for one in connections_here() if one.status == Connection.Status.READY]
    two_review = len(reviewers_of(Profile())) >= VOICES
    made = create_profile(
        actor=actor,
        name=name,
        partners=[one.id for one in ready[:1]],
        review_signs=list(chosen.review_signs) if two_review else [],
        **chosen.values,
    )
    note_guide_step(made.id, "who")
    return made


def note_guide_step(profile_id: UUID, step: str) -> None:
    """Where the guide goes on; empty when it was gone through. No part of what the profile says, and of no version."""
    Profile.objects.filter(id=profile_id, status=Profile.Status.DRAFT).update(guide_step=step)


def problem_in(profile: Profile, mode: Mode) -> str:
    """What would keep the profile from going into force in that mode, in a sentence; empty if nothing does."""
    as_it_would_be = copy.copy(profile)
    as_it_would_be.mode = mode
    try:
        check_profile(as_it_would_be)
    except Invalid as error:
        return error.sentence
    return ""
