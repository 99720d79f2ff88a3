"""The door of the API: who calls, under which idempotency key, and the answer or the error.

Protects accounts from each other (a key is an account) and a repeated call from being done twice. Any `sk_test_` key
opens an account of its own; the sandbox keeps no list, for there is nothing to steal in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import re
import time
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.stripe import ids
from portal.sandboxes.stripe.api.errors import ApiError, refused
from portal.sandboxes.stripe.api.forms import decode
from portal.sandboxes.stripe.api.parameters import IDS
from portal.sandboxes.stripe.expansion import expand
from portal.sandboxes.stripe.models import IdempotentRequest
from portal.sandboxes.stripe.routes import Found, find
from portal.sandboxes.stripe.store import API_VERSION, Doc, Store, public

log = logging.getLogger("readmit.sandbox.stripe")
TEST_KEY = re.compile(r"(sk|rk)_test_[A-Za-z0-9_-]{10,240}")
KEPT_SECONDS = 24 * 3600


@csrf_exempt
def answer(request: HttpRequest, path: str) -> HttpResponse:
    """Every call of the API."""
    request_id = f"req_{ids.word(14)}"
    try:
        account = account_of(request)
        found = find(request.method or "", path)
        given = parameters(request)
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if len(key) > 255:
            raise refused("Idempotency keys may have up to 255 characters.", "", "")
        store = Store(account, request=request_id, key=key or None)
        response = _once(request, store, found, given, key) if key else _done(store, found, given)
    except ApiError as error:
        response = as_json(error.status, error.body())
    except Exception:
        log.exception("%s %s", request.method, path)
        failed = ApiError("The sandbox failed: this is a fault of its own.", status=500, type="api_error")
        response = as_json(failed.status, failed.body())
    return _with_headers(response, request, request_id)


def account_of(request: HttpRequest) -> str:
    """The account of the secret key, by Bearer or Basic."""
    scheme, _, word = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            word = base64.b64decode(word, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    elif scheme.lower() != "bearer":
        word = ""
    if not word:
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not TEST_KEY.fullmatch(word):
        raise ApiError(f"Invalid API Key provided: {_masked(word)}", status=401)
    return ids.account_named(word)


def _masked(word: str) -> str:
    return f"{word[:8]}{'*' * 8}{word[-4:]}" if len(word) > 16 else "*" * len(word)


def parameters(request: HttpRequest) -> dict[str, Any]:
    query = request.META.get("QUERY_STRING", "")
    if request.method == "GET":
        return decode(query)
    body = request.body.decode("utf-8", "surrogateescape")
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if body and kind != "application/x-www-form-urlencoded":
        raise refused(
            f"Invalid request: this API takes form-encoded parameters, not {kind[:60] or 'nothing'}."
        )
    return {**decode(query), **decode(body)}


def _done(store: Store, found: Found, given: dict[str, Any]) -> HttpResponse:
    """Do it, all or nothing, and answer."""
    with transaction.atomic():
        return as_json(*_answered(store, found, given))


def _answered(store: Store, found: Found, given: dict[str, Any]) -> tuple[int, Doc]:
    """Status and body. Expansion is read after the change."""
    paths = IDS(given.pop("expand"), "expand") if "expand" in given else []
    try:
        doc = json.loads(json.dumps(found.function(store, given, *found.arguments)))
    except ApiError as error:
        if error.keeps:
            return error.status, public(error.body())
        raise
    return 200, dict(public(expand(store, doc, paths)))


# Idempotency -----------------------------------------------------------------------------------------------------


def _once(request: HttpRequest, store: Store, found: Found, given: dict[str, Any], key: str) -> HttpResponse:
    """The first request under a key is done and its answer kept; later ones read that answer.

    The key is taken in a transaction of its own, so that a second request that comes meanwhile sees it.
    """
    seen = IdempotentRequest.objects.filter(account=store.account, key=key)
    digest = hashlib.sha256(json.dumps([request.path, given], sort_keys=True).encode()).hexdigest()
    mine = IdempotentRequest(
        account=store.account, key=key, digest=digest, request_id=store.request or "", created_at=time.time()
    )
    # Read without the lock: whoever holds it may be doing this very request.
    if seen.filter(created_at__gte=time.time() - KEPT_SECONDS).exists():
        return _again(store, digest, key)
    try:
        with transaction.atomic():
            seen.filter(created_at__lt=time.time() - KEPT_SECONDS).delete()
            mine.save(force_insert=True)
    except IntegrityError:
        return _again(store, digest, key)
    try:
        with transaction.atomic():
            return _keep(mine, *_answered(store, found, given))
    except ApiError as error:
        if error.type == "invalid_request_error" and error.status in {400, 404}:
            # Nothing was begun: the same key may come again with the mistake mended.
            mine.delete()
            raise
        return _keep(mine, error.status, error.body())
    except Exception:
        mine.delete()
        raise


def _keep(mine: IdempotentRequest, status: int, body: Doc) -> HttpResponse:
    mine.status, mine.body = status, json.dumps(body)
    mine.save(update_fields=["status", "body"])
    return as_json(status, body)


def _again(store: Store, digest: str, key: str) -> HttpResponse:
    first = IdempotentRequest.objects.filter(account=store.account, key=key).first()
    if first is not None and first.digest != digest:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    if first is None or first.status is None:
        raise ApiError(
            "There is currently another in-progress request using this Idempotency Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later.",
            "idempotency_key_in_use",
            status=409,
            type="idempotency_error",
        )
    response = as_json(first.status, json.loads(first.body))
    response.headers["Idempotent-Replayed"] = "true"
    response.headers["Original-Request"] = first.request_id
    return response


# Answers ---------------------------------------------------------------------------------------------------------


def as_json(status: int, body: Doc) -> HttpResponse:
    return HttpResponse(
        json.dumps(body, indent=2).encode() + b"\n", status=status, content_type="application/json"
    )


def _with_headers(response: HttpResponse, request: HttpRequest, request_id: str) -> HttpResponse:
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    response.headers["Stripe-Sandbox"] = "no money moves here"
    if key := request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = key
    # The package tries 409 again by itself; a caller in the dark should not.
    if response.status_code in {400, 401, 402, 404}:
        response.headers["Stripe-Should-Retry"] = "false"
    return response
