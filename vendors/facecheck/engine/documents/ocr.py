"""Text in pictures: where it is (RapidOCR's detector) and what it says (PP-OCRv6 recogniser, from the same wheel).

The recogniser is run here rather than through RapidOCR, because a machine-readable zone has 37 characters and the
model knows 18,708: probabilities are folded onto the alphabet before the best path is taken, and the place of each
character along the line is kept. Both models are files of the wheel; nothing is fetched.
"""

import os
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import rapidocr

from ..images import Pixels as Picture

Quad = npt.NDArray[np.float32]
LINE_HEIGHT = 48
WIDEST_LINE = 2400
BLANK = 0
_LOOKALIKES = {
    "«": "<",
    "‹": "<",
    "く": "<",
    "〈": "<",
    "《": "<",
    "≤": "<",
    "ㄑ": "<",
    "O": "O",
    "Ｏ": "O",
    "〇": "0",
}


class Alphabet(Enum):
    MRZ = "mrz"
    LATIN = "latin"


@dataclass(frozen=True, slots=True)
class Line:
    """`places` are the characters' centres from 0 to 1 along the line; `sureness` is one probability each.
    `rivals` are the second-best characters with their probabilities."""

    text: str
    sureness: tuple[float, ...]
    places: tuple[float, ...]
    rivals: tuple[tuple[str, float], ...] = ()

    @property
    def least(self) -> float:
        return min(self.sureness, default=0.0)

    @property
    def mean(self) -> float:
        return sum(self.sureness) / len(self.sureness) if self.sureness else 0.0


def threads() -> int:
    """Bounded: a vision process runs several requests, and each model would else take every core."""
    wanted = os.environ.get("READMIT_VISION_THREADS", "1")
    return min(4, max(1, int(wanted))) if wanted.isdigit() else 1


_detector_lock = threading.Lock()
_build_lock = threading.Lock()


def find_text(picture: Picture) -> list[Quad]:
    """Boxes around lines of text, each four corners. RapidOCR keeps its last flags, so every call names them all."""
    with _detector_lock:
        found = _detector()(picture, use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    return [] if boxes is None else [np.asarray(box, dtype=np.float32) for box in boxes]


def read_lines(crops: Sequence[Picture], alphabet: Alphabet) -> list[Line]:
    """One line each; one after the other, which bounds the memory the class scores take."""
    return [_read_line(crop, alphabet) for crop in crops]


def crop_line(picture: Picture, quad: Quad, *, grow: float = 0.0) -> Picture:
    """Cuts the quad (top-left, top-right, bottom-right, bottom-left) out upright, at the recogniser's height.

    `grow` adds that share of the height above and below, and half of it at both ends."""
    corners = quad.astype(np.float64)
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    height, length = float(np.linalg.norm(down)), float(np.linalg.norm(along))
    if height < 1 or length < 1:
        return np.zeros((LINE_HEIGHT, LINE_HEIGHT, 3), dtype=np.uint8)
    end = along / length * height * grow * 0.5
    side = down * grow
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    grown = corners + np.array([end * x + side * y for x, y in signs])
    ratio = (length + height * grow) / (height * (1 + 2 * grow))
    width = int(min(WIDEST_LINE, max(16, round(LINE_HEIGHT * ratio))))
    target = np.array([(0, 0), (width, 0), (width, LINE_HEIGHT), (0, LINE_HEIGHT)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(grown.astype(np.float32), target)
    big = height > 2.2 * LINE_HEIGHT
    flags = cv2.INTER_AREA if big else cv2.INTER_CUBIC
    if big:  # warping down by much would alias
        matrix2 = np.diag([2.0, 2.0, 1.0]) @ matrix
        double = cv2.warpPerspective(picture, matrix2, (2 * width, 2 * LINE_HEIGHT), flags=cv2.INTER_LINEAR)
        return np.asarray(cv2.resize(double, (width, LINE_HEIGHT), interpolation=flags), dtype=np.uint8)
    warped = cv2.warpPerspective(
        picture, matrix, (width, LINE_HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def _read_line(crop: Picture, alphabet: Alphabet) -> Line:
    width = min(WIDEST_LINE, max(16, round(crop.shape[1] * LINE_HEIGHT / crop.shape[0])))
    sized = cv2.resize(crop, (width, LINE_HEIGHT)) if crop.shape[:2] != (LINE_HEIGHT, width) else crop
    batch = (sized.astype(np.float32).transpose(2, 0, 1)[None] / 127.5) - 1.0
    session = _recogniser()
    scores = session.run(None, {session.get_inputs()[0].name: batch})[0][0]
    return _best_path(scores, _fold(alphabet))


@dataclass(frozen=True, slots=True)
class _Fold:
    letters: str
    columns: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]


def _best_path(scores: npt.NDArray[np.float32], fold: _Fold) -> Line:
    """Greedy CTC over the folded alphabet: the last column is the blank."""
    steps = scores.shape[0]
    folded = np.zeros((len(fold.letters) + 1, steps), dtype=np.float32)
    np.add.at(folded, fold.targets, scores[:, fold.columns].T)
    folded[-1] = scores[:, BLANK]
    best = folded.argmax(axis=0)
    text, sureness, places, rivals = [], [], [], []
    step = 0
    while step < steps:
        last = step
        while last + 1 < steps and best[last + 1] == best[step]:
            last += 1
        if best[step] < len(fold.letters):
            text.append(fold.letters[best[step]])
            sureness.append(float(min(1.0, folded[best[step], step : last + 1].max())))
            places.append((step + last + 1) / 2 / steps)
            rivals.append(_rival(folded[:-1, step : last + 1].max(axis=1), int(best[step]), fold.letters))
        step = last + 1
    return Line("".join(text), tuple(sureness), tuple(places), tuple(rivals))


def _rival(peaks: npt.NDArray[np.float32], winner: int, letters: str) -> tuple[str, float]:
    peaks[winner] = 0
    second = int(peaks.argmax())
    return letters[second], float(peaks[second])


@cache
def _fold(alphabet: Alphabet) -> _Fold:
    with _build_lock:
        known = _recogniser_unlocked().get_modelmeta().custom_metadata_map["character"].split("\n")
    columns, wanted = [], []
    for place, letter in enumerate([*known, " "]):
        target = _mrz_letter(letter) if alphabet is Alphabet.MRZ else _latin_letter(letter)
        if target:
            columns.append(place + 1)
            wanted.append(target)
    letters = "".join(sorted(set(wanted)))
    targets = np.array([letters.index(letter) for letter in wanted])
    return _Fold(letters, np.array(columns), targets)


def _mrz_letter(letter: str) -> str:
    plain = _LOOKALIKES.get(letter) or unicodedata.normalize("NFKC", letter).upper()
    return plain if len(plain) == 1 and (plain == "<" or (plain.isascii() and plain.isalnum())) else ""


def _latin_letter(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter) or letter
    if len(plain) != 1:
        return ""
    if plain in " -'’./,:()<&" or (plain.isascii() and plain.isalnum()):
        return plain
    return plain if plain.isalpha() and unicodedata.name(plain, "").startswith("LATIN") else ""


@cache
def _models() -> Path:
    return Path(rapidocr.__file__).parent / "models"


def _recogniser() -> onnxruntime.InferenceSession:
    with _build_lock:
        return _recogniser_unlocked()


@cache
def _recogniser_unlocked() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    path = _models() / "PP-OCRv6_rec_small.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@cache
def _detector() -> rapidocr.RapidOCR:
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": 4000,
            "Global.use_cls": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": 4000,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
