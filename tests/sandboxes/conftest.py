"""An account of its own in the run's Stripe sandbox, driven by the `stripe` package, and an endpoint that listens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from tests.sandboxes.listener import Listener
from tests.sandboxes.served import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return sandbox.client()


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    try:
        yield heard
    finally:
        heard.close()
