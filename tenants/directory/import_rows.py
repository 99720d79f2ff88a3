"""How a row of a file is kept: sealed between its preview and its application, and as what was before an import."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from tenants.directory.import_file import ImportedRow


def asdict_of(row: ImportedRow) -> dict[str, Any]:
    """As it is stored: dates as text."""
    packed = asdict(row)
    packed["birthdate"] = row.birthdate.isoformat() if row.birthdate else ""
    return packed


def row_from(packed: dict[str, Any]) -> ImportedRow:
    """What `asdict_of` gave."""
    values = dict(packed)
    values["birthdate"] = date.fromisoformat(values["birthdate"]) if values["birthdate"] else None
    values["emails"] = tuple(values["emails"])
    values["phones"] = None if values["phones"] is None else tuple(values["phones"])
    for kind in ("former_names", "preferred_names", "script_names"):
        told = values.get(kind)
        values[kind] = None if told is None else tuple((given, family) for given, family in told)
    return ImportedRow(**values)
