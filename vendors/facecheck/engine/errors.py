"""Why the engine would not look at something. The code is stable and goes to logs and pages; it holds no personal data."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class ImageRefused(EngineError):
    """These bytes are not an image we are willing to decode."""


class ClipRefused(EngineError):
    """This upload is not a clip in our format, or exceeds a bound."""


class ChallengeRefused(EngineError):
    """This is not a challenge we made, or not one that can be answered."""


class ModelsMissing(EngineError):
    """The model files are not where they should be, or are not the ones that were measured."""
