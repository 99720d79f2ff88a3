"""How large a photograph of a document may be. Small print needs more pixels than a face does."""

from ..pictures import ImageLimits

DOCUMENT_LIMITS = ImageLimits(
    max_bytes=24 * 1024 * 1024,
    max_pixels=40_000_000,
    max_side=12_500,
    working_side=2600,
    max_jpeg_pixels=85_000_000,
)
