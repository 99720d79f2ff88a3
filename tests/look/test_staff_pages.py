"""The pages of a staff member's own sign-in wear the product's look and keep the strict policy."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"]
INSIDE = [
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
]
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>")


def check(client: Client, path: str) -> str:
    answer = client.get(path, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200, (path, answer.status_code)
    assert "css/tokens" in page and page.count("<h1") == 1, path
    assert not INLINE_SCRIPT.search(page) and " style=" not in page and " onclick=" not in page, path
    return page


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_page_before_signing_in_wears_our_look(path: str) -> None:
    check(Client(HTTP_HOST="localhost:8000"), path)


@pytest.mark.parametrize("path", INSIDE)
def test_a_page_of_ones_own_sign_in_wears_our_look(staff_client: Callable[..., Client], path: str) -> None:
    check(staff_client(), path)


def test_a_refused_sign_in_says_so_at_the_top_and_in_the_title() -> None:
    client = Client(HTTP_HOST="localhost:8000")
    page = client.post(
        "/accounts/login/", {"login": "nobody@example.org", "password": "wrong"}
    ).content.decode()
    assert "data-error-summary" in page and "<title>Error: " in page
