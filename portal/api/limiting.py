"""How often the API may be asked, and how a caller learns how much is left.

Protects the site from scripts that run wild and keys from being guessed. A request is counted for its network and for the
key it shows before the key is looked at, in one statement that commits; what was refused is counted once more. What it
does not do: tell good networks from bad ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from portal.api.keys import WrittenKey
from portal.kit import clock
from portal.kit.errors import TooMany
from portal.kit.limits import Limit, limiter
from portal.kit.origins import client_address, network_of

OF_NETWORK = Limit("api_network", 1_200, 60)
OF_KEY = Limit("api_key", 600, 60)
REFUSED = Limit("api_refused", 60, 60)


@dataclass(frozen=True, slots=True)
class Taken:
    """A limit as the caller reads it (draft-ietf-httpapi-ratelimit-headers)."""

    limit: Limit
    used: int

    @property
    def headers(self) -> dict[str, str]:
        left = max(self.limit.count - self.used, 0)
        ends_in = self.limit.seconds - int(clock.now().timestamp()) % self.limit.seconds
        name = self.limit.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.limit.count};w={self.limit.seconds}',
            "RateLimit": f'"{name}";r={left};t={ends_in}',
        }


def _network(request: HttpRequest) -> str:
    return network_of(client_address(request))


def count_request(request: HttpRequest, key: WrittenKey | None) -> Taken:
    """TooMany for a network or a key that asks too often, and for a network that shows too many dead keys."""
    network = _network(request)
    _require_not_guessing(network)
    of_key = [(OF_KEY, key.digest.hex())] if key else []
    limiter().take_in_turn((OF_NETWORK, network), *of_key)
    counted = of_key[0] if of_key else (OF_NETWORK, network)
    return Taken(counted[0], limiter().used(*counted))


def _require_not_guessing(network: str) -> None:
    if limiter().used(REFUSED, network) >= REFUSED.count:
        raise TooMany(REFUSED.name, retry_after=REFUSED.seconds)


def count_refusal(request: HttpRequest) -> None:
    """A key that opens nothing was shown."""
    limiter().over((REFUSED, _network(request)))
