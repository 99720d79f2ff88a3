"""The Okta simulator as it is served, for tests: a process of its own, and somebody who changes its organisation."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.sandboxes.simulator import ServedSimulator

EVERYTHING = "Everything is granted"


class OktaSimulator(ServedSimulator):
    name = "okta"
    script = (
        "from portal.sandboxes.okta.world import APPLICATIONS as a;"
        "print(json.dumps({'applications':{one.name: one.client_id for one in a}}))"
    )

    @property
    def applications(self) -> dict[str, str]:
        """Client IDs by the names of the front page."""
        found: dict[str, str] = self.known["applications"]
        return found

    # Somebody who changes the organisation
    def tell(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        status, _, body = self.ask("POST", path, json.dumps(told).encode(), Content_Type="application/json")
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def register(self, application: str, jwk: str) -> str:
        """The public key of an application, as an administrator pastes it; its client ID."""
        client_id = self.applications[application]
        self.tell("/control", {"key": {"client_id": client_id, "jwk": json.loads(jwk)}})
        return client_id

    def seed(self, people: int, **more: Any) -> None:
        """An organisation from nothing, with no faults; keys that were registered stay. `page_size` stands beside it."""
        beside = {name: more.pop(name) for name in ("page_size", "faults") if name in more}
        self.tell("/control", {"seed": {"people": people, **more}, **beside})

    def fault(self, **faults: Any) -> None:
        """These, and no others."""
        self.tell("/control", {"faults": faults})

    def authenticator(self, **rules: Any) -> None:
        self.tell("/control", {"authenticator": rules})

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.ask("GET", "/control")[2])
        return state

    def people(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["users"]
        return found

    def change(self, **told: Any) -> list[str]:
        added: list[str] = self.tell("/control/users", told)["added"]
        return added

    def regroup(self, **told: Any) -> None:
        self.tell("/control/groups", told)

    def ways_in(self, user: str, **told: Any) -> dict[str, Any]:
        """What somebody has, after what is told."""
        return self.tell("/control/ways-in", {"user": user, **told})

    # A person
    def press(self, path: str, cookie: str = "", **fields: str) -> tuple[int, str, str]:
        """A button of the simulated pages: status, the page it leads to, and the cookie of who is signed in."""
        token = "a" * 32
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        cookies = f"readmit_okta_simulator_csrf={token}; {cookie}".strip("; ")
        status, headers, answer = self.ask(
            "POST",
            path,
            body,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=cookies,
            Origin=self.origin,
        )
        given = headers.get("set-cookie", "")
        if given.startswith("readmit_okta_simulator_sign_in"):
            cookie = given.partition(";")[0]
        if status == 302:
            status, _, answer = self.ask("GET", headers["location"], Cookie=cookie)
        return status, answer.decode(), cookie

    def sign_in(self, name: str, characters: str) -> tuple[int, str, str]:
        return self.press("/sign-in", name=name, code=characters)

    def register_passkey(self, name: str, characters: str) -> str:
        """Somebody uses their code and sets up a passkey; the page afterwards."""
        status, text, cookie = self.sign_in(name, characters)
        assert status == 200, text
        return self.press("/enduser/settings/add", cookie, kind="webauthn")[1]
