"""Where a code goes: to a mailbox that is not locked together with the account, and never where somebody has just added one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.code_address import code_address
from recovery.models import Profile
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tests.recovery.journey import Place

NOW = clock.now()
MADE = NOW - timedelta(days=400)
WORK, HOME = "anna@corp.example", "anna@private.example"


def person(user_name: str = WORK) -> DirectoryPerson:
    return DirectoryPerson(tenant_id=None, user_name=user_name, created_at=MADE)


def held(
    value: str, *, days: float = 400, label: str = "", confirmed: bool = False, **more: Any
) -> NoticeAddress:
    since = NOW - timedelta(days=days)
    given = {
        "held_since": since,
        "label": label,
        "confirmed_at": NOW if confirmed else None,
        "tenant_id": None,
        **more,
    }
    return NoticeAddress(kind="email", value=value, **given)


def goes_to(*addresses: NoticeAddress, user_name: str = WORK, **of_profile: Any) -> str:
    found = code_address(addresses, person(user_name), Profile(tenant_id=None, **of_profile), NOW)
    return found.value if found else ""


@pytest.mark.parametrize(
    ("addresses", "more", "wanted"),
    [
        ([held(WORK), held(HOME)], {}, HOME),
        ([held(WORK), held(HOME)], {"code_goes_to": "longest"}, WORK),
        ([held("a@mail.example", label="work"), held(HOME)], {"user_name": "anna"}, HOME),
        ([held("a@mail.example"), held(HOME)], {"user_name": "anna"}, "a@mail.example"),
        ([held("a@mail.example"), held(HOME)], {"user_name": "anna", "work_domains": ["mail.example"]}, HOME),
        # Who may write addresses and adds one takes nothing over: not today, not after a month, unless somebody reads it.
        ([held(WORK), held(HOME, days=0)], {}, WORK),
        ([held(WORK), held(HOME, days=29, confirmed=True)], {}, WORK),
        ([held(WORK), held(HOME, days=90)], {}, WORK),
        ([held(WORK), held(HOME, days=31, confirmed=True)], {}, HOME),
        ([held(WORK)], {}, WORK),
        # Of two that came together it is not chance.
        ([held("b@private.example"), held(HOME)], {}, HOME),
        ([held(HOME), held("b@private.example", confirmed=True)], {}, "b@private.example"),
        ([held(HOME, confirmed=True), held("b@private.example", is_primary=True)], {}, "b@private.example"),
    ],
)
def test_a_code_goes_to_a_settled_mailbox_that_the_account_does_not_open(
    addresses: list[NoticeAddress], more: dict[str, Any], wanted: str
) -> None:
    assert goes_to(*addresses, **more) == goes_to(*reversed(addresses), **more) == wanted


def test_the_first_code_and_the_next_go_to_the_private_mailbox(place: Place) -> None:
    anna = place.person("anna@corp.example", emails=[WORK, HOME], held=timedelta(days=90))
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.filter(id=anna.id).update(created_at=NOW - timedelta(days=90))
    mail.outbox.clear()
    browser = place.browser().who("anna@corp.example")
    browser.post("/recover/code/again")
    browser.work()
    assert [entry.to for entry in mail.outbox] == [[HOME], [HOME]]
