"""The picture a simulator hands over when nobody brought one: an outline, so that nobody takes it for a person."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def drawn() -> bytes:
    image = Image.new("RGB", (240, 300), "#dfe4ea")
    pen = ImageDraw.Draw(image)
    pen.ellipse((70, 50, 170, 180), outline="#53606f", width=4)
    pen.arc((20, 190, 220, 420), 180, 360, fill="#53606f", width=4)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
