"""A QR code on a page can be read by a camera: white enough around it, and what it holds comes back."""

from __future__ import annotations

import re

import numpy as np
import segno
import zxingcpp

from portal.kit.qr import QUIET_ZONE, qr_svg

ADDRESS = "https://acme.example/recover/here/0123456789abcdefghijklmnopqrstuv"


def test_a_code_has_four_modules_of_white_on_every_side() -> None:
    drawn = qr_svg(ADDRESS)
    modules = segno.make_qr(ADDRESS, error="m").symbol_size(border=0)[0]
    (size,) = re.findall(r'viewBox="0 0 (\d+) \1"', drawn)
    assert QUIET_ZONE == 4
    assert int(size) == modules + 2 * QUIET_ZONE


def test_an_independent_reader_finds_the_address_in_it() -> None:
    assert _read(_pixels(qr_svg(ADDRESS))) == ADDRESS
    assert _read(_pixels(qr_svg(ADDRESS * 5, correction="l"))) == ADDRESS * 5


def _pixels(drawn: str, scale: int = 5) -> np.ndarray:
    """The SVG's one path, as segno writes it: runs of dark modules, each a relative move and a line."""
    (size,) = re.findall(r'viewBox="0 0 (\d+) \d+"', drawn)
    (path,) = re.findall(r'\bd="([^"]+)"', drawn)
    picture = np.full((int(size), int(size)), 255, np.uint8)
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            picture[int(y), int(x) : int(x + values[0])] = 0
            x += values[0]
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            x, y = values
    return np.kron(picture, np.ones((scale, scale), np.uint8))


def _read(pixels: np.ndarray) -> str:
    (code,) = zxingcpp.read_barcodes(pixels)
    return code.text
