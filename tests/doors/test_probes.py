"""Whoever watches over a machine asks by its IP address whether it is up, and reads nothing else there."""

from __future__ import annotations

import pytest
from django.test import Client

NUMBERS = ["127.0.0.1:8000", "10.1.2.3", "[::1]:8000", "[fd00::1]"]
NAMES = [
    "evil.example",
    "127.0.0.1.evil.example",
    "1",
    "0x7f.1",
    "[::1",
    "127.0.0.1:8000@evil.example",
    "",
    " ",
]


@pytest.mark.parametrize("host", NUMBERS)
def test_an_address_in_numbers_says_whether_it_is_up_and_nothing_else(host: str) -> None:
    asked = Client(headers={"host": host})
    assert asked.get("/healthz").content == b"ok\n"
    assert "ready" in asked.get("/readyz").json()
    for path in ("/", "/accounts/login/", "/healthz/", "/readyz/..", "//healthz"):
        assert asked.get(path).status_code == 404, path


@pytest.mark.parametrize("host", NAMES)
def test_a_name_that_is_not_ours_says_nothing(host: str) -> None:
    for path in ("/healthz", "/readyz", "/"):
        assert Client(headers={"host": host}).get(path).status_code == 404
