"""Keys of the API: `rdm_…` (portal.kit.written_keys)."""

from __future__ import annotations

from portal.kit.written_keys import KeyForm, WrittenKey

FORM = KeyForm("rdm_", "api_key")
PATTERN = FORM.pattern
new_key = FORM.new
read_key = FORM.read

__all__ = ["FORM", "PATTERN", "WrittenKey", "new_key", "read_key"]
