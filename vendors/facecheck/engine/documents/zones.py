"""Reads the lines of the machine-readable zone that `bands` found, and settles what each place may hold.

Letters and digits that look alike (O and 0, I and 1 …) are told apart by the place: ICAO Doc 9303 parts 4 to 6 fix
which places hold letters only and which digits only. In places that may hold both nothing is changed unless the
check digits name exactly one reading, and the result then says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, combinations

import numpy as np

from ..images import Pixels as Picture
from .bands import SEARCH_SIDES, Band, Strip, find_bands, text_strips
from .mrz import LINES, Format, Mrz, MrzUnusable, ProblemCode, check_digit, parse_mrz
from .ocr import Alphabet, Line, crop_line, read_lines

TO_DIGIT = str.maketrans("OQDUIJLZSGBTA", "0000111256874")
TO_LETTER = str.maketrans("0125876", "OIZSBTG")
EITHER = {
    "O": "0",
    "0": "O",
    "I": "1",
    "1": "I",
    "S": "5",
    "5": "S",
    "B": "8",
    "8": "B",
    "Z": "2",
    "2": "Z",
    "G": "6",
    "6": "G",
}
Cell = tuple[str, float, float, tuple[str, float]]
LEAST_RIVAL = 0.01
MOST_STRAY = 3
SHORTEST_LINE = 10
DOUBLED = 0.5  # of the pitch; the recogniser's steps are up to a third of it
STRETCH, STRETCH_SHARE = 8, 0.5
SURE_CHARACTER = 0.8
# Line, first place and the one behind the last, with the check digit; the second list is TD1's (9303-4 to 9303-6).
_FIELDS = (
    (("document_number", 1, 0, 10), ("birthdate", 1, 13, 20), ("expiry", 1, 21, 28)),
    (("document_number", 0, 5, 15), ("birthdate", 1, 0, 7), ("expiry", 1, 8, 15)),
)
GROWTHS = (0.06, -0.06, 0.16)
# What fillers on a patterned page are taken for.
_LIKE_FILLERS = frozenset("ACEK<")

# What the places hold: a letters and filler, n digits and filler, x any.
_PATTERNS = {
    Format.TD3: ("aaaaa" + "a" * 39, "x" * 9 + "n" + "aaa" + "n" * 7 + "a" + "n" * 7 + "x" * 14 + "nn"),
    Format.TD2: ("aaaaa" + "a" * 31, "x" * 9 + "n" + "aaa" + "n" * 7 + "a" + "n" * 7 + "x" * 7 + "n"),
    Format.TD1: (
        "aaaaa" + "x" * 9 + "n" + "x" * 15,
        "n" * 7 + "a" + "n" * 7 + "aaa" + "x" * 11 + "n",
        "a" * 30,
    ),
}


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """`sureness` is the mean over the lines of their least sure character, `evenness` how regular the pitch is,
    `stray` how many characters the recogniser found too many or too few, `repaired` that look-alikes were swapped.
    `places` are where each line's characters stand along its strip, from 0 to 1; `field_sureness` is that of each field's
    least sure character. `candidates` are the bands among which this one was found."""

    mrz: Mrz
    band: Band
    sureness: float
    name_sureness: float
    evenness: float
    repaired: bool
    stray: int
    agreeing: int
    places: tuple[tuple[float, ...], ...] = ()
    field_sureness: Mapping[str, float] = field(default_factory=dict)
    candidates: tuple[Band, ...] = ()

    def is_sure_of(self, name: str) -> bool:
        """Whether a difference between this field and the print may be held against anybody: nothing of the line was hidden,
        and each character was seen clearly, or is one of two that look alike."""
        return self.stray <= MOST_STRAY and self.field_sureness.get(name, 1.0) >= SURE_CHARACTER

    @property
    def clean(self) -> bool:
        return not self.mrz.problems and self.stray <= MOST_STRAY

    @property
    def lettering(self) -> list[tuple[Strip, str, tuple[float, ...]]]:
        """Each line: where it lies, what it says, and where its characters stand."""
        return list(zip(self.band.strips, self.mrz.lines, self.places, strict=True))

    @property
    def worth(self) -> float:
        return self.sureness - 0.5 * len(self.mrz.problems) - 0.1 * self.stray + 0.1 * len(self.band.strips)


def read_zone(picture: Picture, bands: list[Band], *, today: date) -> ZoneReading | None:
    """The candidate that reads best as a zone, either way up; None when none does."""
    best: ZoneReading | None = None
    for band in bands:
        upright = _upright(picture, band)
        reading = _read_once(picture, upright[0], GROWTHS[0], today, last=upright[1]) if upright else None
        if reading and (best is None or reading.worth > best.worth):
            best = reading
        if best and best.clean:
            return best
    return _read_again(picture, best, today) if best else None


def find_zone(picture: Picture, *, today: date) -> ZoneReading | None:
    """The zone, wherever it is; searched for on a larger copy when it was not found on a smaller one."""
    best: ZoneReading | None = None
    for side in SEARCH_SIDES:
        bands = find_bands(text_strips(picture, side))
        found = read_zone(picture, bands, today=today)
        found = replace(found, candidates=tuple(bands)) if found else None
        best = max((zone for zone in (best, found) if zone), key=lambda zone: zone.worth, default=None)
        if (best and best.stray <= MOST_STRAY) or max(picture.shape[:2]) <= side:
            break
    return best


def _upright(picture: Picture, band: Band) -> tuple[Band, Line] | None:
    """Turns the band so that it reads, with its last line as read; None when neither way looks like a zone."""
    best: tuple[float, Band, Line] | None = None
    for candidate in (band, band.turned()):
        line = read_lines([crop_line(picture, candidate.strips[-1].quad(), grow=GROWTHS[0])], Alphabet.MRZ)[0]
        score = _zone_likeness(line)
        if best is None or score > best[0]:
            best = (score, candidate, line)
        if score > 0.9:
            break
    return best[1:] if best and best[0] > 0.45 else None


def _zone_likeness(line: Line) -> float:
    if len(line.text) < 20 or len(line.text) > 52:
        return 0.0
    nearest = min(abs(len(line.text) - length) for _, length in LINES.values())
    has_mark = "<" in line.text or sum(char.isdigit() for char in line.text) > 10
    return line.mean * (1 - 0.05 * nearest) * (1.0 if has_mark else 0.4)


def _read_again(picture: Picture, first: ZoneReading, today: date) -> ZoneReading:
    """With other margins, until a reading is clean; else the best, which says how many readings agree with it."""
    readings = [first]
    for grow in GROWTHS[1:]:
        reading = _read_once(picture, first.band, grow, today)
        if reading is not None:
            readings.append(reading)
            if reading.clean:
                return reading
    best = max(readings, key=lambda reading: reading.worth)
    return replace(best, agreeing=sum(reading.mrz.lines == best.mrz.lines for reading in readings))


def _read_once(
    picture: Picture, band: Band, grow: float, today: date, *, last: Line | None = None
) -> ZoneReading | None:
    """`last` is the band's last line, where it has been read with this margin."""
    strips = band.strips[:-1] if last else band.strips
    lines = read_lines([crop_line(picture, strip.quad(), grow=grow) for strip in strips], Alphabet.MRZ)
    lines = [without_doubles(line) for line in [*lines, *([last] if last else [])]]
    form = _format(lines)
    if form is None:
        return None
    count, length = LINES[form]
    if len(lines) > count:  # a line of print above the zone
        lines, band = lines[-count:], Band(band.strips[-count:])
    fitted = [fit_to_pitch(line, length) for line in lines]
    names, begin = (2, 0) if form is Format.TD1 else (0, 5)
    fitted[names] = without_stray_letters(fitted[names], begin)
    settled = tuple(settle(line.text, pattern) for line, pattern in zip(fitted, _PATTERNS[form], strict=True))
    try:
        mrz = parse_mrz(settled, today=today)
    except MrzUnusable:
        return None
    healed = repair(mrz, fitted, today=today)
    return ZoneReading(
        healed or mrz,
        band,
        sureness=float(np.mean([line.least for line in fitted])),
        name_sureness=_name_sureness(fitted[names]),
        evenness=min(evenness(line, length) for line in lines),
        repaired=healed is not None,
        stray=sum(abs(len(line.text) - length) for line in lines),
        agreeing=1,
        places=tuple(_along(strip, line, grow) for strip, line in zip(band.strips, fitted, strict=True)),
        field_sureness={
            name: _least_sure(fitted[row], begin, end)
            for name, row, begin, end in _FIELDS[form is Format.TD1]
        },
    )


