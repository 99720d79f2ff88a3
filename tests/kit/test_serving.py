"""Requests are taken whole: whoever drips holds no thread, and what arrives is what was sent."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from portal.embedded.broker import free_port
from portal.embedded.data import REPOSITORY


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    found = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--no-ws"),
        *("--port", str(found), "tests.kit.served:application"),
    ]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _try in range(300):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", found)) == 0:
                    break
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)


def say(port: int, data: bytes) -> socket.socket:
    door = socket.create_connection(("127.0.0.1", port), timeout=60)
    door.sendall(data)
    return door


def answer(port: int, data: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes back until the other side closes."""
    with closing(say(port, data)) as door:
        whole = b""
        while piece := door.recv(1 << 20):
            whole += piece
    head, _, body = whole.partition(b"\r\n\r\n")
    return head, body


def asked(target: bytes = b"/", *lines: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    head = [method + b" " + target + b" HTTP/1.1", b"Host: acme.example:1", b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def test_fifty_bodies_that_drip_do_not_keep_a_page_waiting(port: int) -> None:
    start = asked(b"/", b"Content-Length: 5000", method=b"POST", body=b"a")
    slow = [say(port, start) for _number in range(50)]
    head, _body = answer(port, asked())
    assert head.startswith(b"HTTP/1.1 201")
    assert all(door.recv(100).startswith(b"HTTP/1.1 408") for door in slow)
    for door in slow:
        door.close()


def test_what_was_sent_is_what_arrives(port: int) -> None:
    lines = (
        b"Content-Type: text/plain",
        b"Content-Length: 3",
        b"Cookie: a=1",
        b"Cookie: b=2",
        b"X-A: 1",
        b"X-A: 2",
    )
    head, body = answer(port, asked(b"/%C3%A9%2f?x=%ff&y=1", *lines, method=b"POST", body=b"abc"))
    told = json.loads(body)
    assert b"set-cookie: a=1" in head.lower()
    assert (told["REQUEST_METHOD"], told["QUERY_STRING"], told["got"]) == ("POST", "x=%ff&y=1", 3)
    assert told["PATH_INFO"].encode("latin-1").decode() == "/é/"
    assert (told["CONTENT_TYPE"], told["CONTENT_LENGTH"]) == ("text/plain", "3")
    assert (told["HTTP_COOKIE"], told["HTTP_X_A"], told["HTTP_HOST"]) == ("a=1; b=2", "1,2", "acme.example:1")
    assert (told["REMOTE_ADDR"], told["SERVER_NAME"], told["SERVER_PORT"]) == (
        "127.0.0.1",
        "127.0.0.1",
        str(port),
    )


def test_a_body_in_chunks_has_a_length(port: int) -> None:
    chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    _head, body = answer(port, asked(b"/", b"Transfer-Encoding: chunked", method=b"POST", body=chunks))
    told = json.loads(body)
    assert (told["got"], told["CONTENT_LENGTH"]) == (5, "5")


def test_a_header_that_could_pass_for_a_proxys_is_left_out(port: int) -> None:
    _head, body = answer(port, asked(b"/", b"X_Forwarded_For: 1.2.3.4", b"X-Forwarded-Proto: https"))
    told = json.loads(body)
    assert "HTTP_X_FORWARDED_FOR" not in told and told["HTTP_X_FORWARDED_PROTO"] == "https"


def test_what_is_too_much_is_read_past_and_what_never_ends_is_refused(port: int) -> None:
    much = b"a" * 1_500_000
    length = b"Content-Length: %d" % len(much)
    _head, body = answer(port, asked(b"/", length, method=b"POST", body=much))
    told = json.loads(body)
    assert told["CONTENT_LENGTH"] == "1500000" and 1_000_000 <= told["got"] < 1_500_000
    length = b"Content-Length: 9000000"
    with closing(say(port, asked(b"/", length, method=b"POST"))) as door:
        door.sendall(b"a" * 2_100_000)
        assert door.recv(100).startswith(b"HTTP/1.1 413")


def test_a_long_answer_comes_whole(port: int) -> None:
    head, body = answer(port, asked(b"/long"))
    # In chunks, as its length is not known: the frame around each is a few bytes.
    assert head.startswith(b"HTTP/1.1 200") and body.count(b"x") == 8_000_000 and b"another" not in body


def test_a_head_has_no_body(port: int) -> None:
    head, body = answer(port, asked(b"/", method=b"HEAD"))
    assert head.startswith(b"HTTP/1.1 201") and body == b""


def test_half_a_request_is_none(port: int) -> None:
    say(port, asked(b"/half", b"Content-Length: 5000", method=b"POST", body=b"abc")).close()
    answer(port, asked(b"/whole", b"Content-Length: 3", method=b"POST", body=b"abc"))
    time.sleep(0.3)
    seen = json.loads(answer(port, asked(b"/seen"))[1])
    assert "/whole" in seen and "/half" not in seen
