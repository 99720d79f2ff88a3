"""Every form of the console, found by following links from the overview, is filled with what no form expects."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.statuses import CaseStatus
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_member
from tests.recovery.console.world import add_whole_journey, make_case, make_person, published_profile

MARK = "<b onclick=x>&'\"`{{7*7}}{% now %}"
NASTY = (
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    MARK,
    "9" * 400,
    "-1",
    "1e400",
    "NaN",
    "a" * 20_000,
    "2026-02-30",
    "a@b\r\nBcc: c@d.example",
    "javascript:alert(1)",
)


@dataclass(frozen=True)
class Form:
    page: str
    action: str
    fields: tuple[str, ...]


def forms_of(page: str, body: str) -> Iterator[Form]:
    for attributes, inner in re.findall(r"<form([^>]*)>(.*?)</form>", body, re.S):
        action = re.search(r'action="([^"]*)"', attributes)
        names = re.findall(r'<(?:input|select|textarea|button)[^>]*\bname="([^"]+)"', inner)
        target = html.unescape(action.group(1)) if action else page
        if "post" in attributes.lower() and target.startswith("/"):
            yield Form(page, target, tuple(sorted(set(names) - {"csrfmiddlewaretoken"})))


def crawl(client: Client, start: str) -> tuple[set[str], set[Form]]:
    """Pages below the organisation, one for each shape of address, and the forms in them."""
    seen, shapes, forms, waiting = set[str](), set[str](), set[Form](), [start]
    while waiting:
        page = waiting.pop()
        shape = re.sub(r"[a-z]+_[0-9a-z]{26}", "*", page.partition("?")[0])
        if shape in shapes or not page.startswith(start):
            continue
        shapes.add(shape)
        answer = client.get(page)
        seen.add(page)
        if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
            continue
        body = answer.content.decode()
        forms.update(forms_of(page, body))
        waiting += [html.unescape(link) for link in re.findall(r'(?:href|hx-get)="(/[^"]*)"', body)]
    return seen, forms


@pytest.fixture
def organisation(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        profile, person = published_profile(), make_person()
        add_whole_journey(make_case(profile, person, CaseStatus.HELD))
        make_case(profile, person, CaseStatus.IN_REVIEW)
    make_member(tenant, Role.AUDITOR)
    return tenant


def test_no_form_of_the_console_answers_with_an_accident(
    organisation: Tenant, staff_client: Callable[..., Client]
) -> None:
    client = staff_client()
    client.raise_request_exception = False
    seen, forms = crawl(client, f"/o/{organisation.slug}/")
    wrong = []
    for form in sorted(forms, key=lambda found: (found.action, found.fields)):
        for value in NASTY:
            answer = client.post(form.action, dict.fromkeys(form.fields, value))
            if answer.status_code >= 500:
                wrong.append((answer.status_code, form.action, form.fields, value[:20]))
            elif MARK.encode() in answer.content:
                wrong.append(("unescaped", form.action, form.fields, value))
    assert wrong == []
    assert len(seen) > 25 and len(forms) > 12, (sorted(seen), forms)


def test_what_people_are_called_runs_nowhere(
    organisation: Tenant, staff_client: Callable[..., Client]
) -> None:
    """Names, departments, notes and e-mail addresses as an attacker would choose them, on every page that shows them."""
    bad = '"><script src=//evil.example></script><x hx-get=/ hx-trigger=load '
    with tenant_scope(organisation.id):
        person = make_person(
            given_names=bad, family_name=bad, department=bad, emails=[f'"{bad[:20]}"@x.example']
        )
        add_whole_journey(make_case(published_profile(name=bad[:60]), person, CaseStatus.IN_REVIEW))
    Tenant.objects.filter(id=organisation.id).update(name=bad, help_desk_contact=bad)
    client = staff_client()
    seen, _forms = crawl(client, f"/o/{organisation.slug}/")
    shown = 0
    for page in sorted(seen):
        answer = client.get(page)
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        body = answer.content.decode()
        shown += "evil.example" in body
        assert "<script src=//evil" not in body and "<x hx-get" not in body, page
    assert shown > 10
