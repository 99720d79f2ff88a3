"""`manage.py sync_people`: it takes the steps itself where no worker does."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tests.connections.conftest import Connected


def run(*arguments: str) -> tuple[int, Any, str]:
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("sync_people", *arguments, stdout=out, stderr=err)
    code = ended.value.code
    assert isinstance(code, int)
    return code, json.loads(out.getvalue()) if out.getvalue() else None, err.getvalue()


def test_it_reads_everybody_and_says_what_it_did(connected: Connected) -> None:
    connected.graph.seed(12, groups=1, page_size=5)
    code, told, _err = run("--tenant", connected.tenant.slug, "--json")
    assert (code, told["state"], told["counts"]["added"]) == (0, "done", 12)
    assert run("--tenant", connected.tenant.slug)[1]["counts"] == {"pages": 2}


def test_it_waits_for_one_that_is_under_way_and_follows_it(connected: Connected) -> None:
    connected.graph.seed(12, page_size=5)
    connected.ask()
    connected.step()
    code, told, err = run("--tenant", connected.tenant.slug)
    assert (code, told["counts"], err) == (
        0,
        {"pages": 2},
        "Another synchronisation is under way; this one follows it.\n",
    )
    assert len(connected.people()) == 12


def test_its_exit_code_says_what_is_held_and_what_went_wrong(connected: Connected) -> None:
    connected.graph.seed(20, groups=0)
    run("--tenant", connected.tenant.slug)
    connected.graph.change(remove=list(connected.people())[:10])
    code, told, _err = run("--tenant", connected.tenant.slug)
    assert (code, told["held"]) == (1, {"people": 10, "memberships": 0, "suspensions": 0})
    connected.connect("Nothing is granted")
    code, told, err = run("--tenant", connected.tenant.slug)
    assert (code, told["problem"]) == (2, "permission_missing_users")
    assert "User.Read.All" in err
    assert run("--tenant", "nowhere") == (1, None, "There is no organisation nowhere.\n")
