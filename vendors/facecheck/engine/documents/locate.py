"""Where the document's page lies in a photograph, and whether the photograph is good enough to judge it.

The page is laid out from the machine-readable zone where one was read: its lines' length is fixed (9303-4 to 9303-6),
so they give place, turn and scale on any background; an outline that agrees with them adds the perspective. Without
a zone (the front of a card) the outline alone must do. Reasons ask for another photograph; they accuse nobody.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from ..images import Pixels as Picture
from .bands import Band
from .mrz import LINES, Format

Points = npt.NDArray[np.float64]
PITCH_MM = 2.54
MILLIMETRES = {Format.TD1: (85.6, 54.0), Format.TD2: (105.0, 74.0), Format.TD3: (125.0, 88.0)}
PIXELS_PER_MM = {Format.TD1: 12.0, Format.TD2: 10.0, Format.TD3: 9.0}
# Left end and middle of the last line, from the left and the lower edge, in millimetres.
_ANCHOR = {Format.TD1: (4.7, 4.6), Format.TD2: (6.8, 8.6), Format.TD3: (6.6, 9.2)}
LEAST_PITCH = 7.5  # pixels a character of the zone, in the photograph
OUTLINE_SIDE = 720
CUT_MARGIN = 0.02
BLURRED_MM = 0.6  # width of a printed edge on the page
BLURRED_EDGE = 9.0  # the same in pixels of the photograph


class Retake(StrEnum):
    TOO_BLURRED = "too_blurred"
    GLARE = "glare"
    TOO_SMALL = "too_small"
    CUT_OFF = "cut_off"
    NO_DOCUMENT = "no_document"
    TOO_DARK = "too_dark"
    ZONE_UNREADABLE = "zone_unreadable"
    PRINT_UNREADABLE = "print_unreadable"
    PORTRAIT_TOO_SMALL = "portrait_too_small"
    PORTRAIT_MISSING = "portrait_missing"
    OTHER_SIDE_MISSING = "other_side_missing"
    SEVERAL_DOCUMENTS = "several_documents"
    VISA = "visa"
    NOT_THE_SAME_PORTRAIT = "not_the_same_portrait"


@dataclass(frozen=True, slots=True)
class Page:
    """The page, flat. `scale` is how many pixels of the photograph one pixel of `picture` covers."""

    picture: Picture
    form: Format
    corners: Points
    scale: float
    outlined: bool

    def flat(self, points: Points) -> Points:
        """Where points of the photograph, one a row, lie in `picture`."""
        moved = cv2.perspectiveTransform(points[None].astype(np.float64), _to_flat(self.corners, self.form))
        return np.asarray(moved[0], dtype=np.float64)


def lay_out(photo: Picture, band: Band, form: Format) -> Page:
    """Cuts the page out by its zone, and by its outline where one agrees with the zone."""
    guess = _corners_from_zone(band, form)
    outline = _agreeing_outline(photo, guess)
    corners = guess if outline is None else outline
    return _flatten(photo, corners, form, outlined=outline is not None)


def lay_out_front(photo: Picture) -> Page | None:
    """The side of a card without a zone: the best outline of a card's shape, or None. Its turn is still open."""
    for corners in outlines(photo):
        across = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
        down = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
        if across < down:
            corners = np.roll(corners, 1, axis=0)
            across, down = down, across
        if 1.25 < across / down < 1.85:
            return _flatten(photo, corners, Format.TD1, outlined=True)
    return None


def turned(page: Page) -> Page:
    """The page upside down."""
    picture = np.asarray(cv2.rotate(page.picture, cv2.ROTATE_180), dtype=np.uint8)
    return Page(picture, page.form, np.roll(page.corners, 2, axis=0), page.scale, page.outlined)


def _corners_from_zone(band: Band, form: Format) -> Points:
    """A flat similarity from the last line: good enough to find print and portrait, whatever the background."""
    width, height = MILLIMETRES[form]
    left, low = _ANCHOR[form]
    last = band.strips[-1]
    characters = LINES[form][1] * PITCH_MM
    unit = max(last.length - 0.5 * last.thickness, 1.0) / characters
    along = last.direction * unit
    down = np.array([-along[1], along[0]])
    middle = last.centre
    start = middle - along * (left + characters / 2)
    top = -(height - low)
    return np.array(
        [
            start + down * top,
            start + along * width + down * top,
            start + along * width + down * low,
            start + down * low,
        ]
    )


def _agreeing_outline(photo: Picture, guess: Points) -> Points | None:
    """The outline whose corners all lie near the guess."""
    reach = 0.12 * float(np.linalg.norm(guess[1] - guess[0]))
    for corners in outlines(photo):
        for shift in range(4):
            candidate = np.roll(corners, shift, axis=0)
            if float(np.linalg.norm(candidate - guess, axis=1).max()) < reach:
                return np.asarray(candidate, dtype=np.float64)
    return None


