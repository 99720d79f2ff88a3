"""Reads a clip: the frames a browser took while it showed the challenge. Format: ../FORMATS.md.

Everything in it was written by whoever is being judged. Sizes and counts are bounded before a byte of a frame is
decoded; times are only claims, which the decision holds against the challenge and the server's own clock.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ClipRefused
from ..files import read_file
from .challenge import Challenge

_FAMILY = b"RDMCLIP"
MAGIC = _FAMILY + b"1"
MAX_FRAMES = 160
MAX_FRAME_BYTES = 2 * 1024 * 1024
MAX_CLIP_BYTES = 16 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
_MAX_MS = 120_000.0
_START = b"\xff\xd8\xff"
# Markers without a length: stuffed bytes of a scan, restarts, start of image, and fill bytes.
_ALONE = frozenset({0x00, 0x01, 0xD8, 0xFF, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class _Most:
    frames: int
    all_bytes: int


_OF_A_VIDEO = _Most(2000, 96 * 1024 * 1024)
# Of the wanted time between two frames: nearer ones are left out of a video that has too many.
_DENSEST = 0.75


@dataclass(frozen=True)
class Frame:
    """One JPEG, the phase it was taken in and when, counted from the start of that phase."""

    phase: int
    at_ms: float
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True)
class Clip:
    """The answer to a challenge: what the page says it showed, and when, with the frames it took."""

    nonce: str
    shown: tuple[str, ...]
    started_ms: tuple[float, ...]
    frames: tuple[Frame, ...]

    def moment_ms(self, frame: Frame) -> float:
        """When the frame was taken, on the page's clock."""
        return self.started_ms[frame.phase] + frame.at_ms


def label_of(challenge: Challenge, number: int) -> str:
    """The word a clip uses for what was on screen: the colour, `left`, `right` or `still`."""
    phase = challenge.phases[number]
    return phase.colour or phase.side or phase.kind


def read_clip(unverified: bytes) -> Clip:
    """The binary upload: magic, header length, header, then each frame with its length."""
    if len(unverified) > MAX_CLIP_BYTES:
        raise ClipRefused("clip_too_many_bytes", str(len(unverified)))
    if not unverified.startswith(MAGIC):
        raise ClipRefused("clip_version" if unverified.startswith(_FAMILY) else "clip_wrong_type")
    header_bytes, at = _chunk(unverified, len(MAGIC), MAX_HEADER_BYTES)
    times = _header(header_bytes)
    jpegs: list[bytes] = []
    while at < len(unverified):
        if len(jpegs) >= MAX_FRAMES:
            raise ClipRefused("clip_too_many_frames")
        jpeg, at = _chunk(unverified, at, MAX_FRAME_BYTES)
        jpegs.append(jpeg)
    return _assemble(times, jpegs)


def write_clip(clip: Clip) -> bytes:
    """The same format, for tests and tools."""
    header = json.dumps(header_of(clip), separators=(",", ":")).encode()
    parts = [MAGIC, struct.pack(">I", len(header)), header]
    for frame in clip.frames:
        parts += [struct.pack(">I", len(frame.jpeg)), frame.jpeg]
    return b"".join(parts)


def header_of(clip: Clip) -> dict[str, Any]:
    return {
        "version": 1,
        "nonce": clip.nonce,
        "phases": [
            {"shown": shown, "started_ms": started}
            for shown, started in zip(clip.shown, clip.started_ms, strict=True)
        ],
        "frames": [{"phase": frame.phase, "at_ms": frame.at_ms} for frame in clip.frames],
    }


def read_clip_path(path: Path, *, challenge: Challenge) -> Clip:
    """A clip on disk, for the command line: our binary file, an MJPEG file, or a folder of frames.

    An MJPEG file or folder may have the header beside it (`<name>.json`, `clip.json`); without one its frames are
    taken to be spread over the challenge as it asked for them, and to answer it; a video has more of them than it asks for.
    """
    if path.is_dir():
        return _with_header(path / "clip.json", _frames_in(path), challenge)
    content = read_file(path, most=_OF_A_VIDEO.all_bytes, too_long="clip_too_many_bytes")
    if content.startswith(_FAMILY):
        return read_clip(content)
    return _with_header(path.with_suffix(".json"), split_mjpeg(content), challenge)


def _frames_in(folder: Path) -> list[bytes]:
    """The folder's JPEGs by number; counted before the first is opened, and read no further than is agreed."""
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg")]
    except OSError as error:
        raise ClipRefused("file_unreadable", type(error).__name__) from error
    if len(files) > _OF_A_VIDEO.frames:
        raise ClipRefused("clip_too_many_frames")
    jpegs: list[bytes] = []
    for file in sorted(files, key=_by_number):
        jpegs.append(read_file(file, most=MAX_FRAME_BYTES, too_long="clip_too_many_bytes"))
        if sum(map(len, jpegs)) > _OF_A_VIDEO.all_bytes:
            break
    _bound([len(jpeg) for jpeg in jpegs], _OF_A_VIDEO)
    return jpegs


