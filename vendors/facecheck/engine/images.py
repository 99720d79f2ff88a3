"""Turns untrusted bytes into pixels, and pixels into fresh bytes. `pictures` guards the way in."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import ImageRefused
from .pictures import PORTRAIT_LIMITS, ImageLimits, open_picture

__all__ = [
    "FRAME_LIMITS",
    "PORTRAIT_LIMITS",
    "ImageLimits",
    "Pixels",
    "decode_image",
    "encode_jpeg",
    "shrink",
]

Pixels = NDArray[np.uint8]

# Pages send 640 by 480; a phone's own video is larger, and is decoded at a part of its size.
FRAME_LIMITS = ImageLimits(
    max_bytes=2 * 1024 * 1024,
    max_pixels=2_100_000,
    min_side=240,
    max_side=4096,
    working_side=640,
    max_jpeg_pixels=9_000_000,
)


def decode_image(unverified: bytes, *, limits: ImageLimits = PORTRAIT_LIMITS) -> Pixels:
    """BGR pixels, upright, without metadata. Raises ImageRefused with a code."""
    picture = open_picture(unverified, limits=limits)
    # Turned around while it is copied out of Pillow.
    flat = np.frombuffer(picture.tobytes("raw", "BGR"), dtype=np.uint8)
    return flat.reshape(picture.height, picture.width, 3)


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
