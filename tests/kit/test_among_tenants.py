"""All tenants are asked in one message, and each answers for itself alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit.among_tenants import tenants_with, tenants_with_any
from portal.kit.scope import tenant_scope
from tenants.directory.models import Group, GroupMember


def test_those_are_found_that_have_such_a_row_and_nobody_elses_counts(tenant, other_tenant):
    with tenant_scope(tenant.id):
        Group.objects.create(name="Pilots")
    both = [other_tenant.id, tenant.id]
    with CaptureQueriesContext(connection) as asked:
        assert list(tenants_with(Group, "", both)) == [tenant.id]
    assert len([each for each in asked if "EXISTS" in each["sql"]]) == 1
    assert list(tenants_with(Group, "name = 'Pilots'", both)) == [tenant.id]
    assert list(tenants_with(Group, "name = 'Others'", both)) == []
    assert list(tenants_with(Group, "", [])) == []
    assert list(tenants_with_any({Group: "", GroupMember: ""}, both)) == [tenant.id]
    assert list(tenants_with_any({Group: "name = 'Others'", GroupMember: ""}, both)) == []


def test_no_tenant_is_in_force_afterwards_and_none_may_be_before(tenant):
    list(tenants_with(Group, "", [tenant.id]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant', true)")
        assert cursor.fetchone()[0] in (None, "")
    with tenant_scope(tenant.id), pytest.raises(RuntimeError):
        list(tenants_with(Group, "", [tenant.id]))
