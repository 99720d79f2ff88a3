"""Staff accounts: signing up and in, and the mail about it."""

from __future__ import annotations

import re
import secrets

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client, RequestFactory

from portal.console.accounts import CHANGES, MAILS, AccountAdapter, MFAAdapter, mail_of
from portal.kit import outbox
from portal.kit.errors import Misconfigured
from tenants.models import User
from tests.conftest import site_client
from tests.console.conftest import newest_mail, sign_in

PASSWORD = "a long and quiet harbour"


WEBAUTHN = Authenticator.Type.WEBAUTHN


@pytest.fixture
def user_with_passkey() -> User:
    user = User.objects.create_user(f"{secrets.token_hex(6)}@new.example", PASSWORD)
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop", "credential": {}}
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def code_of(text: str) -> str:
    found = re.search(r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4}|\d{6})$", text, re.M)
    assert found, text
    return found.group(1)


def sign_up(onward: str = "/o/") -> tuple[Client, str]:
    client, email = site_client(), f"{secrets.token_hex(6)}@new.example"
    answer = client.post("/accounts/signup/", {"email": email, "password1": PASSWORD, "next": onward})
    assert answer.status_code == 302, answer.content.decode()
    code = code_of(newest_mail(email))
    answer = client.post("/accounts/confirm-email/", {"code": code})
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == onward
    return client, email


def test_signing_up_takes_a_code_and_leads_to_an_organisation() -> None:
    client, email = sign_up()
    assert User.objects.filter(email=email).exists()
    assert client.get("/o/")["Location"] == "/account/passkey"
    assert client.get("/o/new").status_code == 200


def test_who_has_just_signed_up_makes_a_passkey_without_a_second_proof() -> None:
    client, _email = sign_up()
    page = client.get("/accounts/2fa/webauthn/add/")
    assert page.status_code == 200
    # A passkey that could not sign in by itself would be asked for by nobody and useless at the door.
    assert re.search(
        r'<input type="checkbox" name="passwordless"[^>]* hidden[^>]* checked', page.content.decode()
    )


