"""Outbound HTTP: what it refuses to reach, and what a hostile other side cannot do to us."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from portal.kit import http
from portal.kit.errors import Misconfigured, Unavailable
from tests.peers.certificates import Authority

Answering = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "2001:db8::1"),
    *("2001::1", "3fff::1", "5f00::1"),
]
# IPv4 in disguise: mapped, compatible, 6to4, NAT64.
DISGUISED = [
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:100.64.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1"),
]
SPELLED = [
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "10.1",
    "0",
    "127.0.0.1.",
    "localhost.",
]


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def answer(host: str, port: int, **_more: Any) -> list[Any]:
        return [(None, None, None, "", (address, port)) for address in addresses]

    monkeypatch.setattr(http.socket, "getaddrinfo", answer)


@contextmanager
def listening(answer: Answering, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server for one request after the other that answers as it is told."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    guest, _address = door.accept()
                    with guest, tls.wrap_socket(guest, server_side=True) if tls else guest as line:
                        line.recv(65536)
                        answer(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(door.getsockname()[1])
        over.set()
        door.shutdown(socket.SHUT_RDWR)
        thread.join(30)


@pytest.fixture
def production(settings: Any) -> None:
    settings.IS_PRODUCTION = True


@pytest.mark.parametrize("address", [*PRIVATE, *DISGUISED])
def test_an_address_inside_is_refused_as_literal_and_as_answer_of_a_name_server(
    address: str, production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Misconfigured):
        http.send("GET", f"https://{literal}/")
    resolving_to(monkeypatch, address)
    with pytest.raises(Misconfigured) as refused:
        http.send("GET", "https://partner.example/")
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("host", SPELLED)
def test_an_address_spelled_otherwise_is_refused(host: str, production: None) -> None:
    with pytest.raises((Misconfigured, Unavailable)) as refused:
        http.send("GET", f"https://{host}/")
    assert refused.value.code in {"address_refused", "name_not_found"}


def test_development_refuses_the_inside_of_the_network_too() -> None:
    for host in ("127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254"):
        with pytest.raises(Misconfigured):
            http.send("GET", f"https://{host}/")
        with pytest.raises(Misconfigured):
            http.send("GET", f"http://{host}/")


@pytest.mark.parametrize("name", ["localhost", "acme.localhost", "ACME.LOCALHOST"])
def test_production_reaches_no_name_under_localhost(name: str, production: None) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(Misconfigured):
            http.send("GET", f"{scheme}://{name}:8000/")


def test_an_address_outside_is_connected_to_as_it_was_resolved(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given, chosen in (
        (("10.0.0.1", "93.184.216.34"), "93.184.216.34"),
        (("2606:2800:220:1::1",), "2606:2800:220:1::1"),
        (("64:ff9b::5db8:d822",), "64:ff9b::5db8:d822"),
    ):
        resolving_to(monkeypatch, *given)
        assert http._address("partner.example", 443) == chosen


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/",
        "ftp://partner.example/",
        "https://me:pw@partner.example/",
        "https:///x",
        "//x/",
    ],
)
def test_an_address_without_https_with_a_password_or_without_a_host_is_refused(
    url: str, production: None
) -> None:
    with pytest.raises(Misconfigured):
        http.send("GET", url)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    seen: list[int] = []

    def answer(line: socket.socket) -> None:
        seen.append(1)
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://other.localhost/\r\nContent-Length: 0\r\n\r\n")

    with listening(answer) as port:
        reply = http.send("GET", f"http://partner.localhost:{port}/")
    assert (reply.status, reply.headers["location"], len(seen)) == (302, "http://other.localhost/", 1)


@pytest.mark.parametrize("head", [HEAD + b"Content-Length: 50\r\n\r\n", HEAD + b"Connection: close\r\n\r\n"])
def test_an_answer_over_the_bound_is_refused_and_one_on_it_is_read(head: bytes) -> None:
    with listening(lambda line: line.sendall(head + b"x" * 50)) as port:
        assert http.send("GET", f"http://partner.localhost:{port}/", max_bytes=50).body == b"x" * 50
        with pytest.raises(Unavailable) as refused:
            http.send("GET", f"http://partner.localhost:{port}/", max_bytes=49)
    assert refused.value.code == "answer_too_large"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        HEAD + b"Content-Length: 900\r\n\r\n",
        HEAD + b"Connection: close\r\n\r\n",
    ],
    ids=["nothing", "in the head", "in the body", "in a body without end"],
)
def test_an_answer_that_drips_is_over_when_the_time_is(head: bytes) -> None:
    left, waited_for = threading.Event(), threading.Event()

    def drip(line: socket.socket) -> None:
        line.sendall(head)
        for _number in range(1500):
            if left.wait(0.02):
                return
            if head:
                line.sendall(b"x")
        waited_for.set()

    with listening(drip) as port:
        with pytest.raises(Unavailable) as refused:
            http.send("GET", f"http://partner.localhost:{port}/", timeout=0.3)
        left.set()
    assert refused.value.code == "no_answer" and not waited_for.is_set()


@pytest.mark.parametrize("said", [b"", b"no http\r\n\r\n", HEAD + b"Content-Length: 9\r\n\r\nshort"])
def test_an_answer_that_is_none_is_unavailable(said: bytes) -> None:
    with listening(lambda line: line.sendall(said)) as port, pytest.raises(Unavailable):
        http.send("GET", f"http://partner.localhost:{port}/", timeout=30)


def test_the_certificate_must_be_for_the_name_and_from_an_authority_we_know(
    tmp_path: Path, settings: Any
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("partner", "partner.localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    with listening(lambda line: line.sendall(HEAD + b"Content-Length: 2\r\n\r\nok"), tls=tls) as port:
        with pytest.raises(Unavailable):
            http.send("GET", f"https://partner.localhost:{port}/", timeout=30)
        settings.OUTBOUND_CA_FILE = str(authority.file)
        assert http.send("GET", f"https://partner.localhost:{port}/", timeout=30).body == b"ok"
        with pytest.raises(Unavailable):
            http.send("GET", f"https://other.localhost:{port}/", timeout=30)


def test_the_other_side_is_told_its_name_and_a_form_is_encoded() -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

        def serve() -> None:
            guest, _address = door.accept()
            with guest:
                while not b"".join(received).endswith(b"code=x+y"):
                    received.append(guest.recv(65536))
                guest.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        http.send("POST", f"http://partner.localhost:{port}/token?a=1", form={"code": "x y"}, timeout=30)
        thread.join(30)
    text = b"".join(received).decode()
    assert text.startswith("POST /token?a=1 HTTP/1.1\r\n") and text.endswith("\r\n\r\ncode=x+y")
    assert f"Host: partner.localhost:{port}\r\n" in text and text.count("Host:") == 1


def test_nothing_leaves_inside_a_web_request_or_a_transaction() -> None:
    with http.serving_request(), pytest.raises(RuntimeError, match="web request"):
        http.send("GET", "http://partner.localhost:9/")
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        http.send("GET", "http://partner.localhost:9/")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://:secret@example.com/", "address_unusable"),
        ("https://example.com/a b", "address_unusable"),
        ("https://example.com/é", "address_unusable"),
        ("https://example.com/?q=\x7f", "address_unusable"),
        (f"https://{'a' * 64}.example/", "name_not_found"),
        ("https://\ud800.example/", "name_not_found"),
    ],
)
def test_an_address_that_cannot_be_sent_is_refused_and_never_an_accident(url: str, code: str) -> None:
    with pytest.raises((Misconfigured, Unavailable)) as refused:
        http.send("GET", url)
    assert refused.value.code == code


def test_a_header_that_would_begin_another_is_refused() -> None:
    def answer(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

    with listening(answer) as port, pytest.raises(Misconfigured) as refused:
        http.send("GET", f"http://x.localhost:{port}/", headers={"Authorization": "Bearer a\r\nX: y"})
    assert refused.value.code == "request_unsendable"