def _least_sure(line: Line, begin: int, end: int) -> float:
    cells = list(zip(line.text, line.sureness, line.rivals, strict=True))[begin:end]
    return min(
        (sure + (odds if rival == EITHER.get(char) else 0) for char, sure, (rival, odds) in cells),
        default=0.0,
    )


def _along(strip: Strip, line: Line, grow: float) -> tuple[float, ...]:
    """The characters' places on the strip: the crop reached further by a share of its thickness, half of it at each end."""
    over = grow * strip.thickness / 2 / max(strip.length, 1.0)
    return tuple(place * (1 + 2 * over) - over for place in line.places)


def _name_sureness(line: Line) -> float:
    return min(
        (sure for sure, char in zip(line.sureness, line.text, strict=True) if char != "<"), default=0.0
    )


def _format(lines: list[Line]) -> Format | None:
    """By length, and by the number of lines where the length leaves a choice."""
    length = float(np.median([len(line.text) for line in lines[-2:]]))
    form = min(LINES, key=lambda candidate: abs(LINES[candidate][1] - length))
    count, wanted = LINES[form]
    if abs(wanted - length) > 4 or len(lines) < count:
        return None
    return form


def without_doubles(line: Line) -> Line:
    """Drops what was read twice: two like characters nearer to each other than the fixed pitch allows are one."""
    if len(line.text) < SHORTEST_LINE:
        return line
    cells = list(zip(line.text, line.sureness, line.places, line.rivals, strict=True))
    near = DOUBLED * float(np.median(np.diff(line.places)))
    kept = [cells[0]]
    for cell in cells[1:]:
        before = kept[-1]
        if cell[2] - before[2] >= near or cell[0] not in (before[0], EITHER.get(before[0])):
            kept.append(cell)
            continue
        surer = max(before, cell, key=lambda twin: twin[1])
        kept[-1] = (surer[0], surer[1], (before[2] + cell[2]) / 2, surer[3])
    text, sureness, places, rivals = zip(*kept, strict=True)
    return Line("".join(text), sureness, places, rivals)


