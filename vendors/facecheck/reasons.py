"""Which reasons mean "take it again", and what a person is told.

Whatever says something about the comparison or about an attack is told to nobody who stands before the camera: they
read one neutral sentence. Only what a person can change about the capture is said.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

NOT_CONFIRMED = "not_confirmed"
NO_ANSWER = "no_answer"

# The capture was not good enough to be judged: no decision.
CAPTURE = {
    "no_face": gettext_noop("We could not see a face. Look straight at the camera."),
    "several_faces": gettext_noop("There was more than one face. Be alone in the picture."),
    "face_lost": gettext_noop("Your face left the picture. Keep it inside the frame until the end."),
    "face_too_small": gettext_noop("Come a little closer to the camera."),
    "frames_missing": gettext_noop("Some pictures did not arrive. Close other programs and try again."),
    "no_frontal_frame": gettext_noop("Look straight at the camera for a moment at the beginning."),
    "challenge_expired": gettext_noop("It took too long. Begin again."),
    "times_do_not_fit": gettext_noop("The recording was interrupted. Keep this page in front and try again."),
    "light_too_weak": gettext_noop(
        "The screen could not light your face. Turn its brightness up, go somewhere darker or come closer."
    ),
    "head_not_straight": gettext_noop("Hold your head straight before each turn."),
    "head_not_turned": gettext_noop("Turn your head a little further, and slowly."),
    "clip_unusable": gettext_noop("The recording did not arrive whole. Record it again."),
    "probe_too_small": gettext_noop("Come a little closer to the camera."),
    "probe_too_blurred": gettext_noop("The picture was blurred. Hold still and clean the lens."),
    "probe_too_dark": gettext_noop("It was too dark. Turn on a light in front of you."),
    "probe_too_bright": gettext_noop("It was too bright. Turn away from the window or lamp."),
    "probe_turned_away": gettext_noop("Look straight at the camera for a moment at the beginning."),
    "probe_cut_off": gettext_noop("Keep your whole face inside the frame."),
    "probe_no_face": gettext_noop("We could not see a face. Look straight at the camera."),
    "probe_several_faces": gettext_noop("There was more than one face. Be alone in the picture."),
}
_OTHERS = {
    NOT_CONFIRMED: gettext_noop(
        "We could not confirm that it is you. You can try again in even, bright light."
    ),
    NO_ANSWER: gettext_noop("We could not finish the check. Try again."),
}


def is_about_capture(reasons: Iterable[str]) -> bool:
    """Whether every reason is one that a better capture removes. No reason at all is not."""
    found = list(reasons)
    return bool(found) and all(reason in CAPTURE for reason in found)


def told_to_person(reasons: Iterable[str]) -> tuple[str, ...]:
    """Sentences, each once. A code with no sentence for people becomes the neutral one."""
    known = {**CAPTURE, **_OTHERS}
    sentences = [_(known.get(reason, _OTHERS[NOT_CONFIRMED])) for reason in reasons]
    return tuple(dict.fromkeys(sentences))
