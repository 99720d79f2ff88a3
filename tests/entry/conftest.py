"""A tenant with people who have no passkey, and a browser that opens mails."""

from tests.facecheck.conftest import vision
from tests.recovery.conftest import ada, place
from tests.vendors.conftest import provider

__all__ = ["ada", "place", "provider", "vision"]
