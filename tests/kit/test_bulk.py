"""Many rows changed in one statement."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.kit import clock
from portal.kit.bulk import update_many
from portal.kit.scope import tenant_scope
from tenants.directory.models import DirectoryPerson
from tests.recovery.console.world import make_person

FIELDS = ("family_name", "birthdate", "is_privileged", "changed_at")


def test_many_rows_change_in_one_statement_and_nobody_elses(
    tenant: Any, other_tenant: Any, django_assert_num_queries: Any
) -> None:
    with tenant_scope(other_tenant.id):
        stranger = make_person("eve")
    moment = clock.now()
    with tenant_scope(tenant.id):
        ada, alan = make_person("ada"), make_person("alan")
        ada.family_name, ada.birthdate, ada.is_privileged, ada.changed_at = (
            "Nováček-'\"\\ Ж",
            None,
            True,
            moment,
        )
        alan.birthdate, alan.given_names, alan.changed_at = date(1912, 6, 23), "not among the fields", moment
        stranger.family_name = "Taken"
        with django_assert_num_queries(1):
            update_many([ada, alan, stranger], FIELDS)
        held = {one.id: one for one in DirectoryPerson.objects.all()}
    found = held[ada.id]
    assert (found.family_name, found.birthdate, found.is_privileged) == ("Nováček-'\"\\ Ж", None, True)
    assert (found.changed_at, found.user_name) == (moment, ada.user_name)
    assert held[alan.id].birthdate == date(1912, 6, 23)
    assert held[alan.id].given_names != "not among the fields"
    with tenant_scope(other_tenant.id):
        assert DirectoryPerson.objects.get(id=stranger.id).family_name != "Taken"
