from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import uuid4

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.access_pass.services import issue_pass, redeem_characters, show_characters
from tests.conftest import client_of


def issued(tenant, browser):
    case_id = uuid4()
    with tenant_scope(tenant.id):
        issue_pass(
            case_id=case_id,
            person_id=uuid4(),
            browser_digest=browser,
            lifetime=timedelta(minutes=60),
            actor=SYSTEM,
        )
        return show_characters(case_id, browser_digest=browser).characters


def test_typed_characters_work_once_in_their_browser(tenant):
    browser = secrets.token_bytes(32)
    characters = issued(tenant, browser)
    with pytest.raises(Refused):
        redeem_characters(characters, browser_digest=secrets.token_bytes(32), tenant_id=tenant.id)
    redeem_characters(characters.lower().replace("-", " "), browser_digest=browser, tenant_id=tenant.id)
    with pytest.raises(Refused):
        redeem_characters(characters, browser_digest=browser, tenant_id=tenant.id)


def test_the_page_refuses_characters_of_another_browser(tenant, settings):
    characters = issued(tenant, digest("another browser"))
    client = client_of(tenant)
    client.cookies[settings.JOURNEY_COOKIE_NAME] = "this browser"
    answer = client.post("/sign-in/pass", {"characters": characters})
    assert answer.status_code == 200
    assert b"does not work here" in answer.content
