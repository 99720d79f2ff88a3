"""Who may become a client of the provider, and with what metadata: RFC 7591."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house.conftest import House
from tests.house.relying_party import RETURN, send_registration

REGISTRATION = {"client_name": "Acme", "redirect_uris": [RETURN]}


@pytest.mark.parametrize("token", [None, "", "wrong-token-wrong-token-wrong-token"])
def test_a_registration_without_the_initial_token_is_refused(house: House, token: str | None) -> None:
    answer = send_registration(house.origin, token, REGISTRATION)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://rp.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.example/#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://rp.example/return"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://user@rp.example/"]}, "invalid_redirect_uri"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"readmit_demonstration": "yes"}, "invalid_client_metadata"),
    ],
)
def test_unusable_client_metadata_is_refused(house: House, change: dict[str, Any], error: str) -> None:
    answer = send_registration(house.origin, house.token, REGISTRATION | change)
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_registrations_are_bounded_and_the_count_survives_the_refusal(house: House) -> None:
    """Its own limit is left alone: this one is for callers without the token."""
    statuses = [send_registration(house.origin, "no", REGISTRATION).status for _ in range(30)]
    assert 429 in statuses
    over = send_registration(house.origin, "no", REGISTRATION)
    assert (over.status, over.json()["error"]) == (429, "temporarily_unavailable")
    assert int(over.headers["retry-after"]) > 0
    assert send_registration(house.origin, house.token, REGISTRATION).status == 201
    house.rows("DELETE FROM house_limitcount")