def _by_number(file: Path) -> list[tuple[int, str]]:
    """`frame10` comes after `frame9`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", file.name)]


def split_mjpeg(content: bytes) -> list[bytes]:
    """The JPEGs that follow each other in a file, whatever a container puts between them."""
    jpegs: list[bytes] = []
    at = content.find(_START)
    if at < 0:
        raise ClipRefused("clip_wrong_type")
    while at >= 0:
        end = _end_of_jpeg(content, at)
        jpegs.append(content[at:end])
        if len(jpegs) > _OF_A_VIDEO.frames:
            raise ClipRefused("clip_too_many_frames")
        at = content.find(_START, end)
    _bound([len(jpeg) for jpeg in jpegs], _OF_A_VIDEO)
    return jpegs


def _end_of_jpeg(content: bytes, start: int) -> int:
    """Behind the end marker of the JPEG that begins here, or the end of the file. A thumbnail in its header is passed over."""
    at = start + 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:  # between a scan's bytes, on the way to the next marker
            at = content.find(b"\xff", at)
            if at < 0:
                break
            continue
        marker = content[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at + 2 if content[at : at + 2] == b"\xff\xd9" else len(content)


def _with_header(header: Path, jpegs: list[bytes], challenge: Challenge) -> Clip:
    if header.is_file():
        times = read_file(header, most=MAX_HEADER_BYTES, too_long="clip_header_too_long")
        return _thinned(_assemble(_header(times, most=_OF_A_VIDEO.frames), jpegs), challenge)
    return spread_over(challenge, jpegs)


def _thinned(clip: Clip, challenge: Challenge) -> Clip:
    """A video takes more frames than a challenge asks for; what a page uploads never has so many."""
    if len(clip.frames) <= MAX_FRAMES:
        return clip
    kept: list[Frame] = []
    for frame in clip.frames:
        every = challenge.phases[frame.phase].every_ms if frame.phase < len(challenge.phases) else 0
        before = kept[-1] if kept else None
        apart = frame.at_ms - before.at_ms if before and before.phase == frame.phase else float("inf")
        # Times that run backwards are kept, for the decision to find.
        if apart >= _DENSEST * every or apart <= 0:
            kept.append(frame)
    if len(kept) > MAX_FRAMES:
        raise ClipRefused("clip_too_many_frames")
    return replace(clip, frames=tuple(kept))


def spread_over(challenge: Challenge, jpegs: list[bytes]) -> Clip:
    """Frames without times, dealt out to the phases at the pace the challenge asked for."""
    slots = [
        (number, float(at))
        for number, phase in enumerate(challenge.phases)
        for at in range(phase.every_ms // 2, phase.duration_ms, phase.every_ms)
    ]
    started, elapsed = [], 0.0
    for phase in challenge.phases:
        started.append(elapsed)
        elapsed += phase.duration_ms
    if len(jpegs) >= len(slots):
        chosen = [jpegs[index * len(jpegs) // len(slots)] for index in range(len(slots))]
        frames = [Frame(number, at, jpeg) for (number, at), jpeg in zip(slots, chosen, strict=True)]
    else:  # each once, when it was taken: a frame shown twice is what a frozen camera gives
        frames = []
        for index, jpeg in enumerate(jpegs):
            moment = (index + 0.5) * elapsed / len(jpegs)
            number = max(at for at, start in enumerate(started) if start <= moment)
            frames.append(Frame(number, moment - started[number], jpeg))
    shown = tuple(label_of(challenge, number) for number in range(len(challenge.phases)))
    return Clip(challenge.nonce, shown, tuple(started), tuple(frames))


@dataclass(frozen=True)
class _Times:
    nonce: str
    shown: tuple[str, ...]
    started_ms: tuple[float, ...]
    frames: tuple[tuple[int, float], ...]


def _header(unverified: bytes, *, most: int = MAX_FRAMES) -> _Times:
    try:
        header = json.loads(unverified)
        if header["version"] != 1:
            raise ClipRefused("clip_version")
        phases, frames = header["phases"], header["frames"]
        if not frames:
            raise ClipRefused("clip_empty")
        if not 1 <= len(phases) <= 64 or len(frames) > most:
            raise ClipRefused("clip_too_many_frames")
        times = _Times(
            nonce=_text(header["nonce"]),
            shown=tuple(_text(phase["shown"]) for phase in phases),
            started_ms=tuple(_milliseconds(phase["started_ms"]) for phase in phases),
            frames=tuple((_number(frame["phase"]), _milliseconds(frame["at_ms"])) for frame in frames),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ClipRefused("clip_malformed", type(error).__name__) from error
    if any(not 0 <= phase < len(times.shown) for phase, _ in times.frames):
        raise ClipRefused("clip_malformed", "phase")
    return times


def _assemble(times: _Times, jpegs: list[bytes]) -> Clip:
    if len(jpegs) != len(times.frames):
        raise ClipRefused("clip_malformed", f"{len(jpegs)} frames, {len(times.frames)} times")
    frames = tuple(Frame(phase, at, jpeg) for (phase, at), jpeg in zip(times.frames, jpegs, strict=True))
    return Clip(times.nonce, times.shown, times.started_ms, frames)


def _bound(sizes: list[int], most: _Most) -> None:
    if not sizes:
        raise ClipRefused("clip_empty")
    if len(sizes) > most.frames:
        raise ClipRefused("clip_too_many_frames")
    if max(sizes) > MAX_FRAME_BYTES or sum(sizes) > most.all_bytes:
        raise ClipRefused("clip_too_many_bytes")


def _chunk(content: bytes, at: int, limit: int) -> tuple[bytes, int]:
    if at + 4 > len(content):
        raise ClipRefused("clip_cut_short")
    (length,) = struct.unpack_from(">I", content, at)
    if not 0 < length <= limit:
        raise ClipRefused("clip_too_many_bytes", str(length))
    if at + 4 + length > len(content):
        raise ClipRefused("clip_cut_short")
    return content[at + 4 : at + 4 + length], at + 4 + length


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 64 or not value.isascii():
        raise ValueError("not a short text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("not a whole number")
    return value


def _milliseconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a time")
    # Before anything is computed: a whole number may have hundreds of digits, and NaN is between nothing.
    if not 0 <= value <= _MAX_MS:
        raise ValueError("a time out of bounds")
    return float(value)
