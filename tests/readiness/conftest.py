"""A tenant that is ready for recoveries, for the journeys that a rehearsal foretold."""

from tests.facecheck.conftest import vision
from tests.recovery.conftest import ada, monkeypatch, place, provider

__all__ = ["ada", "monkeypatch", "place", "provider", "vision"]
