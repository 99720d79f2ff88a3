"""`/bridge/…`: what clients ask, server to server. No cookies count, and no script of another origin may read an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.kit.bodies import declared_length, read_json
from portal.kit.errors import Misconfigured, Refused, TooMany, Unavailable
from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from tenants.models import Tenant
from vendors.bridge.client_proof import prove_client
from vendors.bridge.errors import OAuthError, invalid_request
from vendors.bridge.handing import exchange_code
from vendors.bridge.keys import published_keys
from vendors.bridge.metadata import metadata_of
from vendors.bridge.models import BridgeClient
from vendors.bridge.pushing import push_request

log = logging.getLogger("readmit.bridge")

MAX_BODY = 32_768
MAX_FIELDS = 60
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
OF_NETWORK = Limit("bridge_calls_of_network", 1_200, 60)
OF_CLIENT = Limit("bridge_calls_of_client", 600, 60)
Answer = Callable[[Tenant, BridgeClient, Mapping[str, Any]], dict[str, Any]]


def tenant_of(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """404 where no client is, as for any address nobody serves."""
    if not BridgeClient.objects.filter(removed_at=None).exists():
        return JsonResponse({"error": "not_found"}, status=404)
    return JsonResponse(metadata_of(tenant_of(request)), headers={"Cache-Control": "public, max-age=300"})


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"keys": published_keys()}, headers={"Cache-Control": "public, max-age=300"})


def for_clients(status: int) -> Callable[[Answer], Callable[..., HttpResponse]]:
    """Reads the parameters, counts, and proves the client in a scope of its own, so that what it used up stays used."""

    def wrap(answer: Answer) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @own_scope
        @require_POST
        @wraps(answer)
        def served(request: HttpRequest) -> HttpResponse:
            tenant = tenant_of(request)
            try:
                take(OF_NETWORK, f"{tenant.id}|{network_of(client_address(request))}")
                form = parameters_of(request)
                with tenant_scope(tenant.id):
                    client = prove_client(
                        tenant, authorization=request.headers.get("Authorization", ""), form=form
                    )
                take(OF_CLIENT, f"{tenant.id}|{client.id}")
                return JsonResponse(answer(tenant, client, form), status=status, headers=NO_STORE)
            except OAuthError as error:
                log.info("bridge.refused %s %s", error.code, error.why)
                return _refusal(request, error)
            except (TooMany, Unavailable, Misconfigured) as error:
                log.warning("bridge.not_now %s", error.code)
                after = str(error.retry_after) if isinstance(error, TooMany) else "30"
                headers = {**NO_STORE, "Retry-After": after}
                return JsonResponse(
                    {"error": "temporarily_unavailable"}, status=error.status, headers=headers
                )

        return served

    return wrap


def _refusal(request: HttpRequest, error: OAuthError) -> HttpResponse:
    headers = dict(NO_STORE)
    if error.status == 401 and request.headers.get("Authorization"):
        headers["WWW-Authenticate"] = 'Basic realm="bridge"'
    body = {"error": error.code}
    if error.description:
        body["error_description"] = error.description
    return JsonResponse(body, status=error.status, headers=headers)


def parameters_of(request: HttpRequest) -> dict[str, Any]:
    """A form (RFC 9126, 2.1), or the JSON object that Okta's guide shows. Each parameter once (RFC 6749, 3.2); nothing from the
    address."""
    if declared_length(request) > MAX_BODY:
        raise OAuthError("invalid_request", "The request is too large.", status=413, why="too_large")
    if request.META.get("QUERY_STRING"):
        raise invalid_request("Parameters belong into the body.", why="query")
    kind = str(request.content_type)
    if kind == "application/json":
        try:
            return read_json(request, max_bytes=MAX_BODY)
        except Refused as error:
            raise invalid_request(
                "The body is no JSON object, or says something twice.", why="not_json"
            ) from error
    if kind != "application/x-www-form-urlencoded":
        raise invalid_request("The body has to be a form.", why="not_a_form")
    try:
        pairs = parse_qsl(
            request.read(MAX_BODY + 1).decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise invalid_request("The body is no form.", why="not_a_form") from error
    found = {name: value for name, value in pairs if value}
    if len({name for name, _value in pairs}) != len(pairs):
        raise invalid_request("A parameter is given twice.", why="twice")
    if any("\x00" in value for value in found.values()):
        raise invalid_request("A parameter holds what is no text.", why="not_text")
    return found


@for_clients(201)
def push(tenant: Tenant, client: BridgeClient, form: Mapping[str, Any]) -> dict[str, Any]:
    with tenant_scope(tenant.id):
        request_uri, seconds = push_request(client, form)
    return {"request_uri": request_uri, "expires_in": seconds}


@for_clients(200)
def token(tenant: Tenant, client: BridgeClient, form: Mapping[str, Any]) -> dict[str, Any]:
    return exchange_code(tenant, client.id, form)
