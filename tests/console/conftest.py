"""Members at their pages, recently signed in, and the mail that reached an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from portal.kit import outbox
from tenants.models import Member, Outbox, Tenant, User
from tenants.rights import Role
from tests.conftest import make_member, sign_in_now, site_client

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path


def sign_in(user: User, *, ago: float = 0.0) -> Client:
    """A browser of `user`, who signed in `ago` seconds before now."""
    client = site_client()
    client.force_login(user, BACKEND)
    sign_in_now(client, user, ago=ago)
    session = client.session
    session["passkey_asked"] = True
    session.save()
    return client


def client_of_member(member: Member, **kwargs: Any) -> Client:
    return sign_in(User.objects.get(pk=member.user_id), **kwargs)


@pytest.fixture
def owner(tenant: Tenant) -> Member:
    return make_member(tenant, Role.OWNER)


@pytest.fixture
def owner_client(owner: Member) -> Client:
    return client_of_member(owner)


@pytest.fixture
def as_role(tenant: Tenant) -> Callable[..., Client]:
    return lambda role, of=None: client_of_member(make_member(of or tenant, role))


def forget_network_jobs() -> None:
    """Jobs that would ask other hosts, which no test here has: one that fails ends `outbox.drain` before the mail."""
    Outbox.objects.exclude(topic__startswith="notices.").delete()


def newest_mail(address: str) -> str:
    """The words of the newest mail to an address."""
    outbox.drain()
    found = [message for message in mail.outbox if message.to == [address]]
    assert found, f"no mail to {address}"
    assert all("{" not in message.body + message.subject for message in found)
    return str(found[-1].body)


def link_in(text: str) -> str:
    """The path of the first address in a mail."""
    found = re.search(re.escape(settings.SITE_ORIGIN) + r"(/\S+)", text)
    assert found, text
    return found.group(1)


def code_in(text: str) -> str:
    found = re.search(r"^\s*([0-9A-Z]{3,4}-?[0-9A-Z]{3,4}|\d{6})\s*$", text, re.M)
    assert found, text
    return found.group(1)
