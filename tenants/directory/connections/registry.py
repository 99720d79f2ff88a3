"""Every kind of directory that can be connected, in the order in which they are offered."""

from __future__ import annotations

from tenants.directory.connections.contract import Provider
from tenants.directory.connections.microsoft.provider import Microsoft
from tenants.directory.connections.okta.provider import Okta

PROVIDERS: dict[str, Provider] = {one.kind: one for one in (Microsoft(), Okta())}
