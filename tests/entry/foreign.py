"""An OpenID Provider that nobody here wrote (npm's oidc-provider), served by node, and a person at its login pages."""

from __future__ import annotations

import json
import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from portal.embedded import broker
from tests.peers.installed import node_folder

SECRET = "a-secret-of-the-tests-that-is-long-enough"
SCRIPT = Path(__file__).parents[1] / "peers" / "node" / "provider.mjs"


class ForeignProvider:
    def __init__(self, redirect_uri: str, jwks: dict[str, Any] | None = None) -> None:
        self.port = broker.free_port()
        self.issuer = f"http://idp.localhost:{self.port}"
        told = {"port": self.port, "redirectUri": redirect_uri, "secret": SECRET, "jwks": jwks}
        self.process = subprocess.Popen(
            ["node", str(SCRIPT), str(node_folder()), json.dumps(told)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        # Its own words of advice for operators come before.
        assert any(line.strip() == "ready" for line in self.process.stdout), "it did not start"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


class Person:
    """A browser at the provider: cookies, redirects, and the forms of its login pages."""

    def __init__(self, provider: ForeignProvider) -> None:
        self.provider = provider
        self.cookies: dict[str, str] = {}

    def _ask(self, method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        parts = urlsplit(url)
        door = HTTPConnection("127.0.0.1", self.provider.port, timeout=20)
        headers = {"Host": f"idp.localhost:{self.provider.port}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        try:
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            door.request(method, path, body=body, headers=headers)
            answer = door.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies.pop(name, None)
                if value:
                    self.cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            door.close()

    def sign_in(self, url: str, name: str) -> dict[str, list[str]]:
        """From the link to the query that comes back."""
        method, form = "GET", None
        for _step in range(12):
            status, location, body = self._ask(method, url, form)
            if status in (302, 303):
                target = urljoin(url, location)
                if urlsplit(target).netloc != f"idp.localhost:{self.provider.port}":
                    return parse_qs(urlsplit(target).query)
                method, url, form = "GET", target, None
                continue
            prompt = re.search(r'name="prompt" value="(\w+)"', body)
            action = re.search(r'<form[^>]*action="([^"]+)"', body)
            assert status == 200 and prompt and action, (status, body[:600])
            method, url = "POST", urljoin(url, action[1])
            form = {"prompt": prompt[1], "login": name, "password": "any"}
        raise AssertionError("it leads nowhere")
