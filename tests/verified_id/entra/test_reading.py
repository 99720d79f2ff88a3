"""What comes back from Microsoft, and what is sent there, each held against what may be: no network, no database."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal import checks
from portal.kit import clock, http
from portal.kit.errors import Unavailable
from tenants.verified_id.entra import addresses, client
from tenants.verified_id.entra.asking import Asker, Callback, presentation_body
from tenants.verified_id.entra.client import Credentials, EntraRefused, Token
from tenants.verified_id.entra.console import wording
from tenants.verified_id.entra.reading import Unreadable, read_notice, verify_shown
from tests.verified_id.entra.entered import MANIFEST

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ISSUER = "did:web:verifiedid.contoso.example"
SHOWN = {
    "requestId": "e4ef27ca-eb8c-4b63-823b-3b95140eac11",
    "requestStatus": "presentation_verified",
    "state": "the state",
    "subject": "did:ion:somebody",
    "verifiedCredentialsData": [
        {
            "issuer": ISSUER,
            "type": ["VerifiableCredential", "VerifiedIdentity"],
            "claims": {"firstName": "Megan", "lastName": "Bowen"},
            "credentialState": {"revocationStatus": "VALID"},
            "domainValidation": {"url": "https://contoso.example/"},
            "issuanceDate": "2026-01-01T00:00:00Z",
            "expirationDate": "2027-01-01T00:00:00Z",
            "faceCheck": {"matchConfidenceScore": 86.314159, "sourcePhotoQuality": "HIGH"},
        }
    ],
}


def verified(body: dict[str, Any], **changes: Any) -> Any:
    expected = {
        "expected_type": "VerifiedIdentity",
        "expected_issuers": [ISSUER],
        "expected_threshold": 70,
        "now": NOW,
    }
    return verify_shown(
        read_notice(json.dumps(body).encode(), expected_kind="presentation"), **expected | changes
    )


def card(**changes: Any) -> dict[str, Any]:
    """SHOWN with members of its card set; None takes one away."""
    body = copy.deepcopy(SHOWN)
    one = body["verifiedCredentialsData"][0]  # type: ignore[index]
    for name, value in changes.items():
        one[name] = value
        if value is None:
            del one[name]
    return body


def test_a_card_that_holds_is_read_and_says_nothing_about_anybody() -> None:
    found = verified(SHOWN)
    assert found.confidence == Decimal("86.314") and found.claims["lastName"] == "Bowen"
    assert "Bowen" not in repr(found) and "somebody" not in repr(found)
    notice = read_notice(json.dumps(SHOWN).encode(), expected_kind="presentation")
    assert "Bowen" not in repr(notice) and "the state" not in repr(notice)


def face(score: Any) -> dict[str, Any]:
    return card(faceCheck={"matchConfidenceScore": score})


REFUSED = [
    ({**SHOWN, "verifiedCredentialsData": []}, "not_one_card"),
    ({**SHOWN, "verifiedCredentialsData": SHOWN["verifiedCredentialsData"] * 2}, "not_one_card"),  # type: ignore[operator]
    ({**SHOWN, "verifiedCredentialsData": {}}, "not_one_card"),
    ({**SHOWN, "verifiedCredentialsData": None}, "not_one_card"),
    (card(issuer="did:web:somebody.else.example"), "issuer_not_accepted"),
    (card(issuer=None), "issuer_not_accepted"),
    (card(issuer=[ISSUER]), "issuer_not_accepted"),
    (card(type=["VerifiableCredential"]), "type_not_asked"),
    (card(type="VerifiedIdentity"), "type_not_asked"),
    (card(credentialState={"revocationStatus": "INVALID"}), "not_known_valid"),
    (card(credentialState={}), "not_known_valid"),
    (card(credentialState=None), "not_known_valid"),
    (card(domainValidation=None), "domain_not_validated"),
    (card(domainValidation={"url": ""}), "domain_not_validated"),
    (card(expirationDate="2026-11-28T00:00:00Z"), "card_expired"),
    (card(expirationDate="soon"), "expiry_missing"),
    (card(expirationDate=None), "expiry_missing"),
    (face(69.999), "face_too_unlike"),
    (face(True), "face_missing"),
    (face("99"), "face_missing"),
    (face(101), "face_missing"),
    (face(-1), "face_missing"),
    (card(faceCheck=None), "face_missing"),
    (card(faceCheck=[99]), "face_missing"),
]


@pytest.mark.parametrize(
    ("body", "reason"), REFUSED, ids=[f"{number}-{row[1]}" for number, row in enumerate(REFUSED)]
)
def test_a_card_that_does_not_hold_is_refused(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        verified(body)
    assert refused.value.reason == reason and wording.PROBLEMS[reason]


def test_no_list_of_issuers_accepts_nobody() -> None:
    with pytest.raises(Unreadable, match="issuer_not_accepted"):
        verified(SHOWN, expected_issuers=[])
    asker, callback = Asker(ISSUER, "Acme"), Callback("https://x", "s", "k")
    wanted: dict[str, Any] = {
        "purpose": "p",
        "credential_type": "T",
        "photo_claim": "portrait",
        "threshold": 70,
    }
    with pytest.raises(ValueError, match="everybody"):
        presentation_body(asker, callback, accepted_issuers=[], **wanted)
    with pytest.raises(ValueError, match="threshold"):
        presentation_body(asker, callback, accepted_issuers=[ISSUER], **wanted | {"threshold": 49})
    assert "'k'" not in repr(callback) and "'s'" not in repr(callback)


# The client --------------------------------------------------------------------------------------------------------

KNOWN = Credentials(
    "8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e", "8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e", "s3cret~value"
)
Answers = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What Microsoft answers next, and what was sent."""

    def make(*replies: http.Reply | Exception) -> list[dict[str, Any]]:
        waiting, sent = list(replies), []

        def send(method: str, url: str, **given: Any) -> http.Reply:
            sent.append({"method": method, "url": url, **given})
            reply = waiting.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply

        monkeypatch.setattr(http, "send", send)
        return sent

    return make


