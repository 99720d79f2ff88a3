"""Every field of a recovery profile changes how a recovery ends: of each, where two of its values part."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.access_pass.models import AccessPass
from recovery.models import Case, CaseStep
from recovery.profiles import FIELDS
from recovery.stages import Stage
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.directory.models import DirectoryPerson
from tests.recovery.journey import Journey, Place

ROOT = Path(__file__).parents[1]
HERE = "recovery/test_every_profile_field"
# What a name or a description says is read by members, and nothing follows from it.
ONLY_READ = {"name", "description"}
# field -> the module, and how the name of a test in it begins.
DRIVEN: dict[str, tuple[str, str]] = {
    "mode": ("recovery/test_happy", "test_an_evaluation_ends_evaluated"),
    "partners": ("recovery/test_partners_in_order", "test_one_that_fails_gives_way"),
    "partner_conditions": ("recovery/test_partners_by_country", "test_the_first_partner_that_is_for"),
    "reference_evidence": ("recovery/test_reference_evidence", "test_a_partner_is_told_what_the_profile"),
    "evidence_required": ("recovery/test_held_card", "test_a_card_that_was_made_with_less_than"),
    "face_threshold": (HERE, "test_a_value_of_the_profile_decides"),
    "eid_level": ("recovery/test_without_a_face", "test_an_eid_of_a_lower_level_than_the_profile"),
    "names": (HERE, "test_a_value_of_the_profile_decides"),
    "birthdate_required": (HERE, "test_a_value_of_the_profile_decides"),
    "former_names": ("recovery/test_refused_match", "test_a_document_in_a_former_name_counts"),
    "other_document": ("recovery/test_refused_match", "test_another_document_than_the_one_held"),
    "pass_lifetime_minutes": (HERE, "test_a_pass_lives_as_long_as_the_profile_says"),
    "old_ways": ("recovery/test_old_ways", "test_a_suspended_passkey_opens_nothing"),
    "reuse_hours": ("recovery/test_proof_serves_again", "test_after_the_window"),
    "held_days": ("recovery/test_held_card", "test_a_proof_that_is_older_than_the_profile"),
    "daily_checks": ("recovery/test_spending", "test_when_the_days_checks_are_used_up"),
    "who": ("recovery/test_profiles_in_order", "test_a_profile_says_why_it_is_not_for_somebody"),
    "departments": ("recovery/test_profiles_in_order", "test_a_profile_says_why_it_is_not_for_somebody"),
    "groups_in": ("recovery/test_profiles_in_order", "test_whoever_leaves_the_group_on_the_way"),
    "groups_out": ("recovery/test_profiles_in_order", "test_being_kept_out_by_a_group"),
    "callouts": ("callouts/test_deciding", "test_a_no_refuses_and_says_which_claims"),
    "privileged": ("recovery/test_profiles_in_order", "test_privileged_accounts_are_out_of_every"),
    "review_signs": ("recovery/test_risk", "test_two_members_let_it_go_on"),
    "waiting_signs": ("recovery/test_risk", "test_it_waits_as_long_as_the_profile_says"),
    "waiting_hours": ("recovery/test_risk", "test_it_waits_as_long_as_the_profile_says"),
    "sign_limits": ("recovery/test_signs", "test_a_profile_moves_the_limits"),
    "reviewers_are": ("recovery/test_risk", "test_only_the_reviewers_that_the_profile_names"),
    "reviewer_role": ("recovery/test_risk", "test_a_profile_whose_reviewers_cannot_be_two"),
    "reviewers": ("recovery/test_risk", "test_only_the_reviewers_that_the_profile_names"),
    "proofings": (HERE, "test_so_many_sessions_at_a_partner"),
    "attempts_a_day": (HERE, "test_a_value_of_the_profile_decides"),
    "told": ("recovery/test_attested", "test_the_manager_hears_of_a_recovery_if_the_profile"),
    "code_goes_to": ("recovery/test_code_address", "test_a_code_goes_to_a_settled_mailbox"),
    "work_domains": ("recovery/test_code_address", "test_a_code_goes_to_a_settled_mailbox"),
    "no_address": ("recovery/test_without_an_address", "test_an_address_or_a_profile_that_changes"),
    "first_proofs_a_day": ("recovery/test_without_an_address", "test_a_hundred_at_once_do_not_pass"),
    "decoys_end": ("recovery/test_without_an_address", "test_without_the_way_the_button_is_not_there"),
    "attestation": ("recovery/test_attested", "test_where_there_is_no_manager_those_are_asked"),
}


def test_every_field_is_driven_somewhere():
    assert set(DRIVEN) | ONLY_READ == set(FIELDS) and not ONLY_READ & set(DRIVEN)
    for field, (module, name) in DRIVEN.items():
        text = (ROOT / f"{module}.py").read_text()
        assert re.search(rf"^def {name}", text, re.MULTILINE), (field, module, name)


def _face_of_75(place: Place, _browser: Journey) -> None:
    place.vision.confidence = 75


def _second_name(_place: Place, _browser: Journey) -> None:
    DirectoryPerson.objects.filter(user_name="ada").update(given_names="Ada Augusta")


def _no_birthdate(_place: Place, _browser: Journey) -> None:
    DirectoryPerson.objects.filter(user_name="ada").update(birthdate=None)


def _two_earlier_today(_place: Place, browser: Journey) -> None:
    for _number in range(2):
        case = browser.case
        case.id, case.browser_digest, case.status = uuid7(), uuid7().bytes, CaseStatus.CANCELED
        case.save(force_insert=True)
        CaseStep.objects.create(case=case, kind=StepKind.CONFIRMED, state=StepState.DONE)


# field -> what is so, the value with which it is granted, one with which it is not, and what becomes of it then.
PARTS: dict[str, tuple[Callable[[Place, Journey], None], Any, Any, str]] = {
    "face_threshold": (_face_of_75, 75, 76, "proving"),
    "names": (_second_name, "relaxed", "exact", "refused"),
    "birthdate_required": (_no_birthdate, False, True, "refused"),
    "attempts_a_day": (_two_earlier_today, 3, 2, "held"),
}


@pytest.mark.parametrize("goes", [True, False], ids=["granted", "not"])
@pytest.mark.parametrize("field", PARTS)
def test_a_value_of_the_profile_decides(place: Place, browser: Journey, field: str, goes: bool) -> None:
    prepare, grants, does_not, otherwise = PARTS[field]
    browser.to_face()
    with tenant_scope(place.tenant.id):
        prepare(place, browser)
    place.set_profile(**{field: grants if goes else does_not})
    browser.face()
    with tenant_scope(place.tenant.id):
        status = Case.objects.filter(id=browser.case.id).values_list("status", flat=True).get()
    assert status == ("granted" if goes else otherwise)


def test_a_pass_lives_as_long_as_the_profile_says(place: Place, browser: Journey) -> None:
    browser.to_face()
    place.set_profile(pass_lifetime_minutes=25)
    browser.face()
    with tenant_scope(place.tenant.id):
        left = AccessPass.objects.get().expires_at - clock.now()
    assert timedelta(minutes=24) < left <= timedelta(minutes=25)


@pytest.mark.parametrize(("most", "stage"), [(1, Stage.ENDED), (2, Stage.PARTNER)])
def test_so_many_sessions_at_a_partner_has_one_recovery(
    place: Place, browser: Journey, most: int, stage: Stage
) -> None:
    place.set_profile(proofings=most)
    here = browser.begin("ada").consent()
    there = place.carry(here.continuation())
    there.post("/recover/prove")
    assert there.work().stage is stage
