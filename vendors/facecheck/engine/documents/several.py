"""Whether a second document lies in the photograph: which of the two is meant, only the person knows."""

from datetime import date

import cv2
import numpy as np

from ..images import Pixels as Picture
from .bands import Band
from .locate import Page
from .zones import ZoneReading, read_zone

MOST_LOOKED_AT = 4
# Share of the page's width: a page laid out from its zone alone may err by as much.
MARGIN = 0.04


def shows_another(photo: Picture, zone: ZoneReading, page: Page, *, today: date) -> bool:
    """Beside the page there is another zone with right check digits. Other print is read and passed over."""
    outside = [band for band in zone.candidates if _is_outside(band, page)]
    other = read_zone(photo, outside[:MOST_LOOKED_AT], today=today) if outside else None
    return other is not None and other.mrz.check_digits_right


def _is_outside(band: Band, page: Page) -> bool:
    corners = page.corners.astype(np.float32)
    margin = MARGIN * float(np.linalg.norm(page.corners[1] - page.corners[0]))
    middles = [(float(strip.centre[0]), float(strip.centre[1])) for strip in band.strips]
    return all(cv2.pointPolygonTest(corners, middle, measureDist=True) < -margin for middle in middles)
