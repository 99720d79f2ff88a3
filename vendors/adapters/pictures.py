"""What a portrait from a partner must be before anybody keeps it."""

from __future__ import annotations

import io

from PIL import Image

from vendors.contract import ContractBroken

MAX_PORTRAIT = 1_000_000
MAX_SIDE = 4096


def require_jpeg(data: bytes) -> None:
    """Reads the header only: nothing is decoded here."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise ContractBroken("attachment_not_jpeg") from error
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ContractBroken("attachment_too_large")
