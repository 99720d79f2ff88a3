"""A person with a browser, without script: follows links and posts forms of the house partner."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from html import unescape
from http.cookies import SimpleCookie

from tests.house.http import Answer, send
from tests.house.pretend import clip, picture
from tests.house.relying_party import Journey, RelyingParty


class Person:
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookies: dict[str, str] = {}
        self.page = ""
        self.at = ""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        whole = url if url.startswith("http") else self.origin + url
        answer = send(method, whole, headers={"Cookie": jar, **(headers or {})}, body=body)
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def open(self, url: str) -> Answer:
        """Follows redirects as long as they stay on the house partner's origin."""
        answer = self.request("GET", url)
        for _ in range(6):
            if answer.status not in (301, 302, 303):
                break
            target = answer.headers["location"]
            assert target.startswith("/"), f"left the origin for {target}"
            self.at = target
            answer = self.request("GET", target)
        self.page = answer.text
        return answer

    @property
    def check(self) -> str:
        found = re.search(r"/check/(check_[0-9a-z]+)/", self.at)
        assert found, self.at
        return f"/check/{found[1]}"

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        assert found, self.page[:500]
        return found[1]

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        json: bool = False,
        follow: bool = True,
    ) -> Answer:
        body, kind = multipart(fields or {}, files or {})
        headers = {"Content-Type": kind, "X-CSRFToken": self.csrf}
        if json:
            headers["Accept"] = "application/json"
        answer = self.request("POST", path, headers=headers, body=body)
        if answer.status == 303 and follow:
            return self.open(answer.headers["location"])
        if not json:
            self.page = answer.text
        return answer

    # The journey --------------------------------------------------------------------------------------------

    def arrive(self, authorize_url: str) -> Answer:
        return self.open(authorize_url)

    def consent(self) -> Answer:
        return self.post(f"{self.check}/consent")

    def choose(self, kind: str = "passport") -> Answer:
        return self.post(f"{self.check}/choose", {"kind": kind})

    def photograph(self, front: bytes | None = None, *, json: bool = False, **others: bytes) -> Answer:
        files = {"front": front if front is not None else picture(), **others}
        return self.post(f"{self.check}/document", files=files, json=json)

    def challenge(self, **fields: str) -> dict[str, object]:
        told: dict[str, object] = self.post(f"{self.check}/face/challenge", fields, json=True).json()
        return told

    def show_face(self, nonce: object = None, **answer: object) -> Answer:
        drawn = self.challenge()["nonce"] if nonce is None else nonce
        done = self.post(f"{self.check}/face", files={"clip": clip(nonce=drawn, **answer)}, json=True)
        if done.status == 200:
            self.open(done.json()["next"])
        return done

    def walk_to_document(self, authorize_url: str) -> None:
        self.arrive(authorize_url)
        self.consent()
        self.choose()

    def walk_to_face(self, authorize_url: str, **answer: object) -> None:
        self.walk_to_document(authorize_url)
        self.photograph(picture(**answer))

    def prove(self, authorize_url: str, **answer: object) -> str:
        """The whole way; the link on the Continue page."""
        self.walk_to_face(authorize_url, **answer)
        self.show_face()
        return self.go_on()

    def go_on(self) -> str:
        self.post(f"{self.check}/result")
        return self.link()

    def link(self) -> str:
        found = re.search(r'href="([^"]+)" id="way-back"', self.page)
        assert found, self.page
        return unescape(found[1])


def multipart(fields: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in files.items()
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def proven(party: RelyingParty, person: Person, **changes: str | None) -> tuple[Journey, str]:
    """A journey to its end, and the code."""
    journey, url = party.begin(**changes)
    return journey, party.read_return(journey, person.prove(url))
