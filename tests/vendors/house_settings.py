"""The house partner of `tests/house`, whose pretended document holds a portrait that is a picture."""

from tests.house import pretend
from tests.house.settings import *  # noqa: F403
from tests.vendors.hostile import make_jpeg

pretend.PORTRAIT = make_jpeg("tan")
