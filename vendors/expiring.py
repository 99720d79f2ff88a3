"""Certificates of connections that run out: when, and telling it ahead to those who can do something about it.

Protects people from a partner that stops overnight because nobody knew of a date. Told by mail at thirty, fourteen, seven and
three days, at one, and when it is over: each once for each certificate, and anew for the one that takes its place. Beside those in
a connection's settings, whoever asks wallets has the access certificate, and the ones of those whose identities it believes. What
it does not do: change a certificate, or stop a partner; what has run out is refused where it would be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.client_tls import read_identity, read_roots
from portal.kit.errors import Misconfigured
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.clients import newest_certificate
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol.certificates import read_certificates
from tenants.verified_id.trusting import trusted_issuers
from vendors.alerts import tell_of_certificate
from vendors.context import open_secrets
from vendors.contract import Manifest
from vendors.models import Connection, PartnerHealth
from vendors.registry import adapter_of, is_listed

SOON = timedelta(days=30)
TOLD_DAYS = (30, 14, 7, 3, 1, 0)


# Where the next one is entered.
Place = Literal["keys", "settings", "access", "issuers"]


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate, by the setting it is in or by what else names it. `issuer` is empty for those that are believed."""

    setting: str
    label: str
    issuer: str
    runs_out_at: datetime
    place: Place = "keys"

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
        return Held(setting, label, "", read_roots(text), "settings")
    identity = read_identity(text)
    return Held(setting, label, identity.issuer, identity.not_after)


def certificates_of(connection: Connection) -> list[Held]:
    """In the tenant's scope. Opens the sealed settings only where the partner has certificates."""
    if not is_listed(connection.vendor):
        return []
    manifest = adapter_of(connection.vendor).manifest
    found = [*_of_wallets()] if manifest.asks_wallets else []
    if any(field.holds for field in manifest.fields):
        found += held_certificates(manifest, connection.config, open_secrets(connection))
    return found


def _of_wallets() -> Iterator[Held]:
    """The one that signs requests, and those under which identities of a state are believed."""
    newest = newest_certificate()
    if newest is not None and newest.expires_at is not None:
        leaf = read_certificates(newest.chain_pem)[0]
        yield Held("access", _("Access certificate"), _named(leaf.issuer), newest.expires_at, "access")
    rows = trusted_issuers().filter(purpose=TrustedIssuer.Purpose.PID).exclude(certificate_pem="")
    for row in rows:
        with suppress(ValueError):  # it was read when it was entered, and is read again where it counts
            ends = min(each.not_valid_after_utc for each in read_certificates(row.certificate_pem))
            yield Held(row.id.hex, row.name, "", ends, "issuers")


def _named(name: x509.Name) -> str:
    return name.rfc4514_string()


def tell_ahead() -> None:
    """Every organisation's connections. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            for connection in Connection.objects.exclude(status=Connection.Status.REMOVED).order_by("id"):
                soon = [held for held in certificates_of(connection) if held.is_soon]
                for held in _news(connection, soon):
                    tell_of_certificate(
                        connection, held.label, held.runs_out_at, is_over=held.is_over, place=held.place
                    )


def _news(connection: Connection, soon: Sequence[Held]) -> list[Held]:
    """Those of which this was not told yet; from now on it was. What is there no more is forgotten."""
    if not soon:
        return []
    PartnerHealth.objects.bulk_create([PartnerHealth(connection=connection)], ignore_conflicts=True)
    health = PartnerHealth.objects.select_for_update().get(connection=connection)
    told, words = health.certificate_told.split(), [_word(held) for held in soon]
    if set(words) != set(told):
        health.certificate_told = " ".join(words)
        health.save(update_fields=["certificate_told"])
    return [held for held, word in zip(soon, words, strict=True) if word not in told]


def _word(held: Held) -> str:
    """Which one, until when, and at how many days."""
    left = held.runs_out_at - clock.now()
    step = min(days for days in TOLD_DAYS if days == TOLD_DAYS[0] or left <= timedelta(days=days))
    return f"{held.setting}:{held.runs_out_at:%Y%m%d%H%M}:{step}"
