"""A tenant that is ready for recoveries, for the journeys that a rehearsal foretold."""

from tests.facecheck.conftest import vision
from tests.recovery.conftest import ada, place
from tests.vendors.conftest import provider

__all__ = ["ada", "place", "provider", "vision"]
