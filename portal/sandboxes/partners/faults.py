"""What a simulator can do wrong on purpose, and the half of it that concerns every call alike."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.sandboxes.partners.world import WORLD, has

SLOW_SECONDS = 2.0
HANG_SECONDS = 40.0
# name -> what it does, as the front page tells it
FAULTS = {
    "slow": "Every answer takes two seconds",
    "hang": "No answer within 40 seconds",
    "down": "Every answer is an error 500",
    "rate_limited": "Every answer asks to slow down",
    "key_revoked": "The first key is refused, the one it was rolled to works",
    "another_account": "The rolled key is another account's, and knows no session",
    "unpaid": "Every answer asks for payment",
    "answer_lost": "A session is made, and the answer to that is lost",
    "not_json": "Answers are not JSON",
    "names_twice": "Answers name a value twice",
    "huge": "Answers are five megabytes",
    "unknown_word": "A session has a status nobody knows",
    "another_session": "The record is another session's",
    "another_reference": "The record was made for another attempt",
    "contradiction": "The second look shows another family name",
    "claims_to_be_live": "The record says that it is no test",
    "no_document": "Verified, without a document that was",
    "code_works_again": "A code is exchanged more than once",
    "erases_slowly": "Erasing takes the partner a while",
    "link_elsewhere": "The link leads to another host",
    "picture_elsewhere": "The picture lies at another host",
    "picture_unusable": "The picture is not one",
    "another_issuer": "The credential is signed by an issuer nobody was told of",
    "another_key": "The credential is signed with a key that is not the issuer's",
    "another_type": "The credential is of another type",
    "another_holder": "The credential is shown by another than it belongs to",
    "no_key_binding": "The credential is handed over, and shown by nobody",
    "shown_before": "The credential was shown for another session",
    "credential_of_before": "The credential was issued an hour before",
    "credential_expired": "The credential has expired",
    "credential_revoked": "The credential was revoked",
    "status_unavailable": "Nobody says whether credentials were revoked",
    "domain_unlinked": "No domain says that the issuer is its own",
    "says_no": "A claim check says no: the date of birth",
    "both_actions": "A claim check says yes and no",
    "elsewhere": "A claim check redirects",
    "drips": "A claim check sends a letter every third of a second",
    "wrong_type": "A claim check calls its answer a web page",
    "webhook_never": "Nothing is told by webhook",
    "webhook_replayed": "Each event is sent five times",
    "webhook_reversed": "Events are sent last first",
    "webhook_wrong_signature": "Events are signed with another secret",
    "webhook_stale": "Events were signed an hour ago",
    "webhook_altered": "Events are changed after they were signed",
    "webhook_other_session": "Events are about a session nobody knows",
}
API = ("/v1/", "/api/", "/gips/", "/par", "/token", "/rp/")


class FaultsMiddleware:
    """Stands around the API alone: the pages of a simulator that misbehaves still serve."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API):
            return self.get_response(request)
        WORLD.calls.append(f"{request.method} {request.path}")
        before = _instead()
        return before if before is not None else _after(request, self.get_response(request))


def _instead() -> HttpResponse | None:
    if has("slow"):
        time.sleep(SLOW_SECONDS)
    until = time.monotonic() + HANG_SECONDS
    while has("hang") and time.monotonic() < until:
        time.sleep(0.05)
    if has("down"):
        return JsonResponse({"error": {"type": "api_error"}}, status=500)
    if has("rate_limited"):
        return JsonResponse({"error": {"code": "rate_limit"}}, status=429, headers={"Retry-After": "1"})
    if has("unpaid"):
        return JsonResponse({"error": {"code": "billing"}}, status=402)
    return None


def _after(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if has("answer_lost") and request.method == "POST" and response.status_code in (200, 201):
        with WORLD.lock:
            WORLD.faults.discard("answer_lost")
        return HttpResponse(b"", status=502)
    if has("not_json"):
        return HttpResponse(b"<html>soon", status=response.status_code)
    if has("names_twice"):
        return HttpResponse(b'{"id":"one","id":"two"}', status=response.status_code)
    if has("huge"):
        return HttpResponse(b'{"filler":"' + b"x" * 5_000_000 + b'"}', status=response.status_code)
    return response
