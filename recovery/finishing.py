"""The pass and the passkey, as the journey uses them.

Protects an account from a case that ended a moment ago: pass and passkey take effect with the case locked, in one
transaction with everything that follows from them. What it does not do: compare codes or verify ceremonies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of
from portal.kit.scope import tenant_scope
from recovery.access_pass import selectors as passes
from recovery.access_pass import services as access_pass
from recovery.applying import may_recover
from recovery.cases import locked, record_step
from recovery.completion import complete_recovery
from recovery.models import Case
from recovery.passkeys import services as passkeys
from recovery.statuses import CaseStatus, StepKind
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant

TYPED = Limit("passes_typed_in_network", 300, 900)


@contextmanager
def _signing_in(case_id: UUID) -> Iterator[None]:
    """Around the update that redeems a pass: only of a case that is granted still, and the step is written with it."""
    case = locked(case_id)
    if case.state is not CaseStatus.GRANTED or case.person_id is None:
        raise access_pass.dead()
    yield
    person = Actor(ActorKind.PERSON, public_id("person", case.person_id))
    record_step(case, StepKind.SIGNED_IN, actor=person)


def use_pass_here(tenant: Tenant, case_id: UUID, *, browser_digest: bytes) -> None:
    """ "Use it now": redeems the case's pass in the browser it was issued to."""
    access_pass.redeem_in_browser(
        case_id, browser_digest=browser_digest, tenant_id=tenant.id, around=_signing_in
    )


def use_typed_pass(tenant: Tenant, characters: str, *, browser_digest: bytes, address: str) -> None:
    """The same for whoever types the characters, in the same browser. Five tries are all there are; a network that types
    without end is refused before anything is written."""
    take(TYPED, f"{tenant.id}|{network_of(address)}")
    access_pass.redeem_characters(
        characters, browser_digest=browser_digest, tenant_id=tenant.id, around=_signing_in
    )


def registration_is_open(case: Case) -> bool:
    """Whether the ten minutes after the pass was used still run."""
    used = passes.pass_of(case.id)
    return used is not None and used.register_until is not None and used.register_until > clock.now()


def person_to_register(case: Case) -> DirectoryPerson:
    """Whose passkey the case may still register. Refused once its window is closed."""
    person: DirectoryPerson | None = case.person
    if (
        case.state is not CaseStatus.GRANTED
        or person is None
        or not registration_is_open(case)
        or not may_recover(case.profile, person)
    ):
        raise _over()
    return person


def _over() -> Refused:
    return Refused(
        "registration_over",
        _("The ten minutes to create a passkey are over. Start again, or call your help desk."),
    )


def begin_case_passkey(
    tenant: Tenant, case_id: UUID, person: DirectoryPerson, *, browser_digest: bytes
) -> dict[str, Any]:
    """Creation options for the case's browser and the person of its pass (`person_to_register`)."""
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
    tenant: Tenant,
    case: Case,
    *,
    is_open: bool,
    browser_digest: bytes,
    response: dict[str, Any],
    label: str,
) -> None:
    """Verify the ceremony, then keep the passkey and complete the recovery in one transaction.

    `case` and `is_open` are as they were read when the request came; both are read again under the lock. Quiet for a case
    that is recovered: the answer was lost on its way, and the page goes on.
    """
    if case.state is CaseStatus.RECOVERED:
        return
    if case.state is not CaseStatus.GRANTED or case.person_id is None:
        raise _over()
    with passkeys.noting_refusals(tenant.id, case.person_id, case_id=case.id):
        if not is_open:
            raise _over()
        new = passkeys.verify_new_passkey(
            tenant=tenant,
            browser_digest=browser_digest,
            response=response,
            label=label,
            expected_permission_id=case.id,
        )
        with tenant_scope(tenant.id):
            case = locked(case.id)
            person_to_register(case)
            complete_recovery(tenant, case, passkeys.keep_passkey(new).id)
