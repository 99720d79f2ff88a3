"""The Entra simulator as it is served, for tests: a process of its own, and a person in its app without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from tests.sandboxes.simulator import ServedSimulator

SERVICE = "3db474b9-6a0c-4840-96ac-1fceb342124f"
ADMIN_SERVICE = "6a8b4b39-c021-437c-b060-5a14a3fd65f3"


class EntraSimulator(ServedSimulator):
    name = "entra"
    script = (
        "from portal.sandboxes.entra import registered as r;"
        "print(json.dumps({'directory':r.directory(),'authority':r.AUTHORITY,'manifest':r.manifest_url(),"
        "'type':r.TYPE,'authority_id':r.authority_id(),'applications':{a.name:[a.client_id,a.secret] for a in r.applications()}}))"
    )

    @property
    def env(self) -> dict[str, str]:
        return super().env | {
            "READMIT_ENTRA_SIMULATOR_DATABASE": str(self.folder / "entra.sqlite3"),
            "READMIT_ENTRA_SIMULATOR_RETRIES": "0.2,0.3",
        }

    # A caller
    def credentials(self, name: str = "Everything is granted") -> tuple[str, str]:
        client_id, secret = self.known["applications"][name]
        return client_id, secret

    def token_answer(self, **changes: str) -> tuple[int, dict[str, Any]]:
        client_id, secret = self.credentials()
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{SERVICE}/.default",
            "directory": self.known["directory"],
            **changes,
        }
        path = f"/{form.pop('directory')}/oauth2/v2.0/token"
        sent = urlencode(form).encode()
        status, _, body = self.ask("POST", path, sent, Content_Type="application/x-www-form-urlencoded")
        return status, json.loads(body)

    def token(self, name: str = "Everything is granted") -> str:
        client_id, secret = self.credentials(name)
        return str(self.token_answer(client_id=client_id, client_secret=secret)[1]["access_token"])

    def create(self, kind: str, body: Any, *, token: str, content_type: str = "application/json") -> Any:
        path = f"/v1.0/verifiableCredentials/create{kind}Request"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.ask(
            "POST", path, raw, Content_Type=content_type, Authorization=f"Bearer {token}"
        )
        return status, json.loads(answer)

    # A person in the app
    def press(self, path: str, **fields: str) -> tuple[int, str]:
        """A button of the app's pages; where it leads to is followed."""
        token = "a" * 32
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        status, headers, answer = self.ask(
            "POST",
            path,
            body,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=f"readmit_entra_simulator_csrf={token}",
            Origin=self.origin,
        )
        if status == 302:
            status, _, answer = self.ask("GET", headers["location"])
        return status, answer.decode()

    def act(self, request_id: str, act: str, **fields: str) -> tuple[int, str]:
        return self.press(f"/authenticator/{request_id}/{act}", **fields)

    def take_card(self, request_id: str, pin: str = "", **more: str) -> str:
        self.act(request_id, "open")
        return self.act(request_id, "accept", pin=pin, **more)[1]

    def records_token(self, name: str = "Everything is granted") -> str:
        client_id, secret = self.credentials(name)
        scope = f"{ADMIN_SERVICE}/.default"
        answer = self.token_answer(client_id=client_id, client_secret=secret, scope=scope)
        return str(answer[1]["access_token"])

    def asked_records(self, path: str = "", *, token: str = "", method: str = "GET") -> tuple[int, Any]:
        """The records of the contract's cards, below `path`."""
        contract = self.known["manifest"].split("/contracts/")[1].removesuffix("/manifest")
        base = f"/v1.0/verifiableCredentials/authorities/{self.known['authority_id']}/contracts/{contract}/credentials"
        bearer = f"Bearer {token or self.records_token()}"
        status, _, body = self.ask(
            method, f"{base}{path}", b"" if method == "POST" else None, Authorization=bearer
        )
        return status, json.loads(body) if body else None

    def records(self, mark: str) -> list[tuple[str, str]]:
        """(id, status) of the cards with this mark, hashed here as the documentation says."""
        contract = self.known["manifest"].split("/contracts/")[1].removesuffix("/manifest")
        hashed = base64.b64encode(hashlib.sha256(f"{contract}{mark}".encode()).digest()).decode()
        status, found = self.asked_records(f"?filter={quote(f'indexclaimhash eq {hashed}')}")
        assert status == 200, found
        return [(one["id"], one["status"]) for one in found["value"]]

    def revoke(self, record_id: str) -> int:
        return self.asked_records(f"/{record_id}/revoke", method="POST")[0]

    def show_card(self, request_id: str, score: float = 92.5, **more: str) -> str:
        """Show the newest card that fits and is not revoked, or a sample where there is none: others may have left theirs."""
        self.act(request_id, "open")
        page = self.ask("GET", f"/authenticator/{request_id}")[2].decode()
        if not self._good_cards(page):
            self.press("/cards/add", request=request_id)
            page = self.ask("GET", f"/authenticator/{request_id}")[2].decode()
        card = self._good_cards(page)[0]
        return self.act(request_id, "show", card=card, score=str(score), **more)[1]

    @staticmethod
    def _good_cards(page: str) -> list[str]:
        options = re.findall(r'<option value="(\d+)"[^>]*>([^<]*)', page)
        return [card for card, title in options if "(revoked)" not in title]
