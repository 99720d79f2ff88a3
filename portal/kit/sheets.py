"""Lists as CSV, safe to open in a spreadsheet.

Protects whoever opens an export from cells that a spreadsheet would run as a formula (OWASP, CSV Injection). What
it does not do: change what is stored; `plain_cell` takes the mark off again when a file comes back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    def write(self, line: str) -> str:
        return line


def _looks_like_formula(text: str) -> bool:
    return text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS)


def safe_cell(value: object) -> str:
    """The text with an apostrophe before it where a spreadsheet would calculate. A number stays one, also below zero:
    there is nothing in it to calculate, and a sum has to find it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = "" if value is None else str(value)
    return f"'{text}" if _looks_like_formula(text) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _looks_like_formula(text[1:]) else text


def sheet_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV file, one at a time."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])
