"""Who would only wait is counted apart from who could not recover: for 72 hours, or for what the profile does about risk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Case, Profile
from recovery.profiles import change_profile
from recovery.readiness.telling import told
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress
from tenants.directory.services import hold_evidence
from tenants.models import Tenant
from tests.conftest import make_member
from tests.readiness.people import change, hours_ago, look, row, settle
from tests.recovery.console.world import published_profile

NAMES = ("sound", "boss", "moved", "again", "not me", "long ago", "renamed")


@pytest.fixture
def profile(tenant: Tenant) -> Profile:
    settle(
        tenant,
        [
            row(number, f"Gerda{chr(97 + number)}", "Quist", user_name=name)
            for number, name in enumerate(NAMES)
        ],
    )
    change(tenant, "boss", is_privileged=True)
    for _reviewer in range(2):
        make_member(tenant)
    change(tenant, "renamed", names_changed_at=hours_ago(1))
    with tenant_scope(tenant.id):
        made = published_profile()
        NoticeAddress.objects.create(
            person=_person("moved"), kind="email", value="n@x.example", held_since=hours_ago(120)
        )
        for name, status, days in (
            ("again", "recovered", 5),
            ("not me", "repudiated", 100),
            ("long ago", "recovered", 40),
        ):
            Case.objects.create(
                profile=made,
                profile_version=1,
                mode="production",
                person=_person(name),
                browser_digest=b"x",
                status=status,
                expires_at=clock.now(),
                ended_at=clock.now() - timedelta(days=days),
            )
        return made


def _person(name: str) -> DirectoryPerson:
    return DirectoryPerson.objects.get(user_name=name)


def _signs(tenant: Tenant, profile: Profile, **changes: Any) -> None:
    with tenant_scope(tenant.id):
        change_profile(profile.id, actor=SYSTEM, privileged=True, **changes)


def test_signs_that_are_known_today_are_foretold_and_nobody_counts_as_failing(
    tenant: Tenant, profile: Profile
) -> None:
    review = ["privileged_account", "recovered_before", "not_me_before"]
    _signs(tenant, profile, review_signs=review, waiting_signs=["address_changed"])
    for of_profile in (None, profile):
        survey, found = look(tenant, of_profile)
        assert found == {
            "boss": ["risk_review"],
            "moved": ["risk_wait"],
            "again": ["risk_review"],
            "not me": ["risk_review"],
            "renamed": ["changed_recently"],
        }
        with tenant_scope(tenant.id):
            said = told(survey)
        assert (said["can"], said["cannot"], said["waiting"], said["doubtful"]) == (2, 0, 5, 0)
        assert {one["could_recover"] for one in said["found"]} == {"later"}


def test_a_profile_that_looks_at_every_recovery_names_nobody_for_it(tenant: Tenant, profile: Profile) -> None:
    _signs(tenant, profile, review_signs=["every_recovery"], waiting_signs=[])
    assert look(tenant)[1] == {"renamed": ["changed_recently"]}


def test_a_number_from_a_file_is_waited_for_and_none_at_all_is_missing(
    tenant: Tenant, profile: Profile
) -> None:
    asked = ["document_photograph", "held_address", "held_document_number"]
    _signs(tenant, profile, evidence_required=asked, review_signs=[], waiting_signs=[])
    with tenant_scope(tenant.id):
        for name in NAMES:
            hold_evidence(_person(name).id, ("document_number", name))
        HeldEvidence.objects.filter(digest="sound").update(source="file")
        HeldEvidence.objects.filter(digest="boss").delete()
    survey, found = look(tenant)
    assert (found["sound"], found["boss"]) == (["fresh_document"], ["no_document"])
    assert (survey.cannot, survey.waiting) == (1, 2)
