"""The provider's addresses for programs: discovery, keys, registration, PAR, token, attachments."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from portal.kit import limits
from portal.kit.origins import client_address
from vendors.house.limits import PUSHED_REQUESTS, REGISTRATIONS, REGISTRATIONS_WITHOUT_TOKEN
from vendors.house.models import Client
from vendors.house.provider import errors
from vendors.house.provider.authorization_request import read_authorization_request
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.metadata import provider_metadata
from vendors.house.provider.parameters import json_object, read_credentials, single_parameters
from vendors.house.provider.registration import read_client_metadata
from vendors.house.services.clients import authenticate_client, may_register, register_client
from vendors.house.services.exchange import UnverifiedExchange, exchange_code
from vendors.house.services.keys import published_jwks
from vendors.house.services.portraits import hand_over_portrait
from vendors.house.services.requests import push_request

FORM = "application/x-www-form-urlencoded"
BEARER = 'Bearer realm="readmit-house"'


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(provider_metadata(settings.HOUSE_ORIGIN))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    response = JsonResponse({"keys": published_jwks()}, content_type="application/jwk-set+json")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@csrf_exempt
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """RFC 7591, 3.1: bounded by network address, open to holders of the initial access token only."""
    if not may_register(_bearer(request)):
        limits.take(REGISTRATIONS_WITHOUT_TOKEN, client_address(request))
        raise ProtocolError(
            errors.INVALID_TOKEN, "initial_access_token", clause="RFC 7591, 3", status=401, challenge=BEARER
        )
    limits.take(REGISTRATIONS, client_address(request))
    read = read_client_metadata(
        json_object(_body(request), error=errors.INVALID_CLIENT_METADATA),
        plain_loopback=not settings.IS_PRODUCTION,
        demonstration_allowed=not settings.IS_PRODUCTION,
    )
    client, secret = register_client(read)
    answer = {
        "client_id": client.public_id,
        "client_secret": secret,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_secret_expires_at": 0,
        **read.to_json(),
    }
    return _unkept(JsonResponse(answer, status=201))


@csrf_exempt
@require_POST
def par(request: HttpRequest) -> HttpResponse:
    """RFC 9126, 2."""
    client, parameters = _authenticated_form(request)
    limits.take(PUSHED_REQUESTS, client.public_id)
    parameters.setdefault("client_id", client.public_id)
    read = read_authorization_request(
        parameters,
        expected_client_id=client.public_id,
        registered_redirect_uris=client.redirect_uris,
    )
    request_uri, seconds = push_request(client, read)
    return _unkept(JsonResponse({"request_uri": request_uri, "expires_in": seconds}, status=201))


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """RFC 6749, 4.1.3."""
    client, parameters = _authenticated_form(request)
    if parameters.get("grant_type") != "authorization_code":
        raise ProtocolError(errors.UNSUPPORTED_GRANT_TYPE, "grant_type", clause="RFC 6749, 5.2")
    for name in ("code", "redirect_uri", "code_verifier"):
        if name not in parameters:
            raise ProtocolError(errors.INVALID_REQUEST, f"{name}_missing", clause="RFC 6749, 5.2")
    unverified = UnverifiedExchange(
        parameters["code"], parameters["redirect_uri"], parameters["code_verifier"]
    )
    return _unkept(JsonResponse(exchange_code(client, unverified)))


@require_GET
def attachment(request: HttpRequest, public_id: str) -> HttpResponse:
    """OpenID Connect for Identity Assurance, external attachments: once, and then it exists no more."""
    jpeg = hand_over_portrait(public_id, _bearer(request))
    return _unkept(HttpResponse(jpeg, content_type="image/jpeg"))


def _authenticated_form(request: HttpRequest) -> tuple[Client, dict[str, str]]:
    if request.content_type != FORM:
        raise ProtocolError(errors.INVALID_REQUEST, "not_a_form", clause="RFC 6749, 3.2", status=400)
    try:
        pairs = parse_qsl(
            _body(request).decode("utf-8"), keep_blank_values=True, strict_parsing=False, max_num_fields=60
        )
    except ValueError as error:
        raise ProtocolError(errors.INVALID_REQUEST, "form_unreadable") from error
    parameters = single_parameters(pairs)
    client = authenticate_client(read_credentials(request.headers.get("Authorization", ""), parameters))
    return client, {name: value for name, value in parameters.items() if name != "client_secret"}


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig as error:
        raise ProtocolError(errors.INVALID_REQUEST, "body_too_long", status=413) from error


def _bearer(request: HttpRequest) -> str:
    """RFC 6750, 2.1: in the header only."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _unkept(response: HttpResponse) -> HttpResponse:
    """RFC 6749, 5.1."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
