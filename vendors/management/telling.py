"""What the commands about partners print of a connection, and the connection they are about."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from portal.kit.errors import NotHere
from tenants.management.operating import DONE, REFUSED
from tenants.models import Tenant
from vendors.addresses import hook_url_of, return_url_of
from vendors.contract import HandlesReturn, HandlesWebhook
from vendors.management.waiting import wait_for
from vendors.models import Connection
from vendors.registry import ADAPTERS, adapter_of, is_listed
from vendors.selectors import connection_to
from vendors.wording import told_problems

TOPICS = frozenset({"vendors.test_connection", "vendors.connect"})


def require_vendor(vendor: str) -> None:
    """NotHere with a sentence that names those there are."""
    if not is_listed(vendor):
        known = ", ".join(sorted(ADAPTERS))
        raise NotHere("vendor_unknown", f"There is no partner {vendor}. There are: {known}.")


def connection_named(vendor: str) -> Connection:
    """In the tenant's scope. NotHere with a sentence."""
    require_vendor(vendor)
    found = connection_to(vendor)
    if found is None:
        raise NotHere("connection_unknown", f"The organisation does not use {vendor}. Connect it first.")
    return found


def tested(tenant: Tenant, vendor: str, *, seconds: float) -> tuple[int, dict[str, Any]]:
    """Wait for the test of a connection: an exit code, and what is told of it."""

    def look() -> Connection | None:
        connection = connection_named(vendor)
        asked, answered = connection.test_asked_at, connection.tested_at
        is_tested = asked is None or (answered is not None and answered >= asked)
        return connection if is_tested and connection.status != Connection.Status.CONNECTING else None

    connection = wait_for(look, tenant_id=tenant.id, topics=TOPICS, seconds=seconds)
    code = DONE if connection.status == Connection.Status.READY else REFUSED
    return code, told_of(tenant, connection)


def told_of(tenant: Tenant, connection: Connection) -> dict[str, Any]:
    adapter = adapter_of(connection.vendor)
    told: dict[str, Any] = {
        "id": connection.public_id,
        "vendor": connection.vendor,
        "status": str(connection.status),
        "problems": [
            {
                "setting": str(found.setting),
                "problem": str(found.sentence),
                "answered": found.answered or found.code,
            }
            for found in told_problems(adapter.manifest, connection.problems)
        ],
        "contract": adapter.manifest.contract_status,
    }
    if isinstance(adapter, HandlesReturn):
        told["return_url"] = return_url_of(tenant.slug, connection.vendor)
    if isinstance(adapter, HandlesWebhook):
        told["webhook_url"] = hook_url_of(tenant.slug, connection)
    return told


def words_of(told: dict[str, Any]) -> str:
    lines = [f"{told['vendor']}: {told['status']} ({told['id']})"]
    lines += [f"  {each['setting']}: {each['problem']} [{each['answered']}]" for each in told["problems"]]
    names = {"return_url": _("Return address"), "webhook_url": _("Webhook address")}
    lines += [f"  {label}: {told[name]}" for name, label in names.items() if name in told]
    return "\n".join(lines)
