"""The Entra simulator holds callers to the documentation, tells what became of a request, and never serves production."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.embedded.data import REPOSITORY
from tests.sandboxes.entra_served import EntraSimulator


class Callbacks:
    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((dict(self.headers), json.loads(body)))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://verifier.localhost:{self.server.server_port}/callback?case=1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, count: int) -> list[dict[str, Any]]:
        until = time.monotonic() + 10
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.received) == count
        return [body for _, body in self.received]


@pytest.fixture
def callbacks() -> Iterator[Callbacks]:
    heard = Callbacks()
    yield heard
    heard.server.shutdown()
    heard.server.server_close()


def common(entra: EntraSimulator, url: str = "https://verifier.localhost/callback") -> dict[str, Any]:
    return {
        "authority": entra.known["authority"],
        "callback": {"url": url, "state": "the state", "headers": {"api-key": "a key"}},
        "registration": {"clientName": "Contoso"},
    }


def issuance(entra: EntraSimulator, **more: Any) -> dict[str, Any]:
    claims = {"firstName": "Ada", "lastName": "Lovelace"}
    own = {"type": entra.known["type"], "manifest": entra.known["manifest"], "claims": claims}
    return common(entra) | own | more


def presentation(entra: EntraSimulator, **more: Any) -> dict[str, Any]:
    face = {"sourcePhotoClaimName": "portrait", "matchConfidenceThreshold": 70}
    wanted = {
        "type": entra.known["type"],
        "acceptedIssuers": [entra.known["authority"]],
        "configuration": {"validation": {"allowRevoked": False, "faceCheck": face}},
    }
    return common(entra) | {"requestedCredentials": [wanted]} | more


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """`body` with one member set; "" takes it away."""
    whole = copy.deepcopy(body)
    *way, last = path.split("/")
    place: Any = whole
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    if value == "":
        del place[last]
    else:
        place[last] = value
    return whole


# Tokens ------------------------------------------------------------------------------------------------------------

TOKENS = [
    ({"client_secret": "wrong"}, 401, 7000215),
    ({"client_secret": ""}, 401, 7000218),
    ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, 700016),
    ({"directory": "00000000-0000-0000-0000-000000000000"}, 400, 90002),
    ({"scope": "https://graph.microsoft.com/.default"}, 400, 500011),
    ({"scope": "3db474b9-6a0c-4840-96ac-1fceb342124f"}, 400, 1002012),
    ({"grant_type": "password"}, 400, 70003),
    ({"grant_type": ""}, 400, 900144),
]


@pytest.mark.parametrize(("changes", "status", "number"), TOKENS, ids=[str(row[2]) for row in TOKENS])
def test_a_token_is_refused_with_its_number(
    entra: EntraSimulator, changes: dict[str, str], status: int, number: int
) -> None:
    found, body = entra.token_answer(**changes)
    assert (found, body["error_codes"]) == (status, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


def test_a_token_opens_what_was_granted_and_nothing_else(entra: EntraSimulator) -> None:
    asks = {"Issuance": issuance(entra), "Presentation": presentation(entra)}
    opened = {
        name: [
            kind for kind, body in asks.items() if entra.create(kind, body, token=entra.token(name))[0] == 201
        ]
        for name in entra.known["applications"]
    }
    both = ["Issuance", "Presentation"]
    assert list(opened.values()) == [both, both, both, ["Issuance"], ["Presentation"], []]
    status, body = entra.create("Presentation", asks["Presentation"], token=entra.token("Nothing is granted"))
    assert status == 403 and body["error"]["code"] == "forbidden"
    status, body = entra.create("Presentation", asks["Presentation"], token="made.up.token")
    assert status == 401 and body["error"]["innererror"]["code"] == "tokenError"


# Requests ----------------------------------------------------------------------------------------------------------

BOTH = [
    ("authority", "", "authority"),
    ("authority", "did:web:somebody.else.example", "authority"),
    ("callback", "", "callback"),
    ("callback/url", "http://contoso.com/callback", "callback.url"),
    ("callback/url", "https://user@verifier.localhost/", "callback.url"),
    ("callback/state", "", "callback.state"),
    ("callback/headers", {"x-key": "a"}, "callback.headers"),
    ("registration", "", "registration"),
    ("registration/clientName", 7, "registration.clientName"),
    ("registration/logoUrl", "http://contoso.com/logo", "registration.logoUrl"),
    ("includeQRCode", "true", "includeQRCode"),
    ("surprise", 1, "surprise"),
]
OF_ISSUANCE = [
    ("type", "Another", "type"),
    ("manifest", "https://verifiedid.did.msidentity.com/v1.0/elsewhere", "manifest"),
    ("claims", {"firstName": 1}, "claims.firstName"),
    ("claims", {"portrait": "bm8gSlBFRw"}, "claims.portrait"),
    ("pin", {"value": "123", "length": 3}, "pin.length"),
    ("pin", {"value": "12345", "length": 4}, "pin.value"),
    ("pin", {"value": "123456", "type": "letters"}, "pin.type"),
    ("pin", {"value": "123456", "salt": "x"}, "pin"),
    ("pin", {"value": "x", "salt": "x", "alg": "sha256", "iterations": 1}, "pin.value"),
    ("expirationDate", "2020-01-01T00:00:00Z", "expirationDate"),
    ("expirationDate", "tomorrow", "expirationDate"),
]
WANTED = "requestedCredentials/0"
FACE = f"{WANTED}/configuration/validation/faceCheck"
OF_PRESENTATION = [
    ("requestedCredentials", [], "requestedCredentials"),
    (f"{WANTED}/type", "", "requestedCredentials[0].type"),
    (f"{WANTED}/acceptedIssuers", ["nobody"], "requestedCredentials[0].acceptedIssuers"),
    (f"{WANTED}/constraints", [{"claimName": "x", "values": ["a"], "contains": "a"}], None),
    (f"{WANTED}/configuration/validation/allowRevoked", 1, None),
    (f"{FACE}/sourcePhotoClaimName", "", None),
    (f"{FACE}/matchConfidenceThreshold", 49, None),
    (f"{FACE}/matchConfidenceThreshold", 101, None),
    (f"{FACE}/matchConfidenceThreshold", 70.5, None),
    ("includeReceipt", 1, "includeReceipt"),
]


def test_what_the_documentation_does_not_allow_is_refused_and_named(entra: EntraSimulator) -> None:
    token = entra.token()
    wrong = []
    for kind, body, cases in (
        ("Issuance", issuance(entra), BOTH + OF_ISSUANCE),
        ("Presentation", presentation(entra), BOTH + OF_PRESENTATION),
    ):
        for path, value, target in cases:
            status, answer = entra.create(kind, changed(body, path, value), token=token)
            named = answer.get("error", {}).get("innererror", {}).get("target", "")
            expected = target if target is not None else named and named.startswith("requestedCredentials[0]")
            if status != 400 or (named != expected if target is not None else not expected):
                wrong.append((kind, path, value, status, named))
    assert wrong == []


def test_a_body_that_is_no_request_is_refused(entra: EntraSimulator) -> None:
    token, path = entra.token(), "/v1.0/verifiableCredentials/createIssuanceRequest"
    assert entra.create("Issuance", b"{", token=token)[0] == 400
    assert entra.create("Issuance", b"[" * 100_000, token=token)[0] == 400
    assert entra.create("Issuance", b" " * 1_000_001, token=token)[0] == 413
    assert entra.create("Issuance", {}, token=token, content_type="text/plain")[0] == 415
    assert entra.ask("GET", path)[0] == 405


def test_an_accepted_request_has_a_link_an_expiry_and_on_demand_a_code(entra: EntraSimulator) -> None:
    status, made = entra.create("Presentation", presentation(entra, includeQRCode=True), token=entra.token())
    assert status == 201
    link = made["url"].removeprefix("openid-vc://?request_uri=")
    assert link.startswith(f"{entra.origin}/v1.0/") and link.endswith(made["requestId"])
    assert made["qrCode"].startswith("data:image/png;base64,")
    assert 200 < made["expiry"] - time.time() <= 300
    assert entra.ask("GET", link.removeprefix(entra.origin))[0] == 302


# What becomes of them ----------------------------------------------------------------------------------------------


def asked(entra: EntraSimulator, kind: str, body: dict[str, Any], callbacks: Callbacks) -> str:
    body = changed(body, "callback/url", callbacks.url)
    return str(entra.create(kind, body, token=entra.token())[1]["requestId"])


def test_a_card_is_taken_with_its_pin_and_shown_with_a_face(
    entra: EntraSimulator, callbacks: Callbacks
) -> None:
    portrait = base64.urlsafe_b64encode(b"\xff\xd8\xff" + bytes(2000)).decode()
    claims = {"firstName": "Ada", "lastName": "Lovelace", "portrait": portrait}
    hashed = base64.b64encode(hashlib.sha256(b"salt4711").digest()).decode()
    pin = {"value": hashed, "length": 4, "salt": "salt", "alg": "sha256", "iterations": 1}
    offer = asked(entra, "Issuance", issuance(entra, claims=claims, pin=pin), callbacks)
    assert "That is not the pin." in entra.take_card(offer, "0000")
    assert "issuance_successful" in entra.take_card(offer, "4711")
    wanted = asked(entra, "Presentation", presentation(entra, includeReceipt=True), callbacks)
    entra.show_card(wanted, 86.5)
    bodies = callbacks.wait(4)
    assert [body["requestStatus"] for body in bodies] == [
        *("request_retrieved", "issuance_successful", "request_retrieved", "presentation_verified")
    ]
    shown = bodies[3]["verifiedCredentialsData"][0]
    assert shown["claims"] == {"firstName": "Ada", "lastName": "Lovelace"}
    assert shown["faceCheck"] == {"matchConfidenceScore": 86.5, "sourcePhotoQuality": "HIGH"}
    assert shown["credentialState"] == {"revocationStatus": "VALID"} and "faceCheck" in bodies[3]["receipt"]
    assert {headers["api-key"] for headers, _ in callbacks.received} == {"a key"}


def test_a_wrong_pin_ends_the_offer_at_the_third_time(entra: EntraSimulator, callbacks: Callbacks) -> None:
    offer = asked(entra, "Issuance", issuance(entra, pin={"value": "123456"}), callbacks)
    for _third in range(3):
        entra.take_card(offer, "000000")
    assert entra.act(offer, "accept", pin="123456")[0] == 409
    error = callbacks.wait(2)[1]
    assert error["requestStatus"] == "issuance_error" and error["error"]["code"] == "IssuanceFlowFailed"


def test_a_face_below_the_threshold_fails_without_a_score(
    entra: EntraSimulator, callbacks: Callbacks
) -> None:
    wanted = asked(entra, "Presentation", presentation(entra), callbacks)
    entra.show_card(wanted, 69.9)
    error = callbacks.wait(2)[1]
    assert error["requestStatus"] == "presentation_error"
    # Whole: an identifier beside it may hold any two digits.
    assert error["error"] == {
        "code": "claimValidationError",
        "message": "Match confidence score failing to meet the threshold.",
    }
    assert error.keys() == {"requestId", "requestStatus", "state", "error"}


def test_a_callback_that_is_not_taken_is_tried_again(entra: EntraSimulator, callbacks: Callbacks) -> None:
    callbacks.answers = [500, 503]
    wanted = asked(entra, "Presentation", presentation(entra), callbacks)
    entra.act(wanted, "refuse")
    assert {body["requestStatus"] for body in callbacks.wait(3)} == {"presentation_error"}


def test_an_expired_request_is_not_answered(entra: EntraSimulator, callbacks: Callbacks) -> None:
    wanted = asked(entra, "Presentation", presentation(entra), callbacks)
    entra.act(wanted, "expire")
    assert entra.act(wanted, "open")[0] == 409 and callbacks.received == []


def test_records_are_found_by_their_hash_and_revoked_for_good(
    entra: EntraSimulator, callbacks: Callbacks
) -> None:
    claims = {"firstName": "Ada", "lastName": "Lovelace", "cardId": "the mark of this card", "other": "x"}
    offer = asked(entra, "Issuance", issuance(entra, claims=claims), callbacks)
    entra.take_card(offer)
    ((record, status),) = entra.records("the mark of this card")
    assert status == "valid" and record.startswith("urn:pic:") and entra.records("another") == []
    # Tokens of the one service open nothing of the other, and each permission opens its own.
    assert entra.asked_records("?filter=x", token=entra.token())[0] == 401
    assert entra.asked_records("?filter=x", token=entra.records_token("May not see records"))[0] == 403
    assert entra.create("Issuance", issuance(entra), token=entra.records_token())[0] == 401
    assert entra.asked_records("?filter=indexclaimhash%20like%20x")[0] == 400
    seeing = entra.records_token("May not revoke")
    assert entra.asked_records(f"/{record}/revoke", token=seeing, method="POST")[0] == 403
    assert entra.asked_records("/urn:pic:nothing/revoke", method="POST")[0] == 404
    assert entra.revoke(record) == entra.revoke(record) == 204
    assert entra.records("the mark of this card") == [(record, "issuerRevoked")]


def test_every_page_says_that_it_pretends(entra: EntraSimulator) -> None:
    wanted = entra.create("Presentation", presentation(entra), token=entra.token())[1]["requestId"]
    for path in ("/", f"/authenticator/{wanted}", "/nothing/here"):
        assert b"no face is compared" in entra.ask("GET", path)[2]
    assert entra.ask("GET", "/", Host="evil.example")[0] == 404


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("READMIT_MODE", "production", "E001"),
        ("READMIT_MODE", "prod", "E001"),
        ("READMIT_ENTRA_SIMULATOR_ORIGIN", "https://entra.example.com", "E002"),
    ],
)
def test_it_refuses_to_serve_production_and_other_machines(
    entra: EntraSimulator, name: str, value: str, code: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import portal.sandboxes.entra.wsgi"],
        cwd=REPOSITORY,
        env=entra.env | {name: value},
        capture_output=True,
        check=False,
    )
    assert done.returncode and f"entra_simulator.{code}" in done.stderr.decode()
