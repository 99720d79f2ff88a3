"""The pass and the passkey, as the journey uses them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.access_pass import selectors as passes
from recovery.access_pass import services as access_pass
from recovery.cases import get_case
from recovery.models import Case
from recovery.passkeys import services as passkeys
from recovery.profiles import may_recover
from recovery.statuses import CaseStatus
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant


def use_pass_here(tenant: Tenant, case_id: UUID, *, browser_digest: bytes) -> None:
    """ "Use it now": redeems the case's pass in the browser it was issued to."""
    require_no_transaction()
    access_pass.redeem_in_browser(case_id, browser_digest=browser_digest, tenant_id=tenant.id)


def registration_is_open(case: Case) -> bool:
    """Whether the ten minutes after the pass was used still run."""
    used = passes.pass_of(case.id)
    return used is not None and used.register_until is not None and used.register_until > clock.now()


def _require_open(case: Case) -> DirectoryPerson:
    person: DirectoryPerson | None = case.person
    if (
        case.state is not CaseStatus.GRANTED
        or person is None
        or not registration_is_open(case)
        or not may_recover(case.profile, person)
    ):
        raise Refused(
            "registration_over",
            _("The ten minutes to create a passkey are over. Start again, or call your help desk."),
        )
    return person


def begin_case_passkey(tenant: Tenant, case_id: UUID, *, browser_digest: bytes) -> dict[str, Any]:
    """Creation options for the case's browser, while the registration window is open."""
    with tenant_scope(tenant.id):
        person = _require_open(get_case(case_id))
    return passkeys.begin_registration(
        tenant_id=tenant.id,
        person_id=person.id,
        user_name=person.user_name,
        display_name=person.display_name,
        browser_digest=browser_digest,
        permission="pass",
        permission_id=case_id,
    )


def complete_case_passkey(
    tenant: Tenant, case_id: UUID, *, browser_digest: bytes, response: dict[str, Any], label: str
) -> None:
    """Verify the ceremony; the outbox completes the recovery."""
    with tenant_scope(tenant.id):
        _require_open(get_case(case_id))
    passkeys.complete_registration(
        tenant_id=tenant.id,
        browser_digest=browser_digest,
        response=response,
        label=label,
        expected_permission_id=case_id,
    )
