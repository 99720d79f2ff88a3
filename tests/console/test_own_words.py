"""What django-allauth says to people is said in our words, on every page and in every message it has."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from django.test import Client

from tests.conftest import make_member, make_tenant, site_client
from tests.console.conftest import client_of_member

THEIRS = Path(allauth.__file__).parent / "templates"
OURS = Path(__file__).parents[2] / "templates"
# Not reachable with our settings: telephone numbers, links instead of codes, sign-up by passkey, a closed sign-up.
NOT_USED = re.compile(
    r"phone|email_change|email_confirm\.|signup_by|signup_form|signup_closed|trust|snippets|/email/"
)
# Only a frame or parts of ours inside, no words of theirs.
FRAMES = re.compile(r"base|webauthn/(add_form|authenticator_list)")
THEIR_WORDS = re.compile(
    r"Security Key|Deactivate|Change Password|Password Reset|Are you sure|successfully|Please|two-factor|Sign Out|"
    r"Bad Token|Activate Authenticator|Incorrect|primary email"
)
OWN = (
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
)


def test_every_page_and_message_of_theirs_that_can_appear_is_ours() -> None:
    theirs = {
        str(path.relative_to(THEIRS))
        for folder in ("account", "mfa")
        for path in (THEIRS / folder).rglob("*")
        if path.suffix in {".html", ".txt"}
    }
    missing = {
        name
        for name in theirs
        if not NOT_USED.search(name) and not FRAMES.search(name) and not (OURS / name).is_file()
    }
    assert missing <= {"mfa/recovery_codes/download.txt"}, sorted(missing)


@pytest.mark.parametrize("adapter", [get_adapter, get_mfa_adapter])
def test_no_refusal_speaks_their_words(adapter: object) -> None:
    found = adapter().error_messages  # type: ignore[operator]
    reachable = {
        name: str(text) for name, text in found.items() if not re.search("phone|username|select", name)
    }
    assert not {name: text for name, text in reachable.items() if THEIR_WORDS.search(text)}


def test_the_pages_of_ones_own_sign_in_speak_our_words() -> None:
    member = make_member(make_tenant())
    member.user.emailaddress_set.create(email=member.user.email, verified=True, primary=True)
    client = client_of_member(member)
    for path in OWN:
        page = client.get(path, follow=True)
        assert page.status_code == 200, path
        found = THEIR_WORDS.search(page.content.decode())
        assert not found, (path, found)


def test_a_wrong_password_is_told_in_our_words() -> None:
    client = client_of_member(make_member(make_tenant()))
    sent = {"oldpassword": "wrong", "password1": "correct horse 2", "password2": "correct horse 2"}
    assert (
        "This is not your present password."
        in client.post("/accounts/password/change/", sent).content.decode()
    )
    page = site_client().post("/accounts/login/", {"login": "nobody@x.example", "password": "wrong"})
    assert "The address or the password is wrong." in page.content.decode()


def test_forgetting_a_password_speaks_our_words_to_the_end() -> None:
    asking: Client = site_client()
    assert "Forgotten your password" in asking.get("/accounts/password/reset/").content.decode()
    assert "Look into your mail" in asking.get("/accounts/password/reset/done/").content.decode()
    dead = asking.get("/accounts/password/reset/key/zz-zz/").content.decode()
    assert "This link does not work any more" in dead
