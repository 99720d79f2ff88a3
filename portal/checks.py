"""System checks that refuse to serve with a dangerous setting (STYLE 23)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.management.base import SystemCheckError
from django.db import connections

LOCAL_MAILBOX = "tenants.notices.mailbox.LocalMailboxBackend"


@register(Tags.security)
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.IS_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    origins = (settings.SITE_ORIGIN, settings.WALLET_ORIGIN, settings.HOUSE_ORIGIN)
    if not all(origin.startswith("https://") for origin in origins):
        found.append(Error("Production needs https origins.", id="readmit.E001"))
    if settings.EMAIL_BACKEND == LOCAL_MAILBOX:
        found.append(
            Error(
                "The local mailbox pretends to send mail and is refused in production.",
                hint="Set READMIT_EMAIL_BACKEND.",
                id="readmit.E002",
            )
        )
    if settings.BROKER_URL.startswith("memory:"):
        found.append(Error("Production needs a broker.", hint="Set READMIT_BROKER_URL.", id="readmit.E003"))
    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        found.append(Error("A cache of one process is refused in production.", id="readmit.E004"))
    hosts = [
        settings.SITE_ORIGIN,
        f"https://{settings.TENANT_BASE}",
        settings.WALLET_ORIGIN,
        settings.HOUSE_ORIGIN,
    ]
    domains = [".".join((urlsplit(host).hostname or "").split(".")[-2:]) for host in hosts]
    if len(set(domains)) < len(domains):
        found.append(
            Warning(
                "Console, tenants, wallet and house partner share a registrable domain.",
                hint="Sibling sub-domains share cookies and rp_ids; give each a domain of its own.",
                id="readmit.W001",
            )
        )
    return found


@register(Tags.security)
def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    keys = [settings.ROOT_KEY, settings.PASS_KEY, settings.DIGEST_KEY, settings.AUDIT_KEY]
    if len(set(keys)) < len(keys):
        return [Error("Each key must be a key of its own.", id="readmit.E005")]
    return []


@register(Tags.database)
def check_database_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The web role must not be able to step around row-level security (DESIGN 4)."""
    if "default" not in (databases or []):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        row = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
        )
        owned = cursor.fetchone()
    if row is None or row[0] or (owned and owned[0]):
        return [
            Error(
                "The database role that serves pages owns tables or bypasses row-level security.",
                hint="Use the web role in READMIT_DB_WEB_URL.",
                id="readmit.E006",
            )
        ]
    return []


def refuse_to_serve() -> None:
    """For a web process, which no management command checks. SystemCheckError with every error that was found."""
    found = run_checks(tags=[Tags.security, Tags.database], databases=["default"])
    errors = [str(message) for message in found if message.is_serious()]
    if errors:
        raise SystemCheckError("\n".join(errors))
