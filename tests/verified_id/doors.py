"""The commands of this room, run as an operator runs them: exit code, the object printed, standard error."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command


def run(command: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(command, *arguments, stdout=out, stderr=err)
    code = ended.value.code
    assert isinstance(code, int)
    text = out.getvalue()
    return code, json.loads(text) if text else {}, err.getvalue()
