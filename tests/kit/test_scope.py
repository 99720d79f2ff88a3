from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from portal.kit.errors import NoScope
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Member, Tenant, TenantKey
from tests.conftest import make_member


def count_with_raw_sql() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_member")
        return int(cursor.fetchone()[0])


def test_a_query_without_a_tenant_raises() -> None:
    with pytest.raises(NoScope):
        Member.objects.count()


def test_raw_sql_without_a_tenant_raises(tenant: Tenant) -> None:
    make_member(tenant)
    with pytest.raises(DatabaseError):
        count_with_raw_sql()


def test_a_scope_sees_its_own_rows_and_no_others(tenant: Tenant, other_tenant: Tenant) -> None:
    make_member(tenant)
    make_member(other_tenant)
    with tenant_scope(tenant.id):
        assert Member.objects.count() == 1
        assert count_with_raw_sql() == 1


def test_leaving_a_nested_scope_puts_the_outer_one_back(tenant: Tenant, other_tenant: Tenant) -> None:
    make_member(tenant)
    with tenant_scope(tenant.id):
        with tenant_scope(other_tenant.id):
            assert count_with_raw_sql() == 0
        assert current_tenant_id() == tenant.id
        assert count_with_raw_sql() == 1


def test_a_nested_scope_that_raises_puts_the_outer_one_back(tenant: Tenant, other_tenant: Tenant) -> None:
    make_member(tenant)
    with tenant_scope(tenant.id):
        with pytest.raises(ValueError, match="stop"), tenant_scope(other_tenant.id):
            raise ValueError("stop")
        assert count_with_raw_sql() == 1


def test_another_tenants_row_cannot_be_written(tenant: Tenant, other_tenant: Tenant) -> None:
    with pytest.raises(DatabaseError), tenant_scope(tenant.id):
        TenantKey.objects.create(tenant_id=other_tenant.id, version=9, wrapped=b"x")


def test_a_row_cannot_be_moved_to_another_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    make_member(tenant)
    with pytest.raises(DatabaseError), tenant_scope(tenant.id):
        Member.objects.update(tenant_id=other_tenant.id)


def test_a_reference_to_another_tenants_row_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = make_member(other_tenant)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        tenant_scope(tenant.id),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO tenants_setuplink (id, tenant_id, created_at, item, email, token_digest, made_by_id, "
            "expires_at) VALUES (gen_random_uuid(), %s, now(), 'x', 'a@b.example', 'x', %s, now())",
            [tenant.id, theirs.id],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_web_role_cannot_change_what_was_written_down(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        AuditEvent.objects.create(name="x", actor_kind="system")
    with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant.id):
        AuditEvent.objects.update(name="y")
    with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant.id):
        AuditEvent.objects.all().delete()
