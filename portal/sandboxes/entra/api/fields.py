"""Reading the members of a request, each by its documented type and limits. What is not documented is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from portal.sandboxes.entra.api.errors import bad_field
from portal.sandboxes.guard import is_loopback

DID = re.compile(r"did:(web|ion):[A-Za-z0-9._:%-]+")
HEADERS = ("api-key", "authorization")
_VISIBLE = re.compile(r"[\x20-\x7e]{1,2000}")


class Fields:
    """One object of the request. `path` names it in errors, as in `callback.url`."""

    def __init__(self, given: Any, path: str = "") -> None:
        if not isinstance(given, dict):
            raise bad_field(path or "body", f"`{path or 'body'}` is not an object.")
        self.given = given
        self.path = path

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def only(self, names: Iterable[str]) -> None:
        for name in self.given:
            if name not in names:
                raise bad_field(self.at(name), f"The request contains `{self.at(name)}`, which is not known.")

    def has(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str, *, required: bool = True, longest: int = 2000) -> str:
        value = self.given.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise bad_field(
                self.at(name), f"`{self.at(name)}` is missing or is not a string that can be used."
            )
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.given.get(name, default)
        if not isinstance(value, bool):
            raise bad_field(self.at(name), f"The request contains `{self.at(name)}`, but it is not boolean.")
        return value

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise bad_field(self.at(name), f"`{self.at(name)}` is not an integer between {least} and {most}.")
        return value

    def inner(self, name: str) -> Fields:
        if name not in self.given:
            raise bad_field(self.at(name), f"`{self.at(name)}` is missing.")
        return Fields(self.given[name], self.at(name))

    def each(self, name: str) -> list[Any]:
        value = self.given.get(name)
        if not isinstance(value, list):
            raise bad_field(self.at(name), f"`{self.at(name)}` is not a collection.")
        return value

    def did(self, name: str) -> str:
        return did(self.text(name), self.at(name))

    def link(self, name: str) -> None:
        """An optional address of https."""
        if name in self.given and urlsplit(self.text(name)).scheme != "https":
            raise bad_field(self.at(name), f"`{self.at(name)}` is not an https address.")


def did(value: Any, target: str) -> str:
    if not isinstance(value, str) or not DID.fullmatch(value):
        raise bad_field(target, f"`{target}` is not a decentralized identifier.")
    return value


def read_callback(whole: Fields) -> None:
    callback = whole.inner("callback")
    callback.only(("url", "state", "headers"))
    callback.text("state", longest=400)
    _callback_url(callback)
    if callback.has("headers"):
        headers = callback.inner("headers").given
        for name, value in headers.items():
            if name.lower() not in HEADERS:
                raise bad_field("callback.headers", "The request contains an invalid callback header.")
            if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
                raise bad_field(f"callback.headers.{name}", "The value of a callback header is not a string.")


def _callback_url(callback: Fields) -> None:
    """https, reachable from the internet. Here loopback takes the place of both."""
    url = callback.text("url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    fine = host and "@" not in parts.netloc and not parts.fragment and (port is None or port > 0)
    if (
        not fine
        or parts.scheme not in ("https", "http")
        or (parts.scheme == "http" and not is_loopback(host))
    ):
        raise bad_field("callback.url", "`callback.url` has to be an https address.")
    if not is_loopback(host):
        raise bad_field(
            "callback.url", "The callback URL is unreachable: the simulator calls this machine only."
        )


def read_registration(whole: Fields, *, also: tuple[str, ...] = ()) -> None:
    registration = whole.inner("registration")
    registration.only(("clientName", "logoUrl", "termsOfServiceUrl", *also))
    registration.text("clientName", longest=300)
    registration.link("logoUrl")
    registration.link("termsOfServiceUrl")
    for name in also:
        registration.text(name, required=False)


def texts(given: Mapping[str, Any], path: str) -> None:
    for name, value in given.items():
        if not isinstance(value, str):
            raise bad_field(f"{path}.{name}", f"`{path}.{name}` is not a string.")
