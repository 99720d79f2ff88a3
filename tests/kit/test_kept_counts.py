"""A number that takes long to count is counted once for everybody, and says when; one that does not is never kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock, kept_counts
from portal.kit.kept_counts import kept_count
from portal.kit.scope import tenant_scope
from tenants.directory import counting
from tests.conftest import make_tenant
from tests.recovery.console.world import make_person


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: Any) -> None:
    monkeypatch.setattr(kept_counts, "_slow", type(kept_counts._slow)())


def test_what_is_counted_at_once_is_counted_each_time_and_asks_nothing_more(tenant: Any) -> None:
    with tenant_scope(tenant.id), CaptureQueriesContext(connection) as asked:
        numbers = iter(range(9))
        assert [kept_count("people", lambda: next(numbers)) for _ in range(2)] == [
            kept_counts.Kept(0),
            kept_counts.Kept(1),
        ]
    assert not asked.captured_queries


def test_what_takes_long_is_kept_for_one_organisation_under_one_name(
    tenant: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.KEEP_COUNTS_AFTER = 0.0
    numbers = iter(range(9))

    def count() -> dict[str, int]:
        return {"people": next(numbers)}

    with tenant_scope(tenant.id):
        first, second = kept_count("a", count), kept_count("a", count)
        assert (first.value, first.at) == ({"people": 0}, None)
        assert second.value == {"people": 0} and second.at is not None
        assert abs(clock.now() - second.at) < timedelta(minutes=1)
        assert kept_count("b", count).value == {"people": 1}
    with tenant_scope(make_tenant().id):
        assert kept_count("a", count).value == {"people": 2}
    with tenant_scope(tenant.id):
        monkeypatch.setattr(kept_counts, "_slow", type(kept_counts._slow)())
        assert kept_count("a", count).value == {"people": 3}, "another process counts once itself"


def test_no_more_numbers_are_remembered_than_agreed(tenant: Any, settings: Any, monkeypatch: Any) -> None:
    settings.KEEP_COUNTS_AFTER = 0.0
    monkeypatch.setattr(kept_counts, "MOST_KNOWN", 3)
    with tenant_scope(tenant.id):
        for number in range(5):
            kept_count(str(number), lambda: 0)
    assert len(kept_counts._slow) == 3


def test_pages_about_very_many_people_count_them_once_and_say_when(
    tenant: Any, staff_client: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.KEEP_COUNTS_AFTER = 0.0
    with tenant_scope(tenant.id):
        make_person("anna")
    base, client = f"/o/{tenant.slug}/", staff_client()
    pages = ("people/coverage/", "people/coverage/invite", "people/coverage/reminders")
    for page in pages:
        first, second = client.get(base + page), client.get(base + page)
        assert "counted anew" not in first.content.decode()
        assert "counted anew" in second.content.decode(), page
    client.get(base)
    monkeypatch.setattr(counting, "_sql", lambda ways: "SELECT 1 / 0")
    assert client.get(base).status_code == 200