def fit_to_pitch(line: Line, length: int) -> Line:
    """Restores fillers the recogniser swallowed, by the gaps they left on the fixed pitch; trims surplus fillers."""
    if len(line.text) == length or len(line.text) < SHORTEST_LINE:
        return line
    cells = list(zip(line.text, line.sureness, line.places, line.rivals, strict=True))
    while len(cells) > length:
        at = _surplus_filler(cells)
        if at is None:
            break
        del cells[at]
    pitch = float(np.median(np.diff([cell[2] for cell in cells])))
    while len(cells) < length:
        gaps = np.diff([cell[2] for cell in cells])
        at = int(gaps.argmax())
        if gaps[at] > 1.6 * pitch:
            cells.insert(at + 1, ("<", 0.5, cells[at][2] + float(gaps[at]) / 2, ("<", 0.0)))
        elif cells[-1][0] == "<":
            cells.append(("<", 0.5, cells[-1][2] + pitch, ("<", 0.0)))
        else:
            run = _longest_run_end(cells)
            if run is None:
                break
            cells.insert(run, ("<", 0.5, cells[run][2], ("<", 0.0)))
    text, sureness, places, rivals = zip(*cells, strict=True)
    return Line("".join(text), sureness, places, rivals)


def without_stray_letters(line: Line, begin: int) -> Line:
    """Two fillers part family from given names, once only; behind the names there is nothing but fillers (9303-3, 4.6).

    Letters there that a filler is taken for are fillers again. Any other letter is left, for the checks to judge."""
    parted = line.text.find("<<", begin)
    given = parted + 2
    end = given if line.text[given : given + 1] == "<" else line.text.find("<<", given)
    if parted < 0 or end < 0 or not _LIKE_FILLERS.issuperset(line.text[end:]):
        return line
    return replace(line, text=line.text[:end].ljust(len(line.text), "<"))