def outlines(photo: Picture) -> list[Points]:
    """Convex four-cornered outlines, largest first, corners clockwise."""
    scale = min(1.0, OUTLINE_SIDE / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    soft = cv2.bilateralFilter(small, 7, 40, 7)
    grey = cv2.cvtColor(soft, cv2.COLOR_BGR2GRAY)
    level, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edges = cv2.dilate(cv2.Canny(grey, level * 0.4, level), np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    found: list[tuple[float, Points]] = []
    for mask in (solid, edges, cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))):
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:12]:
            hull = cv2.convexHull(contour)
            shape = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
            area = cv2.contourArea(shape)
            if len(shape) == 4 and area > 0.06 * mask.size:
                found.append((float(area), shape.reshape(4, 2).astype(np.float64) / scale))
    found.sort(key=lambda item: item[0], reverse=True)
    return [_clockwise(corners) for _, corners in found]


def _clockwise(corners: Points) -> Points:
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    return np.asarray(corners[np.argsort(angles)])


def _size(form: Format) -> tuple[int, int]:
    width, height = MILLIMETRES[form]
    return round(width * PIXELS_PER_MM[form]), round(height * PIXELS_PER_MM[form])


def _to_flat(corners: Points, form: Format) -> Points:
    width, height = _size(form)
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), dtype=np.float64)


def _flatten(photo: Picture, corners: Points, form: Format, *, outlined: bool) -> Page:
    width, height = _size(form)
    flat = cv2.warpPerspective(
        photo,
        _to_flat(corners, form),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    across = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    return Page(np.asarray(flat, dtype=np.uint8), form, corners, across / width, outlined)


def page_faults(photo: Picture, page: Page, band: Band | None) -> list[Retake]:
    """What stands in the way of a sure reading of this page."""
    faults: list[Retake] = []
    if is_cut_off(photo, page) or (band is not None and _zone_meets_border(photo, band)):
        faults.append(Retake.CUT_OFF)
    if band is not None and band.length / LINES[page.form][1] < LEAST_PITCH:
        faults.append(Retake.TOO_SMALL)
    grey = cv2.cvtColor(page.picture, cv2.COLOR_BGR2GRAY)
    if float(np.percentile(grey, 90)) < 70:
        faults.append(Retake.TOO_DARK)
    if glare_share(page.picture) > 0.015:
        faults.append(Retake.GLARE)
    if edge_width(page.picture) / PIXELS_PER_MM[page.form] > BLURRED_MM:
        faults.append(Retake.TOO_BLURRED)
    return faults


def _zone_meets_border(photo: Picture, band: Band) -> bool:
    """The zone keeps more than a character's width from the page's edges: at the border of the frame it is cut."""
    height, width = photo.shape[:2]
    ends = np.array([end for strip in band.strips for end in (strip.begin, strip.end)])
    near = 0.8 * max(strip.thickness for strip in band.strips)
    return bool((ends < near).any() or (ends > np.array([width, height]) - near).any())


def front_faults(photo: Picture, page: Page) -> list[Retake]:
    """What the outline of a page without a zone tells."""
    height, width = photo.shape[:2]
    corners = page.corners
    faults = (
        [Retake.CUT_OFF] if (corners < 4).any() or (corners > np.array([width, height]) - 5).any() else []
    )
    if edge_width(page.picture) / PIXELS_PER_MM[page.form] > BLURRED_MM:
        faults.append(Retake.TOO_BLURRED)
    return faults


def photo_faults(photo: Picture) -> list[Retake]:
    """What the whole photograph tells where no zone was read."""
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    if float(np.percentile(grey, 95)) < 70:
        return [Retake.TOO_DARK]
    if float(grey.std()) < 8:
        return [Retake.NO_DOCUMENT]
    return [Retake.TOO_BLURRED] if edge_width(photo) > BLURRED_EDGE else []


def is_cut_off(photo: Picture, page: Page) -> bool:
    """A corner of the page lies outside the photograph, beyond what the estimate may err."""
    height, width = photo.shape[:2]
    slack = (CUT_MARGIN if page.outlined else 0.06) * float(np.linalg.norm(page.corners[1] - page.corners[0]))
    x, y = page.corners[:, 0], page.corners[:, 1]
    return bool(
        (x < -slack).any() or (y < -slack).any() or (x > width + slack).any() or (y > height + slack).any()
    )


def glare_share(picture: Picture) -> float:
    """Share of the page in burnt-out patches: white, without texture, larger than print, and with no paper so bright."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    burnt = (picture.min(axis=2) >= 250).astype(np.uint8)
    if float(np.median(grey)) > 246:  # an even scan of white paper is not glare
        return 0.0
    opened = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8))
    return float(opened.mean())


def edge_width(picture: Picture) -> float:
    """Typical width of a printed edge in pixels: contrast of strong edges over their steepness."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    calm = cv2.GaussianBlur(grey, (0, 0), 1.0)
    steep = (
        np.maximum(np.abs(cv2.Sobel(calm, cv2.CV_32F, 1, 0)), np.abs(cv2.Sobel(calm, cv2.CV_32F, 0, 1))) / 8
    )
    kernel = np.ones((9, 9), np.uint8)
    contrast = cv2.dilate(calm, kernel) - cv2.erode(calm, kernel)
    strong = (contrast > 50) & (steep >= cv2.dilate(steep, np.ones((5, 5), np.uint8)) * 0.999)
    if strong.sum() < 50:
        return 99.0
    return float(np.median(contrast[strong] / np.maximum(steep[strong], 0.5)))
