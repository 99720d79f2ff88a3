"""Two testers that others wrote look at the service over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx2 import Client

from tests.console.serving import site_running
from tests.scim.conftest import RECOVERY, Provisioner


@pytest.fixture
def base(scim: Provisioner) -> Iterator[str]:
    with site_running() as origin:
        yield f"{origin}/scim/{scim.tenant.slug}/v2"


# What is absent is made of the names, and who is not said to be inactive is active: a default, as RFC 7643, 2.5 lets a
# service assign one where the tester expects nothing.
DEFAULTS = {
    "check_remove_attribute: PATCH modify() did not remove attribute 'displayName'",
    "check_remove_attribute: PATCH modify() did not remove attribute 'active'",
    # Whoever may do more than others stays so until somebody says that they may not: silence opens no looser profile.
    f"check_remove_attribute: PATCH modify() did not remove attribute '{RECOVERY}'",
    f"check_remove_attribute: PATCH modify() did not remove attribute '{RECOVERY}:privileged'",
}


def test_a_compliance_tester_finds_nothing_to_correct(scim: Provisioner, base: str) -> None:
    # Here, for the one worker that asks it: it takes seconds to import, and every worker imports this file.
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import Status, check_server

    with Client(base_url=base, headers={"Authorization": f"Bearer {scim.token}"}, timeout=60) as http:
        results = check_server(SyncSCIMClient(http))
    wrong = [
        f"{found.title}: {found.reason}"
        for found in results
        if found.status not in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED)
    ]
    assert len(results) > 50 and set(wrong) == DEFAULTS, "\n".join(wrong)


def test_a_strict_prober_finds_nothing_to_correct(scim: Provisioner, base: str) -> None:
    from scim_sanity.probe.runner import run_probe_api

    told = run_probe_api(base, token=scim.token, strict=True)
    wrong = [found for found in told["results"] if found["status"] not in ("pass", "skip")]
    assert len(told["results"]) > 20 and not wrong, wrong
