"""Requests to every protocol endpoint that begin as good ones and are then spoiled, in ways that know what they spoil: forms,
JSON, signed tokens that are signed again, sealed answers that are sealed again, headers and addresses."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.encryption import encrypt
from tenants.verified_id.protocol.keys import LocalSigner

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1e308,
    "",
    "\0",
    "é\u202e",
    "a" * 5000,
    "none",
    "HS256",
    "did:web:127.0.0.1%3A1#0",
    "did:key:z6Mk#z6Mk",
    "http://169.254.169.254/latest",
    "file:///etc/passwd",
    "../../..",
    "%00",
    [],
    {},
    [[]],
    {"": ""},
    {"...": "x"},
    {"_sd": ["x", "x"], "_sd_alg": "md5"},
    ["x"] * 200,
    [{"kty": "oct", "k": "AAAA"}],
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "1", "alg": "ECDH-ES", "d": "AA"},
)
NAMES = (
    "alg",
    "kid",
    "jku",
    "x5u",
    "x5c",
    "crit",
    "b64",
    "zip",
    "jwk",
    "p2c",
    "_sd",
    "...",
    "iss",
    "aud",
    "exp",
)
RAW = (
    b"",
    b"null",
    b"[" * 5000,
    b'{"a":' * 3000,
    b'{"a":1,"a":2}',
    b'{"a":"\\ud800"}',
    b'{"a":NaN}',
    b"\xff\xfe\x00",
    b"\x00" * 64,
    b"a=%ff&b=%ed%a0%80",
    b"&" * 100,
    b"=" * 100,
    b"a=1&a=2",
)


@dataclass
class Spoilt:
    """One request, as it will be sent."""

    path: str
    method: str = "POST"
    content_type: str = FORM
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Seal = Callable[[bytes], bytes]


class Spoiler:
    def __init__(self, seed: int, signer: LocalSigner) -> None:
        self.random, self.signer = random.Random(seed), signer

    def spoil(self, good: Spoilt, *, recipient: dict[str, Any] | None = None) -> Spoilt:
        """One to three things wrong with it. With a `recipient` the body is the inside of a sealed answer."""
        made, body = replace(good, headers=dict(good.headers)), good.body
        for _turn in range(self.random.choice((1, 1, 2, 3))):
            chosen = self.random.random()
            if chosen < 0.7:
                body = self.body(body, made.content_type if recipient is None else JSON)
            elif chosen < 0.8:
                made.content_type = self.random.choice(
                    (FORM, JSON, "application/jwt", "", "text/plain", "a" * 300)
                )
            elif chosen < 0.92:
                name = self.random.choice(("Authorization", "DPoP", "Accept", "If-None-Match", *made.headers))
                made.headers[name] = self.header(made.headers.get(name, ""))
            else:
                made.path = self.address(made.path)
        made.body = body if recipient is None else self.sealed(body, recipient)
        return made

    def body(self, body: bytes, content_type: str) -> bytes:
        if self.random.random() < 0.15:
            return self.bytes(body)
        if content_type == FORM:
            return self.form(body)
        try:
            return json.dumps(self.tree(json.loads(body))).encode()
        except (ValueError, RecursionError):
            return self.bytes(body)

    def bytes(self, body: bytes) -> bytes:
        at, junk = self.random.randrange(len(body) + 1), self.random.randbytes(self.random.randrange(1, 9))
        return self.random.choice((body[:at], body[:at] + junk + body[at:], body * 2, body + junk, *RAW))

    def form(self, body: bytes) -> bytes:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True) or [("a", "b")]
        at = self.random.randrange(len(pairs))
        name, value = pairs[at]
        pairs[at] = (name, self.text(value))
        if self.random.random() < 0.2:
            pairs.append(self.random.choice((pairs[at], (name, "x"), ("\0", "\0"))))
        if self.random.random() < 0.1:
            del pairs[at]
        return urlencode(pairs).encode()

    def text(self, value: str) -> str:
        """A text that may be JSON, a token, a chain of disclosures or itself."""
        if value.count("~"):
            parts = value.split("~")
            at = self.random.randrange(len(parts))
            parts[at] = self.text(parts[at]) if parts[at] else self.random.choice(("", "x", "a.b.c"))
            return "~".join(
                self.random.choice((parts, parts + parts[1:2], parts[:1] + parts[2:], parts[::-1]))
            )
        if value.count(".") == 2:
            return self.token(value)
        try:
            return json.dumps(self.tree(json.loads(value)))
        except (ValueError, RecursionError):
            return self.random.choice(
                (str(self.random.choice(ODD)), value[:-1], value + "=", value.upper(), value * 3)
            )

    def token(self, token: str) -> str:
        """Another header or other claims, signed again by whoever holds the wallet's key."""
        try:
            header, claims = (
                json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
                for part in token.split(".")[:2]
            )
        except ValueError:
            return token[:-1]
        if self.random.random() < 0.5:
            header = self.tree(header)
        else:
            claims = self.tree(claims)
        parts = [b64u(json.dumps(part).encode()) for part in (header, claims)]
        if self.random.random() < 0.05:
            parts[self.random.randrange(2)] = b64u(self.random.choice(RAW))
        signing_input = ".".join(parts)
        signature = self.random.choice((self.signer.sign(signing_input.encode()), b"", b"\0" * 64))
        return f"{signing_input}.{b64u(signature)}"

    def tree(self, value: Any) -> Any:
        """One place in it is something else."""
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            name = self.random.choice((*value, *(() if self.random.random() < 0.6 else NAMES)))
            return {**value, name: self.tree(value[name]) if name in value else self.random.choice(ODD)}
        if isinstance(value, list) and value and self.random.random() < 0.85:
            at = self.random.randrange(len(value))
            return [
                *value[:at],
                self.tree(value[at]),
                *value[at + 1 :],
                *(value[:1] if self.random.random() < 0.1 else []),
            ]
        if isinstance(value, str) and self.random.random() < 0.5:
            return self.text(value)
        return self.random.choice(ODD)

    def header(self, value: str) -> str:
        scheme, _, rest = value.partition(" ")
        return self.random.choice(
            ("", "Bearer", "Bearer ", "DPoP x", "Basic YTpi", "\x7f", "é", "a" * 4000, "*", ", ," * 50)
            + (
                (f"{scheme} {rest}x", f"bearer {rest}", f"DPoP {rest}")
                if rest
                else (self.text(value or "a.b.c"),)
            )
        )

    def address(self, path: str) -> str:
        where, _, last = path.rpartition("/")
        odd = (
            "",
            "%00",
            "%ff",
            "%ed%a0%80",
            "a" * 3000,
            "0" * 32,
            f"{last}x",
            "..%2f..",
            "%F0%9F%92%A9",
            "-1",
        )
        return f"{where}/{self.random.choice(odd)}{self.random.choice(('', '', '?time=1', '?time=%00', '?a=%ff'))}"

    def sealed(self, inside: bytes, recipient: dict[str, Any]) -> bytes:
        text = encrypt(inside, recipient, enc=self.random.choice(("A128GCM", "A256GCM")))
        if self.random.random() < 0.2:
            text = self.random.choice((text[:-4], text + ".", "." + text, text.replace("A", "B", 1)))
        return urlencode({"response": text}).encode()
