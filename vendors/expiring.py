"""Certificates of connections that run out: when, and telling it ahead to those who can do something about it.

Protects people from a partner that stops overnight because nobody knew of a date. Told by mail at thirty, fourteen, seven and
three days, at one, and when it is over: each once for a certificate, and anew for the one that takes its place. What it does not
do: change a certificate, or stop a partner; what has run out is refused where it would be used (portal.kit.client_tls).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.kit import clock
from portal.kit.client_tls import read_identity, read_roots
from portal.kit.errors import Misconfigured
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.alerts import tell_of_certificate
from vendors.context import open_secrets
from vendors.contract import Manifest
from vendors.models import Connection, PartnerHealth
from vendors.registry import adapter_of, is_listed

SOON = timedelta(days=30)
TOLD_DAYS = (30, 14, 7, 3, 1, 0)


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate in a setting. `issuer` is empty for those that are believed."""

    setting: str
    label: str
    issuer: str
    runs_out_at: datetime

    @property
    def days(self) -> int:
        """Whole days that are left; 0 on the last one and after it."""
        return max(0, (self.runs_out_at - clock.now()).days)

    @property
    def is_over(self) -> bool:
        return self.runs_out_at <= clock.now()

    @property
    def is_soon(self) -> bool:
        return self.runs_out_at - clock.now() <= SOON


def held_certificates(
    manifest: Manifest, config: Mapping[str, Any], secrets: Mapping[str, str]
) -> list[Held]:
    """Those of a connection, or of a set of keys beside the one in use. What cannot be read is the test's to tell."""
    found = []
    for field in manifest.fields:
        text = str(secrets.get(field.name) or config.get(field.name) or "")
        if not field.holds or not text:
            continue
        try:
            found.append(_held(field.name, field.label, text, is_ours=field.holds == "identity"))
        except Misconfigured:
            continue
    return found


def _held(setting: str, label: str, text: str, *, is_ours: bool) -> Held:
    if not is_ours:
        return Held(setting, label, "", read_roots(text))
    identity = read_identity(text)
    return Held(setting, label, identity.issuer, identity.not_after)


def certificates_of(connection: Connection) -> list[Held]:
    """In the tenant's scope. Opens the sealed settings only where the partner has certificates."""
    if not is_listed(connection.vendor):
        return []
    manifest = adapter_of(connection.vendor).manifest
    if not any(field.holds for field in manifest.fields):
        return []
    return held_certificates(manifest, connection.config, open_secrets(connection))


def tell_ahead() -> None:
    """Every organisation's connections. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            for connection in Connection.objects.exclude(status=Connection.Status.REMOVED).order_by("id"):
                first = min(certificates_of(connection), key=lambda held: held.runs_out_at, default=None)
                if first is not None and first.is_soon and _is_news(connection, first):
                    tell_of_certificate(connection, first.label, first.runs_out_at, is_over=first.is_over)


def _is_news(connection: Connection, held: Held) -> bool:
    """Whether this was not told of this certificate yet; from now on it was."""
    left = held.runs_out_at - clock.now()
    step = min(days for days in TOLD_DAYS if days == 30 or left <= timedelta(days=days))
    word = f"{held.setting}:{held.runs_out_at:%Y%m%d%H%M}:{step}"
    PartnerHealth.objects.bulk_create([PartnerHealth(connection=connection)], ignore_conflicts=True)
    rows = PartnerHealth.objects.filter(connection=connection).exclude(certificate_told=word)
    return bool(rows.update(certificate_told=word))