def reply(status: int, body: Any) -> http.Reply:
    return http.Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


GOOD = {"token_type": "Bearer", "expires_in": 3599, "access_token": "a.b.c"}


def test_a_token_is_asked_for_at_microsoft_with_the_scope_of_verified_id(answers: Answers) -> None:
    middle = base64.urlsafe_b64encode(b'{"roles":["VerifiableCredential.Create.All",7]}').decode().rstrip("=")
    sent = answers(reply(200, GOOD | {"access_token": f"a.{middle}.c"}))
    token = client.fetch_token(KNOWN)
    assert token.unverified_grants == {"VerifiableCredential.Create.All"} and middle not in repr(token)
    assert sent[0]["url"] == f"https://login.microsoftonline.com/{KNOWN.directory}/oauth2/v2.0/token"
    assert sent[0]["form"]["scope"] == "3db474b9-6a0c-4840-96ac-1fceb342124f/.default"
    assert sent[0]["max_bytes"] <= 200_000 and "s3cret" not in repr(KNOWN)


def test_a_token_is_asked_for_once_more_and_no_oftener(answers: Answers) -> None:
    sent = answers(Unavailable("no_answer"), reply(200, GOOD))
    assert client.fetch_token(KNOWN).value == "a.b.c" and len(sent) == 2
    sent = answers(Unavailable("no_answer"), Unavailable("no_answer"))
    with pytest.raises(Unavailable):
        client.fetch_token(KNOWN)
    assert len(sent) == 2


