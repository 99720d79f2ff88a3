"""A tenant whose payments are at an account of its own in the Stripe sandbox."""

from __future__ import annotations

import secrets

import pytest
import stripe

from tests.collecting.world import SECRET, Stage


@pytest.fixture
def account(sandbox, settings) -> stripe.StripeClient:
    """The product's key, and the same account as anybody else would drive it."""
    settings.STRIPE_SECRET_KEY = f"sk_test_{secrets.token_hex(12)}"
    settings.STRIPE_API_BASE = sandbox.api
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    return sandbox.client(settings.STRIPE_SECRET_KEY)


@pytest.fixture
def stage(account, tenant) -> Stage:
    return Stage(tenant, account)
