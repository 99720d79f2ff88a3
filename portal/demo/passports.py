"""Draws a visitor's specimen passport. Loaded with the first visitor and not at start: it brings OpenCV with it."""

from __future__ import annotations

import secrets
from datetime import date
from random import Random

from django.utils.translation import gettext as _

from portal.demo.specimens.photograph import photograph_of
from portal.demo.specimens.rendering import render_specimen
from portal.kit.errors import Invalid
from vendors.facecheck.engine.errors import ImageRefused
from vendors.facecheck.engine.images import ImageLimits, decode_image, encode_jpeg

SPECIMEN_SIZE = (1600, 1200)
PICTURE = ImageLimits(max_bytes=1_200_000, max_pixels=4_000_000, min_side=200, working_side=900)


def portrait_of(picture: bytes) -> bytes:
    """The visitor's picture, decoded and written anew. Invalid when it is no picture."""
    try:
        return encode_jpeg(decode_image(picture, limits=PICTURE), quality=92)
    except ImageRefused as refused:
        raise Invalid("picture_refused", _("This picture cannot be used. Take it again.")) from refused


def passport_of(given_names: str, family_name: str, birthdate: date, portrait: bytes) -> bytes:
    """A photograph of the specimen on a table, small enough to travel in an address."""
    random = Random(secrets.randbits(64))  # noqa: S311  numbers of a specimen of Utopia
    page = render_specimen(
        given_names=given_names,
        family_name=family_name,
        birthdate=birthdate,
        portrait=portrait,
        random=random,
    )
    photograph = photograph_of(page, background="plain", level="scan", random=random, size=SPECIMEN_SIZE)
    # Finer than the eye needs: the reader takes small letters with the marks of compression for others.
    return encode_jpeg(decode_image(photograph), quality=93)
