import io
import struct
import zlib

import pytest
from PIL import Image

from vendors.facecheck.engine.documents.reading import read_document
from vendors.facecheck.engine.errors import ImageRefused

from .conftest import TODAY


def png_header(width, height):
    """A PNG that says it is large: the header is right, the rest is a few bytes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def encoded(form, **options):
    out = io.BytesIO()
    Image.effect_noise((400, 300), 80).convert("RGB").save(out, form, **options)
    return out.getvalue()


def animated():
    out = io.BytesIO()
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"", "image_empty"),
        (b"%PDF-1.7 not a picture", "image_wrong_type"),
        (encoded("GIF"), "image_wrong_type"),
        (encoded("TIFF"), "image_wrong_type"),
        (encoded("JPEG")[:4000], "image_broken"),
        (encoded("PNG")[:4000], "image_broken"),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "image_heic"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "image_heic"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2", "image_wrong_type"),
        (b"\xff\xd8\xff" + bytes(25 * 1024 * 1024), "image_too_many_bytes"),
        (png_header(30_000, 30_000), "image_too_many_pixels"),
        (png_header(8_000, 8_000), "image_too_many_pixels"),
        (animated(), "image_animated"),
    ],
    ids=[
        "empty",
        "pdf",
        "gif",
        "tiff",
        "cut jpeg",
        "cut png",
        "heic",
        "avif",
        "mp4",
        "bytes",
        "bomb",
        "large",
        "animated",
    ],
)
def test_what_is_no_bounded_picture_is_refused_with_a_code(image, code):
    with pytest.raises(ImageRefused) as refusal:
        read_document(image, today=TODAY, accept_specimens=True)
    assert refusal.value.code == code
