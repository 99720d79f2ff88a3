"""Trying a connection out, handling what came back, and letting go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.utils.translation import gettext as _

from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.entra import client, services
from tenants.verified_id.entra.services import Finding, Held

# What an application may be granted; the first stands for both others.
CREATE_ALL = "VerifiableCredential.Create.All"
NEEDED = {
    "presentation": "VerifiableCredential.Create.PresentRequest",
    "issuance": "VerifiableCredential.Create.IssueRequest",
}
# A person who does not exist, for an offer that is there to be tried.
NOBODY = {"firstName": "Test", "lastName": "Person"}


@effect
def test(job: Job) -> Apply | None:
    """A token, what it permits, a request for a card, an offer of one. Each is asked for anew, so that a page that says
    "accepted" says it of now."""
    if job.tenant_id is None:
        return None
    held = services.hold(job.tenant_id)
    if held is None:
        return None
    try:
        token = client.fetch_token(held.credentials)
    except (client.EntraRefused, Unavailable, Misconfigured) as error:
        return partial(services.note_test, held, [_failed("token", error)], None)
    fresh = Held(held.row, held.tenant, held.credentials, token)
    found = [
        Finding("token", True),
        _permission(token),
        _tried("presentation", lambda: services.request_card(fresh, purpose=_("A test of this connection."))),
        _tried("issuance", lambda: services.offer_card(fresh, claims=NOBODY)),
    ]
    return partial(services.note_test, held, found, token)


def _permission(token: client.Token) -> Finding:
    roles = token.unverified_grants
    if roles is None or CREATE_ALL in roles:
        return Finding("permission", True)
    missing = [kind for kind, role in NEEDED.items() if role not in roles]
    if not missing:
        return Finding("permission", True)
    problem = "permission_missing" if len(missing) == len(NEEDED) else f"permission_missing_{missing[0]}"
    return Finding("permission", False, problem)


def _tried(step: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except (client.EntraRefused, Unavailable, Misconfigured) as error:
        return _failed(step, error)
    return Finding(step, True)


def _failed(step: str, error: client.EntraRefused | Unavailable | Misconfigured) -> Finding:
    setting = error.setting if isinstance(error, client.EntraRefused) else ""
    return Finding(step, False, error.code, setting)


def on_callback(job: Job) -> None:
    services.handle_callback(job.uuid("callback_id"))


def let_go() -> None:
    """Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            services.destroy_old_requests()
