"""Form-encoded parameters with brackets, read into dictionaries: `items[0][price]=…`, `expand[]=…`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from portal.sandboxes.stripe.api.errors import ApiError, refused

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
DEEPEST, MOST = 10, 1000


def decode(encoded: str) -> dict[str, Any]:
    """Nested dictionaries; a list is one whose keys are its positions in order of appearance."""
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=MOST
        )
    except (ValueError, UnicodeDecodeError):
        raise refused("Invalid request: the parameters are not form-encoded UTF-8.") from None
    whole: dict[str, Any] = {}
    for key, value in pairs:
        _put(whole, key, value)
    return whole


def _put(whole: dict[str, Any], key: str, value: str) -> None:
    matched = KEY.match(key)
    if matched is None:
        raise refused(f"Invalid parameter name: {key[:80]}", "parameter_unknown", key[:80])
    parts = [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])]
    if len(parts) > DEEPEST:
        raise refused("Invalid request: parameters are nested too deeply.")
    here = whole
    for part in parts[:-1]:
        here = _step(here, part, key)
    last = parts[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        raise _both(key)
    here[last] = value


def _step(here: dict[str, Any], part: str, key: str) -> dict[str, Any]:
    inner = here.setdefault(part or str(len(here)), {})
    if not isinstance(inner, dict):
        raise _both(key)
    return inner


def _both(key: str) -> ApiError:
    return refused(f"Invalid request: {key[:80]} is given both as a value and as an object.")
