"""The key services, by the word a key's row and the setting carry. Adding one is a file and a line."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.errors import Misconfigured
from tenants.verified_id.key_services.contract import KeyService
from tenants.verified_id.key_services.local import LocalKeys
from tenants.verified_id.key_services.transit import TransitKeys

KEY_SERVICES: Mapping[str, KeyService] = {"local": LocalKeys(), "transit": TransitKeys()}


def key_service(name: str) -> KeyService:
    """Misconfigured for a word nobody knows."""
    if name not in KEY_SERVICES:
        raise Misconfigured("key_service_unknown")
    return KEY_SERVICES[name]
