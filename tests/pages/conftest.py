"""A tenant that is ready for recoveries; its pages are walked by everybody."""

from __future__ import annotations

from tests.facecheck.conftest import vision
from tests.recovery.conftest import place
from tests.vendors.conftest import provider

__all__ = ["place", "provider", "vision"]
