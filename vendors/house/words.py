"""What a person reads about notices and problems. The codes come from the pure decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _


def notice_sentence(notice: str) -> str:
    """One sentence, or none. A check that did not pass never says which one."""
    sentences = {
        "document_unreadable": _(
            "We could not read the document. Use more light, and keep all of it in the frame."
        ),
        "document_specimen": _("This is a specimen. Use a document that was issued to you."),
        "document_other_kind": _("This is another kind of document than you chose. Choose again below."),
        "document_expired": _("This document has expired. Use one that is still valid."),
        "document_not_accepted": _("We could not accept this document. Try again, or use another one."),
        "not_confirmed": _("We could not confirm it is you."),
        "face_lost": _("Your face was out of the picture. Keep it inside the frame and try again."),
        "several_faces": _("More than one face was in the picture. Try again where you are alone."),
        "face_too_small": _("You were too far away. Come closer and try again."),
        "too_dark": _("It was too dark. Turn towards a light and try again."),
        "too_bright": _("It was too bright. Turn away from the window or lamp and try again."),
        "light_too_weak": _(
            "The screen could not light your face. Turn its brightness up, come closer, or go where it is darker."
        ),
        "slow_device": _("Pictures were missing. Close other pages and try again."),
        "took_too_long": _("That took too long. Try again."),
    }
    return sentences.get(notice, "")


def problem_sentences(problems: Iterable[str]) -> list[str]:
    """Why a photograph must be taken again."""
    sentences = {
        "too_blurred": _("It is blurred. Hold still, and let the camera focus."),
        "glare": _("There is a reflection on it. Tilt the document or turn off the flash."),
        "too_small": _("The document is too small in the picture. Come closer."),
        "cut_off": _("A part is cut off. Keep all four corners in the picture."),
        "too_dark": _("It is too dark. Use more light."),
        "too_bright": _("It is too bright. Move out of direct light."),
        "no_document": _("No document was found. Lay it on a plain surface and fill the frame."),
        "zone_unreadable": _(
            "The lines with < signs cannot be read. Keep them sharp, whole and free of reflections."
        ),
        "print_unreadable": _("The print cannot be read everywhere. Hold still, and avoid reflections."),
        "portrait_missing": _("The portrait was not found. Keep it in the middle of the picture."),
        "portrait_too_small": _("The portrait is too small in the picture. Come closer."),
        "other_side_missing": _("This side alone is not enough. Photograph the side that was asked for."),
        # The same words as above: whoever holds another portrait to the camera learns nothing from them.
        "not_the_same_portrait": _("The portrait was not found. Keep it in the middle of the picture."),
        "several_documents": _("More than one document is in the picture. Show one alone."),
        "visa": _("This is a visa. Turn to the page of the passport that has your portrait."),
        "turned_away": _("Hold the camera straight above it."),
    }
    known = [sentences[problem] for problem in problems if problem in sentences]
    return known or [_("It cannot be used. Take it again.")]


def shot_title(shot: str, kind: str) -> str:
    if kind == "passport":
        return _("The page with your portrait")
    titles = {"front": _("The front"), "closeup": _("The portrait, close up"), "back": _("The back")}
    return titles.get(shot, _("Photograph"))


def described_shots(kind: str, shots: Sequence[str]) -> list[dict[str, str]]:
    """Title, instruction and frame of each photograph."""
    instructions = {
        "front": _("Fill the frame with the side that has your portrait."),
        "closeup": _("Come so close that the portrait fills the frame, and hold still until it is sharp."),
        "back": _("Turn the card over. Fill the frame with the side that has lines with < signs."),
    }
    page = _("Fill the frame with the whole page. The lines with < signs belong at the bottom.")
    shapes = {"front": "card", "closeup": "portrait", "back": "card"}
    return [
        {
            "name": shot,
            "title": shot_title(shot, kind),
            "instruction": page if kind == "passport" else instructions[shot],
            "shape": "page" if kind == "passport" else shapes[shot],
        }
        for shot in shots
    ]


def camera_errors() -> Mapping[str, str]:
    """By the codes of `camera.js`."""
    return {
        "refused": _(
            "The camera is not allowed for this page. Allow it in the browser's settings for this page."
        ),
        "missing": _("This device has no camera we can use."),
        "in_use": _("Another program uses the camera. Close it and try again."),
        "insecure": _("The browser lends its camera to encrypted pages only."),
        "unsupported": _("This browser cannot use the camera. Open the page in another one."),
        "unfit": _("This camera cannot be used here."),
        "stopped": _("The camera was turned off."),
        "failed": _("The camera could not be started."),
    }


def progress_stages(stage: str, progress: str) -> list[dict[str, str]]:
    """The stages of the work now under way, for the `stages` element."""
    of_document = [
        ("reading", _("Reading the document")),
        ("portrait", _("Looking at the portrait")),
        ("judging", _("Comparing what it says in its different places")),
    ]
    of_face = [
        ("liveness", _("Checking that you are here, live, and are the person in the document")),
    ]
    names = of_face if stage == "face" else of_document
    codes = [code for code, _label in names]
    at = codes.index(progress) if progress in codes else 0
    states = [
        "done" if number < at else "current" if number == at else "waiting" for number in range(len(codes))
    ]
    received = [{"label": _("Received"), "state": "done"}]
    return received + [
        {"label": label, "state": state} for (_code, label), state in zip(names, states, strict=True)
    ]