def _surplus_filler(cells: list[Cell]) -> int | None:
    """A filler seen twice stands too near to its neighbour; where none does, the longest run is too long."""
    pitch = float(np.median(np.diff([cell[2] for cell in cells])))
    near = [(cells[at][2] - cells[at - 1][2], at) for at in range(1, len(cells)) if cells[at][0] == "<"]
    if near and min(near)[0] < 0.75 * pitch:
        return min(near)[1]
    return _longest_run_end(cells)


def _longest_run_end(cells: list[Cell]) -> int | None:
    best, run, at = 0, 0, None
    for place, cell in enumerate(cells):
        run = run + 1 if cell[0] == "<" else 0
        if run > best:
            best, at = run, place
    return at


def settle(text: str, pattern: str) -> str:
    """Letters where letters stand, digits where digits stand."""
    out = []
    for char, kind in zip(text, pattern, strict=False):
        if kind == "n" and char != "<":
            char = char.translate(TO_DIGIT)
        elif kind == "a":
            char = char.translate(TO_LETTER)
        out.append(char)
    return "".join(out)


def repair(mrz: Mrz, lines: list[Line], *, today: date) -> Mrz | None:
    """Swaps look-alikes in the document number when that makes its check digits right; None when it does not.

    Only look-alikes are swapped, and only where the recogniser itself was in doubt: else one forged number in three
    would be healed by some swap. Where several would do, one must stand out. The caller compares the number with
    the visual zone."""
    wrong = {problem.field for problem in mrz.problems if problem.code is ProblemCode.CHECK_DIGIT_WRONG}
    if wrong not in ({"document_number", "composite"}, {"document_number"}):
        return None
    row, begin = (0, 5) if mrz.format is Format.TD1 else (1, 0)
    line, rivals = mrz.lines[row], lines[row].rivals[begin : begin + 9]
    number, digit = line[begin : begin + 9], line[begin + 9]
    places = [place for place, char in enumerate(number) if char in EITHER]
    healed: list[tuple[float, Mrz]] = []
    for chosen in chain.from_iterable(combinations(places, size) for size in (1, 2)):
        changed = "".join(EITHER[char] if place in chosen else char for place, char in enumerate(number))
        if check_digit(changed) != digit:
            continue
        rows = list(mrz.lines)
        rows[row] = line[:begin] + changed + line[begin + 9 :]
        candidate = parse_mrz(rows, today=today)
        if candidate.check_digits_right:
            odds = [rivals[place][1] if rivals[place][0] == changed[place] else 0.0 for place in chosen]
            if min(odds) >= LEAST_RIVAL:
                healed.append((math.prod(odds), candidate))
    healed.sort(key=lambda item: item[0], reverse=True)
    if not healed or (len(healed) > 1 and healed[0][0] < 10 * healed[1][0]):
        return None
    return healed[0][1]


def evenness(line: Line, length: int) -> float:
    """1 for characters on a fixed pitch, towards 0 for proportional type (places against a smooth curve).

    The worst stretch counts as well as the whole, so that a name set in another type among even fillers is noticed."""
    places = line.places if len(line.text) == length else _solid_run(line)
    if len(places) < STRETCH:
        return 1.0
    index, found = np.linspace(-1, 1, len(places)), np.array(places)
    curve = np.polyval(
        np.polyfit(index, found, 3), index
    )  # perspective and a bent page change a pitch gently
    squares = ((found - curve) * (len(places) - 1) / (places[-1] - places[0])) ** 2
    stretches = np.convolve(squares, np.full(STRETCH, 1 / STRETCH), "valid")
    return max(0.0, 1.0 - float(np.sqrt(max(squares.mean(), STRETCH_SHARE * stretches.max()))))


def _solid_run(line: Line) -> Sequence[float]:
    """The longest run of characters without a filler: there nothing can have been swallowed."""
    best: list[float] = []
    run: list[float] = []
    for char, place in zip(line.text, line.places, strict=True):
        run = [] if char == "<" else [*run, place]
        best = run if len(run) > len(best) else best
    return best
