"""Trying a connection out, handling what came back, and letting go."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from django.utils.translation import gettext as _

from portal.kit.among_tenants import tenants_with_any
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.entra import addresses, client, records, requests, services, tokens
from tenants.verified_id.entra.models import EntraCallback, EntraCard, EntraConnection, EntraRequest
from tenants.verified_id.entra.services import Finding
from tenants.verified_id.entra.tokens import Held

# What an application may be granted; the first stands for both others.
CREATE_ALL = "VerifiableCredential.Create.All"
NEEDED = {
    "presentation": "VerifiableCredential.Create.PresentRequest",
    "issuance": "VerifiableCredential.Create.IssueRequest",
}
REVOKE = "VerifiableCredential.Credential.Revoke"
# A person who does not exist, for an offer that is there to be tried.
NOBODY = {"firstName": "Test", "lastName": "Person"}


@effect
def test(job: Job) -> Apply | None:
    """A token, what it permits, a request for a card, an offer of one. Each is asked for anew, so that a page that says
    "accepted" says it of now."""
    if job.tenant_id is None:
        return None
    held = tokens.hold(job.tenant_id)
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
        _tried("presentation", lambda: requests.request_card(fresh, purpose=_("A test of this connection."))),
        _tried("issuance", lambda: requests.offer_card(fresh, claims=_nobody(fresh.row))),
    ]
    if held.row.authority_id:
        found.append(_tried("records", lambda: _read_records(fresh)))
    return partial(services.note_test, held, found, token)


def _nobody(row: EntraConnection) -> dict[str, str]:
    return NOBODY | ({row.mark_claim: secrets.token_hex(16)} if row.mark_claim else {})


def _read_records(held: Held) -> None:
    """Look for a card that there is not: the records answer, or say what is missing."""
    place = records.Place(held.row.authority_id, addresses.contract_id(held.row.manifest_url))
    token = client.fetch_token(held.credentials, scope=addresses.RECORDS_SCOPE)
    records.find(place, secrets.token_hex(16), token)
    roles = token.unverified_grants
    if roles is not None and REVOKE not in roles:
        raise client.EntraRefused("records_refused", setting="revoke")


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
    requests.handle_callback(job.uuid("callback_id"))


def let_go() -> None:
    """Periodic."""
    everybody = Tenant.objects.values_list("id", flat=True)
    for tenant_id in set(tenants_with_any({EntraRequest: "", EntraCallback: "", EntraCard: ""}, everybody)):
        with tenant_scope(tenant_id):
            services.destroy_old_requests()
            services.look_for_the_forgotten()
