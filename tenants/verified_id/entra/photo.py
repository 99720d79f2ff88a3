"""The photo of a card as Microsoft's Face Check takes it: an RGB JPEG of 200 by 200 pixels at least, in base64url."""

from __future__ import annotations

import base64
import io

from PIL import Image

LEAST_SIDE = 200
LEAST_BYTES = 1_024


def as_photo(portrait: bytes) -> str:
    """`portrait` is a JPEG that was drawn by us. Enlarged where it is too small, which adds nothing to be seen."""
    picture = Image.open(io.BytesIO(portrait))
    if picture.mode == "RGB" and min(picture.size) >= LEAST_SIDE and len(portrait) >= LEAST_BYTES:
        return _encoded(portrait)
    factor = max(1.0, LEAST_SIDE / min(picture.size))
    size = (round(picture.width * factor), round(picture.height * factor))
    out = io.BytesIO()
    picture.convert("RGB").resize(size).save(out, "JPEG", quality=95)
    return _encoded(out.getvalue())


def _encoded(photo: bytes) -> str:
    return base64.urlsafe_b64encode(photo).decode().rstrip("=")
