"""The letters of OCR-B (ISO 1073-2, size 1) that a machine-readable zone is set in, as the centre lines of a round pen.

Drawn anew after the standard's figures; a reader holds a zone's letters against them, and specimens are lettered with
them where no font is installed.
"""

import math
from functools import cache

Point = tuple[float, float]

# One cell is four wide; letters reach from 0 to 6 downwards, digits from -0.5. Strokes are parted by ";"; a stroke is
# a list of points "x,y" and arcs "@centre-x,centre-y,radius-x,radius-y,from,to" (degrees, clockwise from the right).
STROKES = {
    "A": "0,6 2,0 4,6;0.75,4 3.25,4",
    "B": "2.2,2.8 0.2,2.8 0.2,0 2.2,0 @2.2,1.4,1.4,1.4,-90,90 @2.4,4.4,1.6,1.6,-90,90 0.2,6 0.2,2.8",
    "C": "@2.2,1.9,1.7,1.9,-25,-180 @2.2,4.1,2,1.9,180,25",
    "D": "0.3,0 1.6,0 @1.6,3,2.2,3,-90,90 0.3,6 0.3,0",
    "E": "3.7,0 0.4,0 0.4,6 3.7,6;0.4,3 3,3",
    "F": "3.8,0 0.5,0 0.5,6;0.5,3 3.1,3",
    "G": "@2.2,1.9,1.9,1.9,-25,-180 @2.1,4.2,1.8,1.8,180,90 3.9,6 3.9,3.3 2.2,3.3",
    "H": "0.3,0 0.3,6;3.7,0 3.7,6;0.3,3 3.7,3",
    "I": "0.7,0 3.3,0;2,0 2,6;0.7,6 3.3,6",
    "J": "3.1,0 3.1,4.4 @1.7,4.4,1.4,1.6,0,160",
    "K": "0.4,0 0.4,6;3.8,0 0.4,3.4;1.6,2.3 3.9,6",
    "L": "0.5,0 0.5,6 3.8,6",
    "M": "0,6 0,0 2,3.2 4,0 4,6",
    "N": "0.2,6 0.2,0 3.8,6 3.8,0",
    "O": "@2,2,1.9,2,180,360 @2,4,1.9,2,0,180 0.1,2",
    "P": "0.4,6 0.4,0 2.2,0 @2.2,1.7,1.6,1.7,-90,90 0.4,3.4",
    "Q": "@2,2,1.9,2,180,360 @2,4,1.9,2,0,180 0.1,2;2.2,4 4,6.4",
    "R": "0.4,6 0.4,0 2.2,0 @2.2,1.6,1.6,1.6,-90,90 0.4,3.2;1.9,3.2 3.9,6",
    "S": "@2,1.5,1.7,1.5,-20,-270 @2,4.5,1.9,1.5,-90,160",
    "T": "0,0 4,0;2,0 2,6",
    "U": "0.2,0 0.2,4.2 @2,4.2,1.8,1.8,180,0 3.8,0",
    "V": "0,0 2,6 4,0",
    "W": "0,0 0.8,6 2,2.4 3.2,6 4,0",
    "X": "0.1,0 3.9,6;3.9,0 0.1,6",
    "Y": "0.1,0 2,3 3.9,0;2,3 2,6",
    "Z": "0.3,0 3.7,0 0.2,6 3.9,6",
    "0": "@2,1.1,1.7,1.6,180,360 @2,4.4,1.7,1.6,0,180 0.3,1.1",
    "1": "0.7,0.9 2.5,-0.5 2.5,6",
    "2": "@2,1,1.6,1.5,-170,30 0.3,6 3.8,6",
    "3": "0.5,-0.5 3.5,-0.5 1.9,2.2 @1.9,4.1,1.9,1.9,-90,140",
    "4": "2.2,-0.5 0.1,4.4 4,4.4;3,2.8 3,6",
    "5": "3.6,-0.5 0.7,-0.5 0.6,2.6 1.8,2.4 @1.8,4.2,1.9,1.8,-90,130",
    "6": "2.9,-0.5 0.5,3.2 @2,4.1,1.8,1.9,-160,200",
    "7": "0.2,-0.5 3.8,-0.5 1.8,3 1.5,6",
    "8": "@2,1,1.5,1.5,90,450 @2,4.25,1.9,1.75,-90,270",
    "9": "1.1,6 3.5,2.3 @2,1.4,1.8,1.9,20,380",
    "<": "3.7,0.8 0.4,3 3.7,5.2",
}


def lines_of(strokes: str) -> list[tuple[Point, ...]]:
    """The strokes as lines from point to point."""
    return [_points(stroke) for stroke in strokes.split(";")]


@cache
def _points(stroke: str) -> tuple[Point, ...]:
    points: list[Point] = []
    for part in stroke.split():
        numbers = [float(number) for number in part.lstrip("@").split(",")]
        if part[0] != "@":
            points.append((numbers[0], numbers[1]))
            continue
        x, y, rx, ry, begin, end = numbers
        steps = max(4, int(abs(end - begin) / 12))
        for step in range(steps + 1):
            angle = math.radians(begin + (end - begin) * step / steps)
            points.append((x + rx * math.cos(angle), y + ry * math.sin(angle)))
    return tuple(points)
