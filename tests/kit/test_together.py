"""Rows written together are there whenever anybody looks, and go where a savepoint goes."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.kit.actors import SYSTEM
from portal.kit.outbox import enqueue
from portal.kit.scope import no_scope, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent, AuditPending
from tenants.audit.services import record_event
from tenants.models import Outbox, Tenant


def record(subject: str) -> None:
    record_event(EventName.CASE_OPENED, actor=SYSTEM, subject=subject, personal={"name": "Ada"})


def subjects(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.order_by("id").values_list("subject", flat=True))


def test_what_is_recorded_in_one_scope_is_one_statement(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        record("first")
    with CaptureQueriesContext(connection) as queries, tenant_scope(tenant.id):
        for number in range(3):
            record(f"case {number}")
            enqueue("audit.verify", tenant_id=tenant.id)
    written = [query["sql"] for query in queries if "INSERT" in query["sql"]]
    assert len(written) == 1 and written[0].count("INSERT") == 4
    assert subjects(tenant) == ["first", "case 0", "case 1", "case 2"]
    assert AuditPending.objects.filter(tenant_id=tenant.id).count() == 4
    assert Outbox.objects.filter(tenant_id=tenant.id).count() == 3


def test_a_query_inside_the_scope_finds_what_was_recorded(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        record("a")
        assert AuditEvent.objects.get().subject == "a"
        record("b")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_auditevent")
            assert cursor.fetchone() == (2,)


def test_a_scope_that_raises_leaves_nothing(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="stop"), tenant_scope(tenant.id):
        record("a")
        raise ValueError("stop")
    assert subjects(tenant) == []


def test_a_savepoint_takes_back_its_own_and_no_more(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        record("before")
        with pytest.raises(ValueError, match="stop"), transaction.atomic():
            record("taken back")
            raise ValueError("stop")
        record("after")
        with transaction.atomic():
            record("kept")
    assert subjects(tenant) == ["before", "after", "kept"]


def test_a_read_inside_a_savepoint_does_not_take_what_came_before_into_it(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        record("before")
        with pytest.raises(ValueError, match="stop"), transaction.atomic():
            assert AuditEvent.objects.count() == 1
            raise ValueError("stop")
    assert subjects(tenant) == ["before"]


def test_each_tenants_rows_are_written_in_its_own_turn(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        record("ours")
        with tenant_scope(other_tenant.id):
            record("theirs")
        record("ours again")
    assert subjects(tenant) == ["ours", "ours again"]
    assert subjects(other_tenant) == ["theirs"]


def test_without_a_scope_work_is_written_at_once(tenant: Tenant) -> None:
    with no_scope():
        row_id = enqueue("audit.verify", tenant_id=tenant.id)
    assert Outbox.objects.filter(id=row_id).exists()


def test_a_scope_behind_no_scope_gives_the_outer_tenant_back(tenant: Tenant, other_tenant: Tenant) -> None:
    """The database serves whom it was told last, whatever this process believes."""
    with tenant_scope(tenant.id):
        record("ours")
        with no_scope(), tenant_scope(other_tenant.id):
            assert AuditEvent.objects.count() == 0
        assert AuditEvent.objects.count() == 1
