"""Relying parties: registered with the initial access token, authenticated by a secret kept as a digest."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.codes import digest, new_token, same
from portal.kit.ids import parse_public_id
from vendors.house.models import Client
from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.parameters import UnverifiedCredentials, unauthenticated
from vendors.house.provider.registration import ClientMetadata

_NOBODY = b"\x00" * 32


def may_register(unverified_token: str) -> bool:
    """RFC 7591, 3: the initial access token. None configured registers nobody."""
    expected = settings.REGISTRATION_TOKEN
    return bool(expected) and same(digest(unverified_token), digest(expected))


def register_client(metadata: ClientMetadata) -> tuple[Client, str]:
    """The client and its secret, which is shown this once."""
    secret = new_token()
    client = Client.objects.create(
        name=metadata.name,
        redirect_uris=list(metadata.redirect_uris),
        auth_method=metadata.auth_method,
        secret_digest=digest(secret),
        demonstration=metadata.demonstration,
    )
    return client, secret


def authenticate_client(unverified: UnverifiedCredentials) -> Client:
    """RFC 6749, 2.3.1. Unknown, disabled, another method, wrong secret: one and the same invalid_client."""
    client = find_client(unverified.client_id)
    expected = bytes(client.secret_digest) if client else _NOBODY
    right = same(digest(unverified.secret), expected)
    if client is None or not right or client.auth_method != unverified.method:
        raise unauthenticated("client_unknown_or_wrong_secret")
    require_allowed(client)
    return client


def require_allowed(client: Client) -> None:
    if client.demonstration and settings.IS_PRODUCTION:
        raise ProtocolError(errors.UNAUTHORIZED_CLIENT, "demonstration_refused_in_production")


def find_client(client_id: str) -> Client | None:
    try:
        identifier: UUID = parse_public_id(Client.prefix, client_id)
    except ValueError:
        return None
    return Client.objects.filter(id=identifier, disabled_at=None).first()


def disable_demonstration_clients() -> int:
    return Client.objects.filter(demonstration=True, disabled_at=None).update(disabled_at=clock.now())
