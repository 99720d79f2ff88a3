"""A profile goes into force only if somebody can pass it, and in production only with two kinds of evidence."""

from __future__ import annotations

from itertools import combinations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.decision import Assurance, assurance_of, has_two_independent_kinds
from recovery.profiles import create_profile, publish_profile
from recovery.statuses import GATHERED, EvidenceKind
from tenants.models import Tenant
from vendors.models import Connection

K = EvidenceKind


def publish(
    tenant: Tenant,
    *kinds: EvidenceKind,
    mode: str = "production",
    connected: bool = True,
    vendor: str = "house",
) -> str:
    with tenant_scope(tenant.id):
        connection = Connection.objects.filter(vendor=vendor).first() if connected else None
        if connected and connection is None:
            connection = Connection.objects.create(vendor=vendor, kind="free", status="ready")
        made = create_profile(
            name="P",
            mode=mode,
            partners=[connection.id] if connection else [],
            evidence_required=[kind.value for kind in kinds],
            actor=SYSTEM,
        )
        try:
            return str(publish_profile(made.id, actor=SYSTEM).status)
        except Invalid as error:
            return error.code


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ((), "profile_asks_nothing"),
        ((K.DOCUMENT_PHOTOGRAPH,), "profile_one_kind"),
        ((K.HELD_ADDRESS,), "profile_one_kind"),
        ((K.HELD_ADDRESS, K.SAVED_CODE), "profile_one_kind"),
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.SAVED_CODE), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_DOCUMENT_NUMBER), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.CHIP), "profile_asks_impossible"),
        ((K.HELD_CREDENTIAL, K.HELD_PORTRAIT), "profile_asks_impossible"),
    ],
    ids=lambda value: "+".join(kind.value for kind in value) if isinstance(value, tuple) else value,
)
def test_production_takes_two_kinds_that_do_not_stand_or_fall_together(tenant: Tenant, kinds, told):
    assert publish(tenant, *kinds) == told


def test_evaluation_takes_one_kind_and_no_profile_goes_without_a_partner(tenant: Tenant):
    assert publish(tenant, K.DOCUMENT_PHOTOGRAPH, mode="evaluation") == "published"
    assert publish(tenant, K.HELD_ADDRESS, mode="evaluation", connected=False) == "profile_no_partner"


def test_a_partner_without_a_portrait_is_not_chosen_for_what_compares_faces(tenant: Tenant):
    assert publish(tenant, K.DOCUMENT_PHOTOGRAPH, mode="evaluation", vendor="mojeid") == "profile_no_portrait"


def test_no_set_of_codes_and_addresses_alone_is_ever_two_kinds_or_ial2():
    for size in range(len(EvidenceKind) + 1):
        for chosen in combinations(EvidenceKind, size):
            kinds = frozenset(chosen)
            mailed_only = kinds <= {K.HELD_ADDRESS, K.SAVED_CODE}
            if mailed_only or kinds == {K.DOCUMENT_PHOTOGRAPH}:
                assert not has_two_independent_kinds(kinds)
                assert assurance_of(kinds, face_passed=True) is Assurance.IAL1
            assert assurance_of(kinds, face_passed=False) is Assurance.IAL1
    assert has_two_independent_kinds(GATHERED)
