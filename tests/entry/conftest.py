"""A tenant with people who have no passkey, and a browser that opens mails."""

from tests.facecheck.conftest import vision
from tests.recovery.conftest import ada, monkeypatch, place, provider

__all__ = ["ada", "monkeypatch", "place", "provider", "vision"]
