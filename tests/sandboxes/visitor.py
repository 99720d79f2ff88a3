"""A person at the sandbox's hosted pages, without a browser: cookies, forms, redirects on the same host."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

CARD = {"expiry": "12 / 40", "cvc": "123", "name": "Ada Lovelace", "country": "DE"}


class Visitor:
    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.url = ""
        self.status = 0
        self.body = ""

    def open(self, url: str) -> Visitor:
        return self._go("GET", url)

    def send(self, action: str = "", **fields: str) -> Visitor:
        """The form of this page, or the one at `action`, with its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.body)
        assert token is not None, self.body[:500]
        return self._go("POST", action or self.url, urlencode({"csrfmiddlewaretoken": token[1], **fields}))

    def pay(self, number: str, action: str = "", **fields: str) -> Visitor:
        return self.send(action, **{**CARD, "number": number, **fields})

    def link(self, words: str) -> str:
        found = re.search(
            r'<a [^>]*href="([^"]+)"[^>]*>(?:(?!</a>).)*' + re.escape(words), self.body, re.DOTALL
        )
        assert found is not None, self.body
        return found[1].replace("&amp;", "&")

    def _go(self, method: str, url: str, body: str = "") -> Visitor:
        parts = urlsplit(url if "://" in url else self._host() + url)
        door = HTTPConnection("127.0.0.1", parts.port or 80, timeout=20)
        headers = {"Host": parts.netloc, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"{parts.scheme}://{parts.netloc}",
            }
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        door.request(method, path, body=body or None, headers=headers)
        answer = door.getresponse()
        for morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).values():
            self.cookies[morsel.key] = morsel.value
        self.body = answer.read().decode("utf-8", "replace")
        self.status, self.url = answer.status, parts.geturl()
        if 300 <= answer.status < 400:
            assert method == "GET" or answer.status in {302, 303}
            return self._go("GET", answer.headers["Location"])
        return self

    def _host(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"
