"""The simulators' own pages: a person chooses how it ends, says who was proven, and switches on what goes wrong."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest

from tests.vendors.conformance.benches import CANARY, PersonaBench, StripeBench, request_of
from tests.vendors.hostile import make_jpeg
from vendors.contract import Outcome

TOKEN = "a" * 32


@pytest.fixture(params=[PersonaBench, StripeBench])
def bench(request, simulators):
    return request.param(simulators[request.param.vendor])


def send(simulator, path, body, content_type="application/x-www-form-urlencoded", origin=""):
    """A form of the page's own, with its cookie."""
    return simulator.ask(
        "POST",
        path,
        body,
        Content_Type=content_type,
        Cookie=f"readmit_partner_simulator_csrf={TOKEN}",
        Origin=origin or simulator.origin,
    )


def whole_form(picture, **fields):
    """As a browser sends a form with a file (RFC 7578)."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
        for name, value in {"csrfmiddlewaretoken": TOKEN, **fields}.items()
    ]
    head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join(parts) + head + picture + b"\r\n--x--\r\n"


PERSON = {"given": "Grace", "family": CANARY, "birthdate": "1985-12-10", "number": "X7"}


def test_somebody_chooses_how_it_ends_who_they_are_and_their_picture(bench):
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    path = urlsplit(started.url).path
    page = bench.simulator.ask("GET", path)[2].decode()
    assert "Simulator: nobody is verified." in page and "Choose how it ends" in page
    picture = make_jpeg("red")
    form = whole_form(picture, scenario="verified", **PERSON)
    status, headers, _ = send(bench.simulator, path, form, "multipart/form-data; boundary=x")
    assert (status, headers["location"]) == (302, f"{path}/done")
    done = bench.simulator.ask("GET", f"{path}/done")[2].decode()
    assert "Back to acme.localhost" in done and "recover/return?state=" in done
    snapshot = bench.adapter.fetch(ctx, started.ref)
    said = {claim.name: claim.value for claim in snapshot.claims}
    assert snapshot.outcome is Outcome.VERIFIED
    assert (said["given_names"], said["family_name"], said["birthdate"]) == ("Grace", CANARY, "1985-12-10")
    assert bench.adapter.media(ctx, started.ref, snapshot.media[0]) == picture
    assert bench.simulator.ask("GET", path)[1]["location"] == f"{path}/done", "a second tab finds it over"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scenario": "nope"}, "Select a valid choice"),
        ({"family": ""}, "required"),
        ({"birthdate": "x"}, "valid date"),
    ],
)
def test_a_form_that_cannot_be_used_says_why_and_ends_nothing(bench, changes, said):
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    form = urlencode({"csrfmiddlewaretoken": TOKEN, "scenario": "verified", **PERSON, **changes}).encode()
    status, _, page = send(bench.simulator, urlsplit(started.url).path, form)
    assert status == 200 and said in page.decode()
    assert bench.adapter.fetch(ctx, started.ref).outcome is None


def test_a_page_elsewhere_ends_nobodys_session_and_switches_nothing(bench):
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    form = urlencode({"csrfmiddlewaretoken": TOKEN, "scenario": "verified", **PERSON}).encode()
    assert send(bench.simulator, urlsplit(started.url).path, form, origin="http://evil.localhost")[0] == 403
    assert bench.simulator.ask("POST", "/control", b"faults=down", Content_Type="text/plain")[0] == 404
    assert bench.simulator.ask("GET", "/", Host="evil.example")[0] == 404
    assert bench.adapter.fetch(ctx, started.ref).outcome is None


def test_the_front_page_says_what_to_enter_and_switches_faults(bench):
    page = bench.simulator.ask("GET", "/")[2].decode()
    assert bench.simulator.settings["api_key"] in page and "None yet" in page
    form = urlencode(
        [("csrfmiddlewaretoken", TOKEN), ("webhook_url", ""), ("faults", "down"), ("faults", "slow")]
    ).encode()
    assert send(bench.simulator, "/faults", form)[0] == 302
    assert bench.simulator.control()["faults"] == ["down", "slow"]


def test_a_scenario_chosen_beforehand_is_over_at_once(bench):
    bench.simulator.control(scenario="verified")
    ctx = bench.ctx()
    started = bench.adapter.start(ctx, request_of())
    path = urlsplit(started.url).path
    assert bench.simulator.ask("GET", path)[1]["location"] == f"{path}/done"
    assert bench.adapter.fetch(ctx, started.ref).outcome is Outcome.VERIFIED


def test_an_old_link_leads_to_a_page_that_says_so(bench):
    status, _, page = bench.simulator.ask("GET", "/verify/nobody")
    assert status == 404 and "There is nothing here" in page.decode()