UNUSABLE: list[Any] = [
    GOOD | {"access_token": ""},
    GOOD | {"access_token": "two words"},
    GOOD | {"access_token": 7},
    GOOD | {"token_type": "mac"},
    GOOD | {"token_type": None},
    GOOD | {"expires_in": "3599"},
    GOOD | {"expires_in": True},
    GOOD | {"expires_in": -1},
    [],
    b"<html>",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", UNUSABLE, ids=[str(number) for number in range(len(UNUSABLE))])
def test_a_token_answer_that_is_none_is_refused(answers: Answers, body: Any) -> None:
    answers(reply(200, body))
    with pytest.raises(Unavailable):
        client.fetch_token(KNOWN)


@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_an_outage_and_a_redirect_are_no_refusal(answers: Answers, status: int) -> None:
    answers(reply(status, {"error": "invalid_client", "error_codes": [7000215]}))
    with pytest.raises(Unavailable):
        client.fetch_token(KNOWN)


LINK = "openid-vc://?request_uri=https://verifiedid.did.msidentity.com/v1.0/x/request/1"
CREATED: dict[str, Any] = {"requestId": "e4ef27ca-eb8c-4b63-823b-3b95140eac11", "url": LINK, "expiry": 0}


def created(answers: Answers, status: int = 201, **changes: Any) -> Any:
    expiry = int(clock.now().timestamp()) + 300
    answers(reply(status, CREATED | {"expiry": expiry} | changes))
    return client.create(addresses.issuance_url(), {}, Token("a.b.c", clock.now()))


def test_an_accepted_request_is_read(answers: Answers) -> None:
    made = created(answers)
    assert made.service_id == CREATED["requestId"] and LINK not in repr(made)
    assert timedelta(seconds=290) < made.expires_at - clock.now() <= timedelta(seconds=300)
    assert created(answers, expiry=10**18).expires_at - clock.now() <= timedelta(days=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "openid-vc://?request_uri=https://evil.example/v1.0/1"},
        {"url": "openid-vc://?request_uri=https://verifiedid.did.msidentity.com.evil.example/1"},
        {"url": "javascript:alert(1)"},
        {"url": f"{LINK} onclick=x"},
        {"url": None},
        {"requestId": ""},
        {"requestId": "a/b"},
        {"requestId": 7},
        {"expiry": "soon"},
        {"expiry": True},
    ],
    ids=str,
)
def test_an_answer_that_leads_elsewhere_is_refused(answers: Answers, changes: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        created(answers, **changes)


@pytest.mark.parametrize(
    ("status", "target", "code", "setting"),
    [
        (401, "access_token", "token_rejected", ""),
        (403, "", "permission_missing", ""),
        (400, "manifest", "setting_refused", "manifest_url"),
        (400, "callback.url", "setting_refused", "callback"),
        (400, "requestedCredentials[0].type", "setting_refused", "credential_type"),
        (400, "<script>", "request_refused", ""),
        (400, {"a": 1}, "request_refused", ""),
        (404, "", "request_refused", ""),
    ],
)
def test_a_refusal_names_the_setting_and_nothing_of_theirs(
    answers: Answers, status: int, target: Any, code: str, setting: str
) -> None:
    with pytest.raises(EntraRefused) as refused:
        created(answers, status, error={"innererror": {"target": target, "message": "a secret of theirs"}})
    assert (refused.value.code, refused.value.setting) == (code, setting)
    assert "secret of theirs" not in str(refused.value) + str(refused.value.detail)
    assert wording.problem_sentence(code, setting) not in ("", "It did not work.")


def test_a_request_is_never_sent_twice(answers: Answers) -> None:
    sent = answers(Unavailable("no_answer"))
    with pytest.raises(Unavailable):
        client.create(addresses.issuance_url(), {}, Token("a.b.c", clock.now()))
    assert len(sent) == 1 and sent[0]["url"].startswith("https://verifiedid.did.msidentity.com/")


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        MANIFEST.replace("https", "http"),
        MANIFEST.replace("verifiedid.did.msidentity.com", "169.254.169.254"),
        MANIFEST.replace("https://", "https://evil.example@"),
        MANIFEST.replace("msidentity.com", "msidentity.com.evil.example"),
        MANIFEST.replace("msidentity.com", "msidentity.com:8443"),
        f"{MANIFEST}?x=1",
        f"{MANIFEST}#x",
        MANIFEST.replace("contracts/", "contracts/../"),
        "https://[",
        "",
    ],
)
def test_only_a_manifest_of_the_service_is_one(url: str) -> None:
    assert addresses.manifest_directory(MANIFEST) == "8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e"
    assert addresses.manifest_directory(url) == ""


def test_production_asks_microsoft_and_refuses_to_start_with_a_simulator(settings: Any) -> None:
    settings.ENTRA_SIMULATOR_ORIGIN, settings.IS_PRODUCTION = "http://entra.localhost:8003", False
    assert addresses.issuance_url().startswith("http://entra.localhost:8003/") and not checks.check_entra(
        None
    )
    settings.IS_PRODUCTION = True
    assert addresses.issuance_url().startswith("https://verifiedid.did.msidentity.com/")
    assert addresses.token_url(KNOWN.directory).startswith("https://login.microsoftonline.com/")
    assert [found.id for found in checks.check_entra(None)] == ["readmit.E014"]