@pytest.mark.parametrize(
    "path", ["/accounts/email/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/generate/"]
)
def test_ways_in_are_changed_after_a_recent_sign_in_only(path: str) -> None:
    """A session that was left open must not be turned into an address, a passkey or codes of somebody else's."""
    user = User.objects.create_user(f"{secrets.token_hex(6)}@new.example", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    answer = sign_in(user, ago=3600.0).post(path, {"email": "x@evil.example", "action_add": ""})
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/"), path
    assert not EmailAddress.objects.filter(email="x@evil.example").exists()


def test_a_code_that_did_not_come_is_sent_again_and_an_address_can_be_mended() -> None:
    client, email = site_client(), f"{secrets.token_hex(6)}@new.example"
    client.post("/accounts/signup/", {"email": f"x{email}", "password1": PASSWORD})
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "Send a new code" in page and "The address is wrong" in page
    assert client.post("/accounts/confirm-email/", {"action": "change", "email": email}).status_code == 302
    answer = client.post("/accounts/confirm-email/", {"code": code_of(newest_mail(email))})
    assert answer.status_code == 302 and User.objects.get(email=email)


def test_proving_oneself_again_offers_the_passkey_first(user_with_passkey: User) -> None:
    client = sign_in(user_with_passkey, ago=3600.0)
    asked = client.get("/accounts/2fa/webauthn/add/")
    assert asked["Location"].startswith("/accounts/2fa/webauthn/reauthenticate/?next=")
    page = client.get("/accounts/reauthenticate/").content.decode()
    assert "Use your passkey" in page and "security key" not in page.lower()


def test_a_passkey_nobody_named_has_a_name_of_its_own(user_with_passkey: User) -> None:
    assert MFAAdapter().generate_authenticator_name(user_with_passkey, WEBAUTHN) == "Passkey 1"
    for name in ("Passkey 1", "Passkey 3"):
        Authenticator.objects.create(user=user_with_passkey, type=WEBAUTHN, data={"name": name})
    assert MFAAdapter().generate_authenticator_name(user_with_passkey, WEBAUTHN) == "Passkey 2"


def test_signing_up_on_the_way_comes_back_to_the_invitation() -> None:
    sign_up("/join/some-token")


def test_signing_in_by_a_code() -> None:
    _client, email = sign_up()
    client = site_client()
    client.post("/accounts/login/code/", {"email": email})
    answer = client.post("/accounts/login/code/confirm/", {"code": code_of(newest_mail(email))})
    assert answer.status_code == 302 and answer["Location"] == "/o/"


def test_an_address_that_has_an_account_reads_the_same_page_and_gets_another_mail() -> None:
    email = f"{secrets.token_hex(6)}@new.example"
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    answer = site_client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    fresh = site_client().post(
        "/accounts/signup/", {"email": f"{secrets.token_hex(6)}@new.example", "password1": PASSWORD}
    )
    assert (answer.status_code, answer["Location"]) == (fresh.status_code, fresh["Location"])
    assert "There is one already" in newest_mail(email)


def test_too_many_tries_read_a_page_of_ours() -> None:
    email = f"{secrets.token_hex(6)}@new.example"
    values = {"email": email, "password1": PASSWORD}
    answers = [site_client().post("/accounts/signup/", values) for _try in range(3)]
    page = answers[-1].content.decode()
    assert answers[-1].status_code == 429 and "css/tokens" in page


def test_mail_waits_in_the_outbox_and_rests_sealed() -> None:
    email = f"{secrets.token_hex(6)}@new.example"
    site_client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    assert not [message for message in mail.outbox if message.to == [email]]
    outbox.drain()
    assert [message for message in mail.outbox if message.to == [email]]


def test_a_new_password_is_told_to_its_owner_at_every_confirmed_address() -> None:
    client, email = sign_up()
    mine = EmailAddress.objects.get(email=email)
    second = EmailAddress.objects.create(user=mine.user, email=f"second-{email}", verified=True).email
    values = {"oldpassword": PASSWORD, "password1": f"{PASSWORD} two", "password2": f"{PASSWORD} two"}
    assert client.post("/accounts/password/change/", values).status_code == 302
    for address in (email, second):
        assert "password of your account was changed" in newest_mail(address)


def test_an_address_that_is_taken_off_is_told_too() -> None:
    client, email = sign_up()
    mine = EmailAddress.objects.get(email=email)
    second = EmailAddress.objects.create(user=mine.user, email=f"second-{email}", verified=True).email
    client.post("/accounts/email/", {"action_remove": "", "email": second})
    assert not EmailAddress.objects.filter(email=second).exists()
    for address in (email, second):
        assert "e-mail address of your account was changed" in newest_mail(address)


@pytest.mark.parametrize("prefix", [*MAILS, *CHANGES])
def test_every_mail_of_ours_can_be_written(prefix: str) -> None:
    template, words = mail_of(
        prefix, {"code": "ABC-DEF", "ip": "192.0.2.1", "password_reset_url": "http://x/"}
    )
    assert template.startswith("staff_") and all(isinstance(word, str) for word in words.values())


def test_a_mail_without_words_is_an_error() -> None:
    with pytest.raises(Misconfigured):
        mail_of("account/email/something_new", {})


def test_an_address_a_client_writes_itself_is_not_believed() -> None:
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="198.51.100.9", REMOTE_ADDR="192.0.2.1")
    assert AccountAdapter().get_client_ip(request) == "192.0.2.1"


def test_secrets_of_authenticator_apps_rest_sealed() -> None:
    sealed = MFAAdapter().encrypt("JBSWY3DP")
    assert "JBSWY3DP" not in sealed and MFAAdapter().decrypt(sealed) == "JBSWY3DP"


def test_an_authenticator_app_and_recovery_codes_can_be_set_up() -> None:
    client, _email = sign_up()
    page = client.get("/accounts/2fa/totp/activate/", follow=True)
    if "Confirm that it is you" in page.content.decode():
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        page = client.get("/accounts/2fa/totp/activate/", follow=True)
    assert page.status_code == 200 and "data:image/svg+xml" in page.content.decode()


def test_a_signed_in_member_sees_their_account() -> None:
    user = User.objects.create_user(f"{secrets.token_hex(6)}@new.example", PASSWORD)
    client = sign_in(user)
    assert client.post("/account/", {"name": "Grace Hopper"}).status_code == 302
    assert "Grace Hopper" in client.get("/account/").content.decode()
    assert not Authenticator.objects.filter(user=user).exists()


def test_whoever_lost_every_second_step_reads_the_way_back_in() -> None:
    user = User.objects.create_user(f"{secrets.token_hex(6)}@new.example", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = site_client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/authenticate/")
    assert "invites you again, at another address" in answer.content.decode()
