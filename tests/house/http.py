"""A small HTTP client for loopback: names under .localhost are this machine (RFC 6761); redirects are not followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | str | None = None,
    body: bytes | None = None,
) -> Answer:
    parts = urlsplit(url)
    sent = {"Host": parts.netloc, **(headers or {})}
    if form is not None:
        body = (form if isinstance(form, str) else urlencode(form)).encode()
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    door = HTTPConnection("127.0.0.1", parts.port or 80, timeout=60)
    try:
        door.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body=body, headers=sent)
        response = door.getresponse()
        data = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        cookies = tuple(value for name, value in response.getheaders() if name.lower() == "set-cookie")
        return Answer(response.status, found, data, cookies)
    finally:
        door.close()
