"""Opens untrusted bytes as a picture, with Pillow alone: the web processes look at uploads without loading OpenCV.

Protects the process from whoever uploads: size, type and number of pixels are judged from the header before anything
is decoded, and what comes out carries no metadata. It does not judge what the picture shows.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from .errors import ImageRefused

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
# HEIC and AVIF, as phones keep photographs: a box of this type with one of these brands begins the file. Their decoders are
# not taken in: those that read HEIC carry the copyleft of libheif and libde265.
_BOX, _BRANDS = (
    b"ftyp",
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"),
)
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_STRIP = 256
# Sixteen bits a pixel, as Pillow names them: its own conversion would turn all but the darkest white.
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")


# A progressive JPEG draws the whole picture once a scan, and an empty scan takes a dozen bytes: megabytes of them would keep
# the decoder busy for hours. Encoders write about ten. The second bound holds wherever the first's way through the file and
# the decoder's should part; chance finds it in a video of gigabytes behind a photograph.
MAX_SCANS, _MOST_SCAN_MARKERS = 64, 1024
_SCAN = b"\xff\xda"
# Markers without a length: stuffed bytes of a scan, restarts, start of image, and fill bytes.
_ALONE = frozenset({0x00, 0x01, 0xD8, 0xFF, *range(0xD0, 0xD8)})
_END, _SCAN_BEGINS = 0xD9, 0xDA


# The decoder of WebP holds the picture four times.
_MOST_WEBP = 26_000_000


@dataclass(frozen=True)
class ImageLimits:
    """Bounds judged before decoding. `working_side` shrinks a larger picture right after it.

    `max_jpeg_pixels`, where it is larger than `max_pixels`, holds for JPEG that can be decoded at a part of its size: what
    comes out of the decoder still keeps to `max_pixels`. Phones take photographs of fifty megapixels."""

    max_bytes: int = 12 * 1024 * 1024
    max_pixels: int = 26_000_000
    min_side: int = 64
    max_side: int = 12_500
    working_side: int = 1600
    max_jpeg_pixels: int = 0


PORTRAIT_LIMITS = ImageLimits(max_bytes=24 * 1024 * 1024, max_jpeg_pixels=85_000_000)


def open_picture(unverified: bytes, *, limits: ImageLimits = PORTRAIT_LIMITS) -> Image.Image:
    """An RGB picture, upright and at most `working_side` large. Raises ImageRefused with a code."""
    if not unverified:
        raise ImageRefused("image_empty")
    if len(unverified) > limits.max_bytes:
        raise ImageRefused("image_too_many_bytes", str(len(unverified)))
    if unverified[4:8] == _BOX and unverified[8:12] in _BRANDS:
        raise ImageRefused("image_heic")
    if not unverified.startswith(_MAGIC):
        raise ImageRefused("image_wrong_type")
    try:
        with Image.open(io.BytesIO(unverified), formats=_FORMATS) as picture:
            _judge_header(picture, limits)
            if picture.format in ("JPEG", "MPO"):
                _judge_scans(unverified)
            # JPEG can be decoded at half or a quarter of its size, which spares memory and time.
            picture.draft("RGB", _least_size(picture, limits.working_side))
            if picture.width * picture.height > limits.max_pixels:
                raise ImageRefused("image_too_many_pixels", f"{picture.width}x{picture.height}")
            turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
            plain = _plain(picture, limits.working_side)
            return plain if turn is None else plain.transpose(turn)
    except ImageRefused:
        raise
    except Image.DecompressionBombError as error:  # the decoder's own bound comes before ours
        raise ImageRefused("image_too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise ImageRefused("image_wrong_type") from error
    except Exception as error:  # the decoder's own errors are many: all of them mean the bytes are broken
        raise ImageRefused("image_broken", type(error).__name__) from error


def _least_size(picture: Image.Image, side: int) -> tuple[int, int]:
    """Of what is asked for: the decoder keeps both sides at least so large, and the shorter need not reach `side`."""
    longer = max(picture.size)
    return max(1, picture.width * side // longer), max(1, picture.height * side // longer)


def _judge_header(picture: Image.Image, limits: ImageLimits) -> None:
    width, height = picture.size
    in_part = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    most = max(limits.max_pixels, limits.max_jpeg_pixels if in_part else 0)
    if picture.format == "WEBP":
        most = min(most, _MOST_WEBP)
    if width * height > most or max(width, height) > limits.max_side:
        raise ImageRefused("image_too_many_pixels", f"{width}x{height}")
    if min(width, height) < limits.min_side:
        raise ImageRefused("image_too_few_pixels", f"{width}x{height}")
    # Phones put a second picture (brightness, depth) behind the photograph and call it MPO: the first is meant.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise ImageRefused("image_animated")


def _judge_scans(unverified: bytes) -> None:
    # At most as many scans as there are such pairs of bytes: in all but a few pictures nothing has to be walked through.
    pairs = unverified.count(_SCAN)
    if pairs <= MAX_SCANS:
        return
    scans = 0 if pairs <= _MOST_SCAN_MARKERS else MAX_SCANS + 1
    at = 2
    while scans <= MAX_SCANS:
        at = unverified.find(b"\xff", at)
        if at < 0 or at + 4 > len(unverified) or unverified[at + 1] == _END:
            return
        marker = unverified[at + 1]
        scans += marker == _SCAN_BEGINS
        if marker in _ALONE:
            at += 1 if marker == 0xFF else 2
        else:
            at += 2 + int.from_bytes(unverified[at + 2 : at + 4], "big")
    raise ImageRefused("image_too_many_scans", str(scans))


def _plain(picture: Image.Image, side: int) -> Image.Image:
    """RGB at the working size; what shows through is white. Shrunk before more layers are made of it."""
    if picture.mode in _DEEP:
        wide = _shrunk(picture.convert("I"), side)
        return wide.point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        return _shrunk(_on_white(picture), side)
    plain = _shrunk(picture if picture.mode in ("RGB", "L") else picture.convert("RGB"), side)
    # Here, where broken bytes are caught; what is RGB already is not copied once more.
    plain.load()
    return plain if plain.mode == "RGB" else plain.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    """Strip by strip: a few rows with their transparency are in memory, and not all of them twice."""
    width, height = picture.size
    plain = Image.new("RGB", picture.size)
    for top in range(0, height, _STRIP):
        box = (0, top, width, min(height, top + _STRIP))
        layer = picture.crop(box).convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        plain.paste(Image.alpha_composite(ground, layer).convert("RGB"), box)
    return plain


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture
