"""A shop whose payments are at an account of its own in the Stripe sandbox."""

from __future__ import annotations

import pytest

from tenants.rights import Role
from tests.catalogue.shop import Shop
from tests.collecting.conftest import account  # noqa: F401  a fixture of ours too


@pytest.fixture
def shop(account, tenant, staff_client) -> Shop:  # noqa: F811
    return Shop(tenant, account, staff_client(Role.BILLING_MANAGER))
