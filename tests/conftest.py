"""What every test may ask for: tenants of its own, members, clients. Nothing is rolled back; tenants keep tests apart."""

from __future__ import annotations

import gc
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as product
from django.test import Client, override_settings

from portal.kit.origins import tenant_host
from portal.kit.scope import tenant_scope
from tenants.models import Host, Member, Outbox, Tenant, User
from tenants.rights import Role
from tests.sandboxes.entra_served import EntraSimulator
from tests.sandboxes.graph_served import GraphSimulator
from tests.sandboxes.okta_served import OktaSimulator
from tests.sandboxes.served import Sandbox
from tests.vendors.simulated import Simulators

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.demo.walk.stand import Stand


def pytest_collection_finish() -> None:
    """What was collected lives as long as the run: nobody looks through it again, and through the rest more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def _real_database(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_jobs_of_other_files(_real_database: None) -> None:
    """Tests look at jobs of their own. Whoever does all that wait would else do those of every file before, too."""
    Outbox.objects.all().delete()


# What is other in tests than in the product. It stands for the whole session: changed for each test, it would be told to
# everybody who listens eight times a test, and what a file makes once for all of its tests would be made without it.
OF_TESTS: dict[str, Any] = {
    # No worker takes jobs: the test drains the outbox itself.
    "OUTBOX_SENDER": "tests.services.leave_it",
    # A number is that of the moment, however busy the machine is.
    "KEEP_COUNTS_AFTER": 3600.0,
    # Nobody collects: periods are closed in many tests, and those of collecting bring an account of their own.
    "STRIPE_SECRET_KEY": "",
    # A member is made in most tests; how slowly a password is hashed is Django's to test.
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    # Pages name files as they are; the manifest exists only after collectstatic.
    "STORAGES": {
        **product.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
}


@pytest.fixture(autouse=True, scope="session")
def _settings_of_tests() -> Iterator[None]:
    with override_settings(**OF_TESTS):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests of a worker; each makes a context of its own.

    The driver keeps an event loop in this thread, so a second one beside it cannot start.
    """
    from portal.demo.walk.browsers import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One Stripe sandbox for all tests of a worker; each opens an account of its own in it, by a new key."""
    with tempfile.TemporaryDirectory(prefix="readmit-stripe-") as folder:
        served = Sandbox(Path(folder))
        served.start()
        try:
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="session")
def entra() -> Iterator[EntraSimulator]:
    """One Entra simulator for all tests of a worker."""
    with tempfile.TemporaryDirectory(prefix="readmit-entra-") as folder:
        served = EntraSimulator(Path(folder))
        served.start()
        try:
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="session")
def graph() -> Iterator[GraphSimulator]:
    """One Graph simulator for all tests of a worker; each begins with a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="readmit-graph-") as folder:
        served = GraphSimulator(Path(folder))
        served.start()
        try:
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="session")
def stand(turn: ExitStack) -> Stand:
    """The whole product, started by `manage.py up` in a temporary folder. Its tests share a worker (tests/turns.py)."""
    from portal.demo.walk.stand import own_stand

    return turn.enter_context(own_stand())


def make_tenant(name: str = "", **fields: Any) -> Tenant:
    slug = fields.pop("slug", f"t{secrets.token_hex(6)}")
    tenant = Tenant.objects.create(name=name or f"Organisation {slug}", slug=slug, **fields)
    Host.objects.create(name=tenant_host(slug), tenant=tenant)
    return tenant


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def other_tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def in_tenant(tenant: Tenant) -> Iterator[Tenant]:
    with tenant_scope(tenant.id):
        yield tenant


def make_member(tenant: Tenant, role: Role = Role.OWNER) -> Member:
    user = User.objects.create_user(f"{secrets.token_hex(6)}@staff.example", "correct horse battery staple")
    with tenant_scope(tenant.id):
        return Member.objects.create(user=user, role=role)


@pytest.fixture
def member(tenant: Tenant) -> Callable[[Role], Member]:
    return lambda role=Role.OWNER: make_member(tenant, role)


def client_of(tenant: Tenant, **defaults: Any) -> Client:
    """A browser on the tenant's hosted pages."""
    return Client(HTTP_HOST=tenant_host(tenant.slug), raise_request_exception=True, **defaults)


@pytest.fixture
def client_for() -> Callable[[Tenant], Client]:
    return client_of


def sign_in_now(client: Client, user: User, *, ago: float = 0.0) -> None:
    """Dangerous moves ask for a sign-in that is at most a quarter of an hour old; this one is `ago` seconds."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def site_client() -> Client:
    return Client(HTTP_HOST="localhost:8000")


@pytest.fixture
def staff_client(tenant: Tenant) -> Callable[..., Client]:
    """`staff_client(Role.AUDITOR)`: a signed-in member's browser on the site; `staff_client(role, other_tenant)`."""

    def make(role: Role = Role.OWNER, of: Tenant | None = None) -> Client:
        member = make_member(of or tenant, role)
        client = site_client()
        user = User.objects.get(pk=member.user_id)
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
        sign_in_now(client, user)
        return client

    return make


@pytest.fixture(scope="session")
def okta() -> Iterator[OktaSimulator]:
    """One Okta simulator for all tests of a worker; each begins with an organisation of its own."""
    with tempfile.TemporaryDirectory(prefix="readmit-okta-") as folder:
        served = OktaSimulator(Path(folder))
        served.start()
        try:
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    """The simulators of partners, started when somebody asks for one; one of each for all tests of a worker."""
    with tempfile.TemporaryDirectory(prefix="readmit-partners-") as folder:
        made = Simulators(Path(folder))
        try:
            yield made
        finally:
            made.stop()
