"""Pictures drawn for the tests: a portrait of nobody, and a logo."""

import base64
import io

from PIL import Image, ImageDraw


def portrait_jpeg() -> bytes:
    image = Image.new("RGB", (240, 300), "#c8d4e3")
    draw = ImageDraw.Draw(image)
    draw.ellipse((70, 50, 170, 180), fill="#d9a982")
    draw.pieslice((60, 30, 180, 150), 180, 360, fill="#4a3527")
    draw.ellipse((20, 200, 220, 420), fill="#2f4858")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def logo_png() -> bytes:
    image = Image.new("RGBA", (96, 96), "#00000000")
    ImageDraw.Draw(image).rounded_rectangle((4, 4, 92, 92), 20, fill="#ffffff")
    ImageDraw.Draw(image).polygon([(48, 18), (80, 76), (16, 76)], fill="#1d2a5b")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


PORTRAIT = "data:image/jpeg;base64," + base64.b64encode(portrait_jpeg()).decode()
