"""The test's simulated person in front of a camera: an injection attack whose pass rate is printed."""

from .people import Puppet

__all__ = ["Puppet"]
