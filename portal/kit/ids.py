"""Identifiers: UUID version 7 (RFC 9562) inside, prefixed Crockford base32 outside."""

from __future__ import annotations

import os
import secrets
import threading
import time
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_VALUES.update({"O": 0, "I": 1, "L": 1})


class _Order:
    """Keeps what one process makes within a millisecond in order: a dedicated counter (RFC 9562, section 6.2, method 1)
    in the twelve bits after the version, which begins anywhere in its lower half."""

    def __init__(self) -> None:
        self._milliseconds = 0
        self._count = 0
        self.forked()

    def forked(self) -> None:
        """A lock that another thread held at the fork would never be released in the child."""
        self._lock = threading.Lock()

    def next(self) -> tuple[int, int]:
        """The millisecond and the count to use. A clock that was set back by more than a second is believed, so it is read
        under the lock: a thread that was held up in between would bring a time that looks set back."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if self._milliseconds - 1000 <= now <= self._milliseconds:
                self._count += 1
            else:
                self._milliseconds, self._count = now, secrets.randbits(11)
            if self._count >= 2**12:
                self._milliseconds, self._count = self._milliseconds + 1, 0
            return self._milliseconds, self._count


_order = _Order()
os.register_at_fork(after_in_child=_order.forked)


def uuid7() -> UUID:
    """A new UUID (RFC 9562, section 5.7): 48 bits of milliseconds, 12 that count, 62 random ones. What one process makes
    is in order, so that events of one instant are read in the order in which they happened."""
    milliseconds, count = _order.next()
    random_bits = int.from_bytes(os.urandom(8), "big") >> 2
    # As `uuid7_hex`, with nothing to make room for.
    return UUID(int=milliseconds << 80 | 0x7 << 76 | count << 64 | 0x2 << 62 | random_bits)


def uuid7_hex(milliseconds: int, random_bits: int) -> str:
    """The 32 hexadecimal digits of the UUID of an instant and 80 random bits, six of which make room for version and variant.
    Where thousands of rows are written, making a `UUID` of each costs more than the rest of it."""
    value = (milliseconds & (2**48 - 1)) << 80 | random_bits
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"


def encode_base32(number: int, length: int) -> str:
    """`number` in Crockford's base32, padded with zeros to `length` characters."""
    digits = []
    for _ in range(0, length, 2):
        number, pair = divmod(number, 1024)
        digits.append(_PAIRS[pair])
    return "".join(reversed(digits))[-length:]


def decode_base32(text: str) -> int:
    """Reads what people type: any case, O for 0, I and L for 1, hyphens and spaces ignored. ValueError if not."""
    number = 0
    for character in text.upper():
        if character in "- ":
            continue
        if character not in _VALUES:
            raise ValueError("not base32")
        number = number * 32 + _VALUES[character]
    return number


def random_base32(length: int) -> str:
    """`length` characters of Crockford base32 from the system's generator: five bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def public_id(prefix: str, identifier: UUID) -> str:
    """`case_01ABC…`: what URLs, exports and the API show."""
    return f"{prefix}_{encode_base32(identifier.int, 26).lower()}"


def parse_public_id(prefix: str, text: str) -> UUID:
    """The UUID behind a public id. ValueError for another prefix, length or alphabet."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 26:
        raise ValueError("not an identifier of this kind")
    number = decode_base32(tail)
    if number >= 2**128:
        raise ValueError("not an identifier of this kind")
    return UUID(int=number)


def short_reference(identifier: UUID) -> str:
    """Eight characters that can be read out over a telephone, `K7QM-3XWT`, from the random half of the id."""
    number = identifier.int
    return (
        f"{_PAIRS[number >> 30 & 1023]}{_PAIRS[number >> 20 & 1023]}"
        f"-{_PAIRS[number >> 10 & 1023]}{_PAIRS[number & 1023]}"
    )
