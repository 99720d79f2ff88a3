"""`createIssuanceRequest`: what has to be right before anybody sees an offer."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from urllib.parse import unquote

from portal.sandboxes.entra import registered
from portal.sandboxes.entra.api.errors import ApiError, bad_field
from portal.sandboxes.entra.api.fields import Fields, read_callback, read_registration, texts

MEMBERS = (
    *("authority", "includeQRCode", "callback", "registration", "type", "manifest", "pin", "claims"),
    "expirationDate",
)
PIN_MEMBERS = ("value", "type", "length", "salt", "alg", "iterations")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
LARGEST_PHOTO = 1_048_576


def check_issuance(whole: Fields) -> None:
    whole.only(MEMBERS)
    whole.flag("includeQRCode")
    if whole.did("authority") != registered.AUTHORITY:
        raise bad_field("authority", "`authority` is not an authority of this directory.")
    read_callback(whole)
    read_registration(whole)
    if whole.text("manifest") != registered.manifest_url():
        raise ApiError(400, "notFound", "The contract behind `manifest` was not found.", "manifest")
    if whole.text("type") != registered.TYPE:
        raise bad_field("type", "`type` does not match the type of the contract.")
    if whole.has("pin"):
        _check_pin(whole.inner("pin"))
    if whole.has("claims"):
        claims = whole.inner("claims").given
        texts(claims, "claims")
        if registered.PHOTO_CLAIM in claims:
            _check_photo(claims[registered.PHOTO_CLAIM])
    if whole.has("expirationDate"):
        _check_expiration(whole.text("expirationDate"))


def _check_pin(pin: Fields) -> None:
    pin.only(PIN_MEMBERS)
    value = pin.text("value")
    length = pin.number("length", default=6, least=4, most=16)
    if pin.has("type") and pin.text("type") != "numeric":
        raise bad_field("pin.type", "`pin.type` is not `numeric`.")
    hashed = [name for name in ("salt", "alg", "iterations") if pin.has(name)]
    if not hashed:
        if not re.fullmatch(rf"[0-9]{{{length}}}", value):
            raise bad_field("pin.value", "`pin.value` does not have `pin.length` digits.")
        return
    if len(hashed) < 3:
        raise bad_field("pin", "A hashed pin needs `salt`, `alg` and `iterations`.")
    pin.text("salt")
    if pin.text("alg") != "sha256":
        raise bad_field("pin.alg", "`pin.alg` is not `sha256`.")
    pin.number("iterations", default=1, least=1, most=1)
    if not _is_base64(value, 32):
        raise bad_field("pin.value", "`pin.value` is not the base64 of a SHA-256 hash.")


def _is_base64(text: str, size: int) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == size
    except (binascii.Error, ValueError):
        return False


def _check_photo(value: str) -> None:
    """UrlEncode(Base64(JPEG)): from a kilobyte to a megabyte."""
    try:
        text = unquote(value).translate(str.maketrans("-_", "+/"))
        photo = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        photo = b""
    if not photo.startswith(b"\xff\xd8\xff") or not 1_024 <= len(photo) <= LARGEST_PHOTO:
        raise bad_field(f"claims.{registered.PHOTO_CLAIM}", "The photo is not a JPEG of 1 KB to 1 MB.")


def _check_expiration(text: str) -> None:
    fine = _MOMENT.fullmatch(text)
    try:
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC) if fine else None
    except ValueError:
        moment = None
    if moment is None or moment <= datetime.now(UTC):
        raise bad_field("expirationDate", "`expirationDate` is not a moment of UTC in the future (ISO 8601).")
