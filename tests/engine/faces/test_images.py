"""What may be decoded at all."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vendors.facecheck.engine.documents.limits import DOCUMENT_LIMITS
from vendors.facecheck.engine.errors import ImageRefused
from vendors.facecheck.engine.images import ImageLimits, decode_image, encode_jpeg


def _encoded(kind: str = "JPEG", size: tuple[int, int] = (200, 100), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **options)
    return out.getvalue()


def _code(unverified: bytes, **limits: int) -> str:
    with pytest.raises(ImageRefused) as refused:
        decode_image(unverified, limits=ImageLimits(**limits))
    return refused.value.code


def _png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_are_decoded(kind: str) -> None:
    pixels = decode_image(_encoded(kind))
    assert pixels.shape == (100, 200, 3)
    assert pixels[50, 50, 2] > 150 > pixels[50, 50, 0]


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused_by_their_first_bytes(kind: str) -> None:
    assert _code(_encoded(kind)) == "image_wrong_type"


def test_a_file_that_only_begins_like_an_image_is_refused() -> None:
    assert _code(b"\xff\xd8\xff" + b"\0" * 500) == "image_wrong_type"
    assert _code(b"RIFF\0\0\0\0WAVEfmt ") == "image_wrong_type"


def test_nothing_is_refused() -> None:
    assert _code(b"") == "image_empty"


def test_too_many_bytes_are_refused_unread() -> None:
    assert _code(_encoded(), max_bytes=100) == "image_too_many_bytes"


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    assert _code(_png_that_claims(11_000, 11_000)) == "image_too_many_pixels"
    assert _code(_png_that_claims(60_000, 300)) == "image_too_many_pixels"


def _with_scans(more: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times more."""
    whole = _encoded(progressive=True)
    return whole[:-2] + whole[whole.rfind(b"\xff\xda") : -2] * more + b"\xff\xd9"


def test_a_picture_drawn_in_scans_without_end_is_refused_undecoded() -> None:
    """Each scan takes a dozen bytes and draws the whole picture: a hundred kilobytes took the decoder four seconds."""
    decode_image(_with_scans(20))
    assert _code(_with_scans(100)) == "image_too_many_scans"
    assert _code(_with_scans(5000)) == "image_too_many_scans"


def test_what_a_phone_puts_behind_its_photograph_is_not_counted_as_scans() -> None:
    video = b"\xff\xda\0\0" * 500
    assert decode_image(_encoded(progressive=True) + video).shape == (100, 200, 3)


def test_a_picture_too_small_to_hold_a_face_is_refused() -> None:
    assert _code(_encoded(size=(40, 400))) == "image_too_few_pixels"


def test_a_picture_cut_short_is_refused() -> None:
    whole = _encoded("PNG", (400, 400))
    assert _code(whole[: len(whole) // 2]) == "image_broken"
    noisy = io.BytesIO()
    Image.effect_noise((400, 400), 90).convert("RGB").save(noisy, "JPEG")
    assert _code(noisy.getvalue()[:6000]) == "image_broken"


def test_an_animation_is_refused() -> None:
    frames = [Image.new("RGB", (100, 100), (shade, 0, 0)) for shade in (0, 120, 240)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    assert _code(out.getvalue()) == "image_animated"


def test_the_camera_s_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(_encoded(exif=exif)).shape == (200, 100, 3)


def test_metadata_does_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Anna Novak, Ljubljana"
    assert b"Novak" in _encoded(exif=exif)
    assert b"Novak" not in encode_jpeg(decode_image(_encoded(exif=exif)))


def test_transparency_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(out, "PNG")
    assert decode_image(out.getvalue()).min() == 255


def test_a_large_picture_is_made_smaller() -> None:
    assert max(decode_image(_encoded(size=(4000, 3000))).shape) == ImageLimits().working_side


def _source() -> Image.Image:
    gradient = Image.linear_gradient("L").resize((320, 400))
    return Image.merge("RGB", (gradient, gradient.transpose(Image.Transpose.ROTATE_180), gradient))


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _turned_by_exif(form: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _saved(_source().transpose(Image.Transpose.ROTATE_90), form, exif=exif)


@pytest.mark.parametrize(
    "content",
    [
        _saved(_source(), "JPEG", progressive=True),
        _saved(_source().convert("CMYK"), "JPEG"),
        _saved(_source().convert("RGBA"), "PNG"),
        _saved(_source(), "WEBP", quality=95),
        _saved(_source(), "MPO", save_all=True, append_images=[_source().resize((80, 100))]),
        *(_turned_by_exif(form) for form in ("JPEG", "PNG", "WEBP")),
    ],
    ids=[
        "progressive",
        "cmyk",
        "alpha",
        "webp",
        "two pictures of a phone",
        "turned jpeg",
        "turned png",
        "turned webp",
    ],
)
def test_a_photograph_looks_the_same_however_it_is_stored(content: bytes) -> None:
    wanted = decode_image(_saved(_source(), "PNG")).astype(float)
    assert np.abs(decode_image(content).astype(float) - wanted).mean() < 4


def test_sixteen_bits_a_pixel_keep_their_shades() -> None:
    grey = np.asarray(_source().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    assert np.abs(decode_image(_saved(deep, "PNG"))[:, :, 0].astype(float) - grey).max() <= 1


def test_a_phone_s_fifty_megapixels_are_read_as_a_document_and_a_progressive_bomb_is_not() -> None:
    large = Image.new("L", (8700, 5800), 200)
    assert decode_image(_saved(large, "JPEG"), limits=DOCUMENT_LIMITS).shape == (1733, 2600, 3)
    with pytest.raises(ImageRefused, match="image_too_many_pixels"):
        decode_image(_saved(large, "JPEG", progressive=True), limits=DOCUMENT_LIMITS)


def test_a_wide_photograph_is_decoded_at_a_part_of_its_size_like_any_other() -> None:
    limits = ImageLimits(max_pixels=1_000_000, working_side=700, max_jpeg_pixels=3_000_000)
    for size in ((1600, 900), (900, 1600), (1500, 1500)):
        assert max(decode_image(_encoded(size=size), limits=limits).shape) == 700
