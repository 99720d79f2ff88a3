"""Does the page have the size that its zone belongs to?

Protects the rules of passports from a card's zone printed on a passport's page, and the other way round. The zone is the
ruler: its pitch is one tenth of an inch in every format (9303-3, 4.5), so an outline around it has a size in millimetres.
It says nothing where no outline is seen, and a page enlarged as a whole, zone and all, looks like the smaller one.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from ..images import Pixels as Picture
from .bands import Band
from .locate import MILLIMETRES, PITCH_MM, Page, Points, outlines
from .mrz import LINES, Format

# A format's page is this close to its shape, and its zone this close to its length, when it is laid flat.
_SHAPE, _LENGTH = 0.08, 0.045
# The last line's middle from the lower edge, in millimetres: between 4.6 and 9.2 on genuine pages.
_LOWEST, _HIGHEST = 2.5, 13.0
_SLANT_MM = 2.0


def page_of_other_format(photo: Picture, band: Band, page: Page) -> Format | None:
    """The format whose page the zone lies on, where it plainly is not the zone's own; None when nothing speaks for one."""
    if page.outlined:
        return None
    others = [form for form in MILLIMETRES if form is not page.form]
    for corners in _around(band, outlines(photo)):
        for form in others:
            if _fits(corners, band, page.form, form):
                return form
    return None


def _around(band: Band, found: list[Points]) -> Iterator[Points]:
    """The outlines turned as the zone reads: from the upper left corner clockwise."""
    along = band.strips[-1].direction
    for corners in found:
        for shift in range(4):
            turned = np.roll(corners, shift, axis=0)
            upper = turned[1] - turned[0]
            if float(np.dot(upper, along)) > 0.95 * float(np.linalg.norm(upper)):
                yield turned


def _fits(corners: Points, band: Band, zone: Format, form: Format) -> bool:
    """Laid flat as a page of `form`, the outline has its shape, and the zone its length and its place at the lower edge."""
    width, height = MILLIMETRES[form]
    across = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
    down = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
    if abs(float(across / down) / (width / height) - 1) > _SHAPE:
        return False
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    to_flat = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    last = band.strips[-1]
    ends = np.array([[last.begin, last.end]], dtype=np.float64)
    (begin_x, begin_y), (end_x, end_y) = cv2.perspectiveTransform(ends, to_flat)[0]
    # The box of the text reaches half a line's thickness further than the characters (as in `locate`).
    length = float(end_x - begin_x) * (1 - 0.5 * last.thickness / max(last.length, 1.0))
    low = height - float(begin_y + end_y) / 2
    return (
        abs(length / (LINES[zone][1] * PITCH_MM) - 1) <= _LENGTH
        and _LOWEST <= low <= _HIGHEST
        and abs(float(end_y - begin_y)) <= _SLANT_MM
        and begin_x > 0
        and end_x < width
    )
