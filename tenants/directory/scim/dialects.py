"""What systems write in a PATCH and in a filter besides RFC 7644, as what they mean. Pure.

Protects people from a synchronisation that stands still over one field: a refused operation puts the whole person aside at the
other side, names and suspension among it. What it does not do: read anything as an operation that is one already.

Entra ID clears a value with a filter by removing its `value` alone, which every address has to have, or by naming the value
besides; it removes a manager by a filter, and names one without the schema, or in a list
(learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups, reference attributes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tenants.directory.scim.description import EnterpriseUser

MANAGER = f"{EnterpriseUser.__schema__}:manager"
# An entry chosen by a filter, and of it the value: without that there is no entry.
_VALUE_OF_ONE = re.compile(r"(?P<entry>(?:[\w.:-]+:)?(?:emails|phoneNumbers)\[.+\])\.value", re.IGNORECASE)
_OF_MANAGER = re.compile(
    rf"(?:{re.escape(EnterpriseUser.__schema__)}:)?manager(?P<filter>\[.*\])?", re.IGNORECASE
)

_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_BARE_MANAGER = re.compile(r"(?<![\w:.$-])manager(?=\s+(?:eq|ne)\s)", re.IGNORECASE)
_BARE_IDENTIFIER = re.compile(
    r"(?<![\w:.$-])((?:id|[\w:.-]*manager)\s+(?:eq|ne)\s+)([\w-]{8,})", re.IGNORECASE
)


def plain_filter(unverified: str) -> str:
    """A filter with the manager by its schema and identifiers in quotation marks: Entra asks so whether somebody has a manager
    already. What stands in quotation marks stays."""
    parts = _QUOTED.split(unverified)
    parts[::2] = [_BARE_IDENTIFIER.sub(r'\1"\2"', _BARE_MANAGER.sub(MANAGER, part)) for part in parts[::2]]
    return "".join(parts)


def plain_patch(unverified: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PATCH with each operation as the standard writes it; whatever is none stays for the library to refuse."""
    operations = unverified.get("Operations")
    if not isinstance(operations, list):
        return dict(unverified)
    return {**unverified, "Operations": [_plain(one) for one in operations]}


def _plain(operation: Any) -> Any:
    if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
        return operation
    path, is_removal = operation["path"].strip(), str(operation.get("op")).casefold() == "remove"
    if is_removal and (found := _VALUE_OF_ONE.fullmatch(path)):
        return {"op": operation["op"], "path": found["entry"]}
    of_manager = _OF_MANAGER.fullmatch(path)
    if of_manager is None:
        return operation
    if is_removal:
        return {"op": operation["op"], "path": MANAGER}
    if of_manager["filter"]:
        return operation
    return {
        **operation,
        "path": MANAGER,
        **({"value": _who(operation["value"])} if "value" in operation else {}),
    }


def _who(value: Any) -> Any:
    """Of one manager the identifier: the address and the name beside it are this service's to say."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return {"value": one["value"]} if isinstance(one, dict) and "value" in one else one
