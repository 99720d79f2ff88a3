"""Takes uploaded files out of a request: bounded, decodable, and only those that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.kit.bodies import declared_length
from portal.kit.errors import Invalid
from portal.kit.uploads import MAX_FILE, MAX_REQUEST
from vendors.facecheck.engine.errors import ImageRefused
from vendors.facecheck.engine.pictures import ImageLimits, open_picture

# Decoded at an eighth of its size: enough to know that it is whole. The vision process decodes it for good.
_LOOK = ImageLimits(
    max_bytes=MAX_FILE, max_pixels=40_000_000, min_side=400, working_side=320, max_jpeg_pixels=85_000_000
)
SHOTS: Mapping[str, tuple[str, ...]] = {"passport": ("front",), "idcard": ("front", "closeup", "back")}


def require_bounded(request: HttpRequest) -> None:
    """Looks at the length first; the upload handler keeps nothing of a request over the bound."""
    if declared_length(request) > MAX_REQUEST:
        len(request.POST)  # read past the body, or the answer would meet a broken connection
        raise Invalid("upload_too_large", _("The photographs are too large. Take them again with this page."))


def read_photographs(request: HttpRequest, shots: Sequence[str]) -> dict[str, bytes]:
    """One whole picture for each shot. Invalid, with a sentence, names the first that is not."""
    require_bounded(request)
    return {shot: _read(request.FILES.get(shot), shot) for shot in shots}


def read_clip(request: HttpRequest) -> bytes:
    require_bounded(request)
    uploaded = request.FILES.get("clip")
    if uploaded is None:
        raise Invalid("clip_missing", _("The recording did not arrive. Try again."))
    clip: bytes = uploaded.read()
    return clip


def _read(uploaded: UploadedFile[bytes] | None, shot: str) -> bytes:
    if uploaded is None:
        raise Invalid("photograph_missing", _("A photograph is missing. Add it and try again."), field=shot)
    unverified: bytes = uploaded.read()
    try:
        open_picture(unverified, limits=_LOOK)
    except ImageRefused as refused:
        raise Invalid(refused.code, sentence_of(refused.code), field=shot) from refused
    return unverified


def sentence_of(code: str) -> str:
    """What a person can do about a picture that is not one."""
    sentences = {
        "image_empty": _("This file is empty. Choose another, or take a photograph."),
        "image_too_many_bytes": _("This file is too large. Use a photograph of at most 12 megabytes."),
        "image_wrong_type": _("This file is not a photograph we can read. Use a JPEG, PNG or WebP picture."),
        "image_heic": _(
            "This is a HEIC or AVIF picture, as phones keep them. Save it as JPEG, or take the photograph with this page."
        ),
        "image_too_many_scans": _("This is not a photograph that can be read. Take it with this page."),
        "image_too_many_pixels": _("This picture is larger than we accept. Take it again with this page."),
        "image_too_few_pixels": _("This picture is too small. Take it closer, or choose a larger one."),
        "image_animated": _("This is a moving picture. Use a still photograph."),
        "image_broken": _("This file is damaged or incomplete. Choose another, or take a photograph."),
    }
    return sentences.get(code, _("This picture cannot be used. Take it again."))
