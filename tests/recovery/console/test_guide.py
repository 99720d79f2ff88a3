"""The guide: a profile step by step, left and taken up again, and read once more before it goes into force."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery import guiding, profiles
from recovery.console.guide_views import KEYS
from recovery.models import Profile
from recovery.presets import PRESETS
from tenants.models import Tenant
from tenants.rights import Role
from tests.conftest import make_member
from tests.recovery.console.world import published_profile


def newest(tenant: Tenant) -> Profile:
    with tenant_scope(tenant.id):
        return Profile.objects.order_by("-created_at").first()


def sent_by(page) -> dict:
    """What a browser would send of the form as it stands."""
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {
        name: value
        for name, value in shown.items()
        if value is not None and value is not False and value != ""
    }


@pytest.fixture
def base(tenant: Tenant) -> str:
    return f"/o/{tenant.slug}/recovery/profiles"


def test_it_is_walked_left_taken_up_again_and_read_once_more(tenant, base, staff_client):
    with tenant_scope(tenant.id):
        published_profile()
    client = staff_client(Role.ADMINISTRATOR)
    assert "For privileged accounts" in client.get(f"{base}/guide").content.decode()
    answer = client.post(f"{base}/guide", {"name": "Finance", "preset": "careful"})
    made = newest(tenant)
    own = f"{base}/{made.public_id}/guide"
    assert answer.url == f"{own}/who" and made.status == "draft" and made.other_document == "decides"
    partners = made.partners
    assert client.post(f"{own}/who", {**sent_by(client.get(f"{own}/who")), "then": "leave"}).url == f"{base}/"
    listed = client.get(f"{base}/").content.decode()
    assert f"{own}/proof" in listed and "Go on where it was left" in listed
    for part, following in zip(KEYS[1:], [*KEYS[2:], "review"], strict=True):
        page = client.get(f"{own}/{part}")
        assert client.post(f"{own}/{part}", {**sent_by(page), "then": "on"}).url == f"{own}/{following}", part
    made = newest(tenant)
    # Nobody's step takes back what another one said.
    assert (made.partners, made.waiting_hours, made.face_threshold) == (partners, 24, 75)
    assert len(made.waiting_signs) == 9 and made.name == "Finance"
    review = client.get(f"{own}/review").content.decode()
    assert "It waits for 24 hours" in review and "75 of 100" in review and "Passkeys from before" in review
    assert client.post(f"{own}/review", {"mode": "production"}).url == f"{base}/{made.public_id}/publish"
    made = newest(tenant)
    assert (made.mode, made.guide_step, made.status) == ("production", "", "draft")


def test_a_review_is_begun_only_where_two_can_decide_it(tenant):
    make_member(tenant, Role.OWNER)
    with tenant_scope(tenant.id):
        alone = guiding.begin_guide(name="Admins", preset_key="privileged", actor=SYSTEM)
    assert alone.review_signs == [] and alone.privileged and "every_recovery" in alone.waiting_signs
    make_member(tenant, Role.HELP_DESK)
    with tenant_scope(tenant.id):
        both = guiding.begin_guide(name="Admins", preset_key="privileged", actor=SYSTEM)
    assert both.review_signs == ["privileged_account", "weakly_tied"]


def test_every_beginning_is_a_profile_that_can_be_kept(tenant):
    with tenant_scope(tenant.id):
        for number, one in enumerate(PRESETS):
            made = guiding.begin_guide(name=f"{number}", preset_key=one.key, actor=SYSTEM)
            made.refresh_from_db()
            assert profiles.version_of(made, 1)["waiting_signs"] == made.waiting_signs


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.HELP_DESK, Role.BILLING_MANAGER])
def test_only_who_manages_profiles_walks_it(tenant, base, staff_client, role):
    with tenant_scope(tenant.id):
        draft = guiding.begin_guide(name="Finance", preset_key="everyday", actor=SYSTEM)
    client = staff_client(role)
    for path in (f"{base}/guide", f"{base}/{draft.public_id}/guide/who"):
        assert client.get(path).status_code == client.post(path, {"name": "x"}).status_code == 403


def test_what_is_in_force_is_not_changed_by_it(tenant, base, staff_client):
    with tenant_scope(tenant.id):
        in_force = published_profile()
    client = staff_client(Role.ADMINISTRATOR)
    path = f"{base}/{in_force.public_id}/guide/limits"
    assert "no draft any more" in client.get(path).content.decode()
    assert client.post(path, {"proofings": 1, "attempts_a_day": 2}).status_code == 409
    review = f"{base}/{in_force.public_id}/guide/review"
    assert client.post(review, {"mode": "evaluation"}).status_code == 409
    with tenant_scope(tenant.id):
        assert Profile.objects.get(id=in_force.id).version == in_force.version


def test_signs_are_chosen_on_a_page_of_their_own_and_had_back(tenant, base, staff_client):
    with tenant_scope(tenant.id):
        draft = guiding.begin_guide(name="Finance", preset_key="everyday", actor=SYSTEM)
    client, own = staff_client(Role.ADMINISTRATOR), f"{base}/{draft.public_id}"
    make_member(tenant, Role.HELP_DESK)
    form = sent_by(client.get(f"{own}/risk"))
    said = {**form, "answer_weakly_tied": "both", "answer_not_me_before": "nothing", "face_margin": 9}
    assert client.post(f"{own}/risk", said).url == f"{own}/"
    saved = newest(tenant)
    assert saved.review_signs == ["weakly_tied"] and "not_me_before" not in saved.waiting_signs
    assert "weakly_tied" in saved.waiting_signs and saved.sign_limits["face_margin"] == 9
    # A colleague had the page open: nothing is lost in silence.
    assert "A colleague saved this page" in client.post(f"{own}/risk", said).content.decode()
    page = client.get(f"{own}/restore/1").content.decode()
    assert "Signs that two members look at" in page
    client.post(f"{own}/restore/1", {"word": "restore"})
    assert newest(tenant).review_signs == []
    copied = client.post(f"{own}/copy")
    assert copied.status_code == 302 and newest(tenant).waiting_signs == draft.waiting_signs
    for wrong in (
        {"face_margin": 0},
        {"waiting_hours": 169},
        {"from_hour": 20, "to_hour": 8},
        {"answer_weakly_tied": "grant"},
    ):
        assert client.post(f"{own}/risk", {**form, "seen": "", **wrong}).status_code == 200, wrong
