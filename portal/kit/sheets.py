"""Lists as CSV, safe to open in a spreadsheet.

Protects whoever opens an export from cells that a spreadsheet would run as a formula (OWASP, CSV Injection). What
it does not do: change what is stored; `plain_cell` takes the mark off again when a file comes back.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# A spreadsheet that parts columns by semicolons, or pastes tabs and lines as cells, makes several cells of one of ours:
# the mark stands wherever one could begin. Marks that were there already are counted, so that each can come off again.
_SPACES = r"[^\S;\t\r\n]*"
_CALCULATES = rf"'*{_SPACES}[=+\-@＝＋－＠]"
_BEGINS = rf"'*{_SPACES}[\t\r\n]"
_UNMARKED = re.compile(rf"^(?={_BEGINS})|(?:^|[;\t\r\n])(?={_CALCULATES})")
_MARKED = re.compile(rf"^'(?={_BEGINS})|(?:^|[;\t\r\n])'(?={_CALCULATES})")


class _Echo:
    def write(self, line: str) -> str:
        return line


def safe_cell(value: object) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to calculate. A number stays one, also below zero:
    there is nothing in it to calculate, and a sum has to find it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = "" if value is None else str(value)
    return _UNMARKED.sub(lambda found: f"{found[0]}'", text)


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return _MARKED.sub(lambda found: found[0][:-1], text) if "'" in text else text


def sheet_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV file, one at a time."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])
