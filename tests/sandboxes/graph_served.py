"""The Graph simulator as it is served, for tests: a process of its own, and somebody who changes its directory."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.sandboxes.simulator import ServedSimulator

EVERYTHING = "Everything is granted"
RESOURCE = "https://graph.microsoft.com"


class GraphSimulator(ServedSimulator):
    name = "graph"
    script = (
        "from portal.sandboxes.graph import registered as r;"
        "print(json.dumps({'directory':r.directory(),"
        "'applications':{a.name:[a.client_id,a.secret] for a in r.applications()}}))"
    )

    # A caller
    def credentials(self, name: str = EVERYTHING) -> tuple[str, str]:
        client_id, secret = self.known["applications"][name]
        return client_id, secret

    def token_answer(self, name: str = EVERYTHING, **changes: str) -> tuple[int, dict[str, Any]]:
        client_id, secret = self.credentials(name)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{RESOURCE}/.default",
            "directory": self.known["directory"],
            **changes,
        }
        path = f"/{form.pop('directory')}/oauth2/v2.0/token"
        sent = urlencode(form).encode()
        status, _, body = self.ask("POST", path, sent, Content_Type="application/x-www-form-urlencoded")
        return status, json.loads(body)

    def token(self, name: str = EVERYTHING) -> str:
        return str(self.token_answer(name)[1]["access_token"])

    def get(self, link: str, token: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        status, told, body = self.ask("GET", path, Authorization=f"Bearer {token}", **headers)
        return status, told, json.loads(body)

    def whole_round(self, link: str, token: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
        """Every object of a round, and the link to the next."""
        found: list[dict[str, Any]] = []
        while True:
            status, _, page = self.get(link, token, **headers)
            assert status == 200, page
            found += page["value"]
            if "@odata.deltaLink" in page:
                return found, str(page["@odata.deltaLink"])
            link = page["@odata.nextLink"]

    # Somebody who changes the directory
    def tell(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        status, _, body = self.ask("POST", path, json.dumps(told).encode(), Content_Type="application/json")
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def seed(self, people: int, **more: Any) -> dict[str, Any]:
        """A directory from nothing, with no faults. `page_size` and `faults` stand beside the seed."""
        beside = {name: more.pop(name) for name in ("page_size", "faults") if name in more}
        return self.tell("/control", {"seed": {"people": people, **more}, **beside})

    def fault(self, **faults: Any) -> None:
        """These, and no others."""
        self.tell("/control", {"faults": faults})

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.ask("GET", "/control")[2])
        return state

    def people(self) -> list[dict[str, Any]]:
        return [each for each in self.state()["users"] if not each["is_removed"]]

    def change(self, collection: str = "users", **told: Any) -> list[str]:
        added: list[str] = self.tell(f"/control/{collection}", told)["added"]
        return added

    def call(
        self, method: str, path: str, body: Any = None, *, token: str = ""
    ) -> tuple[int, dict[str, str], Any]:
        """Any call of the API, with everything granted unless a token is given."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        if sent is not None:
            headers["Content_Type"] = "application/json"
        status, told, answer = self.ask(method, f"/v1.0{path}", sent, **headers)
        return status, told, json.loads(answer) if answer else None

    def ways_in(self, user: str, **told: Any) -> dict[str, Any]:
        """What somebody has, after what is told."""
        return self.tell("/control/ways-in", {"user": user, **told})

    # A person
    def press(self, path: str, cookie: str = "", **fields: str) -> tuple[int, str, str]:
        """A button of the simulated pages: status, the page it leads to, and the cookie of who is signed in."""
        token = "a" * 32
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        cookies = f"readmit_graph_simulator_csrf={token}; {cookie}".strip("; ")
        status, headers, answer = self.ask(
            "POST",
            path,
            body,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=cookies,
            Origin=self.origin,
        )
        given = headers.get("set-cookie", "")
        if given.startswith("readmit_graph_simulator_sign_in"):
            cookie = given.partition(";")[0]
        if status == 302:
            status, _, answer = self.ask("GET", headers["location"], Cookie=cookie)
        return status, answer.decode(), cookie

    def sign_in(self, name: str, characters: str) -> tuple[int, str, str]:
        return self.press("/sign-in", name=name, **{"pass": characters})

    def register_passkey(self, name: str, characters: str) -> str:
        """Somebody uses their pass and adds a passkey; the page afterwards."""
        status, text, cookie = self.sign_in(name, characters)
        assert status == 200, text
        return self.press("/security-info/add", cookie, kind="fido2Methods", name="New phone")[1]
