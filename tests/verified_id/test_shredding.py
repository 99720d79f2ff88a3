"""The portrait that waited for a wallet is gone for good: whoever kept its ciphertext and takes the whole database and every
key of today finds none that opens it. Before that, the same search does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import BinaryField
from django.utils.module_loading import import_string

from portal.kit import clock, sealed
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured
from portal.kit.models import TenantModel
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import issuance
from tenants.verified_id.models import Issuance
from tests.holder import Wallet
from tests.verified_id.test_flow import CLAIMS, authority, begin, jpeg, offer

__all__ = ["authority"]


def everything_binary() -> Iterator[bytes]:
    """What stands in any binary column of any of the tenant's rows."""
    for model in apps.get_models():
        columns = [field.name for field in model._meta.get_fields() if isinstance(field, BinaryField)]
        if columns and issubclass(model, TenantModel):
            for row in model.objects.values_list(*columns):
                yield from (bytes(value) for value in row if value is not None)


def opens(ciphertext: bytes, issuance_id: UUID, tenant: Tenant) -> bool:
    """Whether anything that is left unseals it: a wrapped key in any row, the tenant's own key, the root key."""
    context = issuance._context(issuance_id)
    _version, own = import_string(settings.KEY_STORE)().current(tenant.id)
    for found in everything_binary():
        try:
            sealed.unseal_under(found, ciphertext, context)
        except Misconfigured:
            continue
        return True
    for key in (own, settings.ROOT_KEY):
        try:
            sealed._decrypt(key, ciphertext, sealed._associated(context, tenant.id))
        except Misconfigured:
            continue
        return True
    return False


def a_wallet_accepts(tenant: Tenant, issuance_id: UUID) -> None:
    wallet = Wallet(tenant)
    wallet.accept(offer(tenant, issuance_id).deep_link)
    assert wallet.notify().status_code == 204


def a_day_passes(tenant: Tenant, issuance_id: UUID) -> None:
    with clock.frozen(clock.now() + timedelta(hours=24, minutes=1)), tenant_scope(tenant.id):
        issuance.destroy_old_issuances()


def its_case_is_over(tenant: Tenant, issuance_id: UUID) -> None:
    with tenant_scope(tenant.id):
        issuance.destroy_of_reference(Issuance.objects.get(id=issuance_id).reference)


def another_case_takes_it_over(tenant: Tenant, issuance_id: UUID) -> None:
    with tenant_scope(tenant.id):
        issuance.adopt_issuance(issuance_id, reference=tenant.id, actor=SYSTEM)


@pytest.mark.parametrize(
    "end", [a_wallet_accepts, a_day_passes, its_case_is_over, another_case_takes_it_over]
)
def test_nothing_that_is_left_opens_what_waited(
    authority: Tenant, end: Callable[[Tenant, UUID], None]
) -> None:
    issuance_id, other = begin(authority), begin(authority)
    with tenant_scope(authority.id):
        kept = bytes(Issuance.objects.get(id=issuance_id).sealed or b"")
        assert len(kept) > len(jpeg()) and opens(kept, issuance_id, authority)
    end(authority, issuance_id)
    with tenant_scope(authority.id):
        row = Issuance.objects.get(id=issuance_id)
        assert (row.sealed, row.data_key) == (None, None) and row.destroyed_at is not None
        assert not opens(kept, issuance_id, authority)
        # The tenant's key goes on: what else waits is there.
        if end is not a_day_passes:
            assert issuance.claims_of(Issuance.objects.get(id=other))["family_name"] == CLAIMS["family_name"]


def test_a_card_that_a_member_refused_is_gone_as_well(authority: Tenant) -> None:
    with tenant_scope(authority.id):
        waits = issuance.begin_issuance(
            claims=CLAIMS, portrait=jpeg(), actor=SYSTEM, person_id=authority.id, review_first=True
        )
        kept = bytes(waits.sealed or b"")
        assert opens(kept, waits.id, authority)
        issuance.review_issuance(waits.id, release=False, actor=SYSTEM)
        assert not opens(kept, waits.id, authority)
