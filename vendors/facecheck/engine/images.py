"""Turns untrusted bytes into pixels.

Protects the process from whoever uploads: size, type and number of pixels are judged from the header before anything
is decoded, and what comes out carries no metadata. It does not judge what the picture shows.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import ImageRefused

Pixels = NDArray[np.uint8]

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = {"JPEG": (b"\xff\xd8\xff",), "PNG": (b"\x89PNG\r\n\x1a\n",), "WEBP": (b"RIFF",)}


@dataclass(frozen=True)
class ImageLimits:
    """Bounds judged before decoding. `working_side` shrinks a larger picture right after it."""

    max_bytes: int = 12 * 1024 * 1024
    max_pixels: int = 26_000_000
    min_side: int = 64
    max_side: int = 12_000
    working_side: int = 1600


PORTRAIT_LIMITS = ImageLimits()
FRAME_LIMITS = ImageLimits(
    max_bytes=400 * 1024, max_pixels=1_300_000, min_side=240, max_side=1920, working_side=640
)


def decode_image(unverified: bytes, *, limits: ImageLimits = PORTRAIT_LIMITS) -> Pixels:
    """BGR pixels, upright, without metadata. Raises ImageRefused with a code."""
    if not unverified:
        raise ImageRefused("image_empty")
    if len(unverified) > limits.max_bytes:
        raise ImageRefused("image_too_many_bytes", str(len(unverified)))
    if not any(unverified.startswith(start) for starts in _MAGIC.values() for start in starts):
        raise ImageRefused("image_wrong_type")
    try:
        with Image.open(io.BytesIO(unverified), formats=_FORMATS) as picture:
            _judge_header(picture, limits)
            # JPEG can be decoded at half or a quarter of its size, which spares memory and time.
            picture.draft("RGB", (limits.working_side, limits.working_side))
            plain = picture if picture.mode == "RGB" else _as_rgb(picture)
            upright = ImageOps.exif_transpose(plain) if 0x0112 in picture.getexif() else plain
            upright.thumbnail((limits.working_side, limits.working_side), Image.Resampling.LANCZOS)
            rgb: Pixels = np.asarray(upright, dtype=np.uint8)
    except ImageRefused:
        raise
    except UnidentifiedImageError as error:
        raise ImageRefused("image_wrong_type") from error
    except Exception as error:  # the decoder's own errors are many: all of them mean the bytes are broken
        raise ImageRefused("image_broken", type(error).__name__) from error
    bgr: Pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return bgr


def encode_jpeg(pixels: Pixels, *, quality: int = 90) -> bytes:
    """Fresh bytes that carry nothing of the file the pixels came from."""
    done, encoded = cv2.imencode(".jpg", pixels, [int(cv2.IMWRITE_JPEG_QUALITY), quality])
    if not done:
        raise ImageRefused("image_not_encodable")
    return bytes(encoded)


def shrink(pixels: Pixels, side: int) -> Pixels:
    """The same picture with its longer side at most `side`."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    resized: Pixels = cv2.resize(
        pixels, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    return resized


def _judge_header(picture: Any, limits: ImageLimits) -> None:
    width, height = picture.size
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise ImageRefused("image_too_many_pixels", f"{width}x{height}")
    if min(width, height) < limits.min_side:
        raise ImageRefused("image_too_few_pixels", f"{width}x{height}")
    if getattr(picture, "is_animated", False):
        raise ImageRefused("image_animated")


def _as_rgb(picture: Any) -> Any:
    """Without transparency: what shows through is white."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, layer).convert("RGB")
