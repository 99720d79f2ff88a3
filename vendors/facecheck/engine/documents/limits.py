"""How large a photograph of a document may be. Small print needs more pixels than a face does."""

from ..images import ImageLimits

DOCUMENT_LIMITS = ImageLimits(
    max_bytes=16 * 1024 * 1024, max_pixels=40_000_000, min_side=64, max_side=12_000, working_side=2600
)
