"""What the API takes as a name: nothing that the pages would refuse."""

from __future__ import annotations

import re
import sys

from portal.api.shapes import LINE
from portal.kit.names import has_unseen


def test_every_letter_that_cannot_be_seen_is_refused_by_the_document_too() -> None:
    letters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    taken = "".join(letter for letter in letters if re.fullmatch(LINE, f"a{letter}"))
    assert not has_unseen(taken) and {"ä", "\u200d", "字", "😀"} <= set(taken)


def test_spaces_alone_are_no_name() -> None:
    assert not re.fullmatch(LINE, " \u3000") and re.fullmatch(LINE, " All checks ")
