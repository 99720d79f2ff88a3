"""System checks that refuse to serve with a dangerous setting (STYLE 23)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.management.base import SystemCheckError
from django.db import connections

# Second labels below which country domains sell names.
SECOND_LABELS = frozenset(["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "or", "org"])
LOCAL_MAILBOX = "tenants.notices.mailbox.LocalMailboxBackend"
PRETENDING_MAIL = frozenset(
    {
        LOCAL_MAILBOX,
        *(
            f"django.core.mail.backends.{name}.EmailBackend"
            for name in ("console", "dummy", "filebased", "locmem")
        ),
    }
)
# The platform's own, with ids only: whose a host is, a customer at Stripe, and a refund that nobody explained, work whose handler opens the scope,
# events that wait for a number, entries that wait to be added up.
NOT_A_TENANTS = (
    "tenants_host",
    "billing_payer",
    "billing_unsettledrefund",
    "tenants_outbox",
    "audit_auditpending",
    "billing_usagepending",
)
SHORTEST_SECRET = 50
SHORTEST_TOKEN = 32


def registrable_domain(host: str) -> str:
    """What somebody registers: the last two labels, or three where a country sells names below a second label
    (`acme.co.uk`). Without the Public Suffix List, which changes weekly, this is a rule of thumb: it serves a warning,
    never a refusal, and where it is wrong it says "shared" of domains that are not."""
    labels = host.rstrip(".").lower().split(".")
    is_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LABELS
    return ".".join(labels[-3 if is_country else -2 :])


@register(Tags.security)
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.IS_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    origins = (settings.SITE_ORIGIN, settings.WALLET_ORIGIN, settings.HOUSE_ORIGIN)
    if not all(origin.startswith("https://") for origin in origins):
        found.append(Error("Production needs https origins.", id="readmit.E001"))
    if settings.EMAIL_BACKEND in PRETENDING_MAIL:
        found.append(
            Error(
                "This mail backend pretends to send mail and is refused in production.",
                hint="Set READMIT_EMAIL_BACKEND.",
                id="readmit.E002",
            )
        )
    if settings.BROKER_URL.startswith("memory:"):
        found.append(Error("Production needs a broker.", hint="Set READMIT_BROKER_URL.", id="readmit.E003"))
    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        found.append(Error("A cache of one process is refused in production.", id="readmit.E004"))
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        found.append(
            Error(
                "The secret key is too short to sign sessions with.",
                hint=f"Set READMIT_SECRET_KEY to at least {SHORTEST_SECRET} random characters.",
                id="readmit.E008",
            )
        )
    if len(settings.VISION_TOKEN) < SHORTEST_TOKEN:
        found.append(
            Error(
                "Anybody who reaches the vision process could use it: its word is missing or short.",
                hint=f"Set READMIT_VISION_TOKEN to at least {SHORTEST_TOKEN} random characters.",
                id="readmit.E009",
            )
        )
    hosts = [
        settings.SITE_ORIGIN,
        f"https://{settings.TENANT_BASE}",
        settings.WALLET_ORIGIN,
        settings.HOUSE_ORIGIN,
    ]
    domains = [registrable_domain(urlsplit(host).hostname or "") for host in hosts]
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


@register(Tags.security)
def check_stripe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who answers elsewhere than Stripe pretends: no production takes its word, and no live key is shown to it. Money that
    was paid is heard of by webhook, so a key comes with the secret they are signed with."""
    found: list[CheckMessage] = []
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET:
        found.append(
            Error(
                "Nobody could tell Stripe's webhooks from anybody else's.",
                hint="Set STRIPE_WEBHOOK_SECRET to the signing secret of the endpoint at /hooks/stripe.",
                id="readmit.E012",
            )
        )
    if not settings.STRIPE_API_BASE:
        return found
    if settings.IS_PRODUCTION:
        found.append(
            Error(
                "Payments would be taken by something that only pretends to be Stripe.",
                hint="Leave READMIT_STRIPE_API_BASE unset in production.",
                id="readmit.E010",
            )
        )
    if not settings.STRIPE_SECRET_KEY.startswith("sk_test_"):
        found.append(
            Error(
                "The Stripe sandbox is given a key that is not a test key.",
                hint="Set STRIPE_SECRET_KEY to one that begins with sk_test_, or unset READMIT_STRIPE_API_BASE.",
                id="readmit.E011",
            )
        )
    return found


@register(Tags.security)
def check_entra(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who answers elsewhere than Microsoft pretends: no production takes its word for a face."""
    if not settings.ENTRA_SIMULATOR_ORIGIN or not settings.IS_PRODUCTION:
        return []
    return [
        Error(
            "Cards and faces would be judged by something that only pretends to be Microsoft Entra Verified ID.",
            hint="Leave READMIT_ENTRA_SIMULATOR_ORIGIN unset in production.",
            id="readmit.E014",
        )
    ]


@register(Tags.security)
def check_graph(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who answers elsewhere than Microsoft pretends: no production takes people from it."""
    if not settings.GRAPH_SIMULATOR_ORIGIN or not settings.IS_PRODUCTION:
        return []
    return [
        Error(
            "People would come from something that only pretends to be Microsoft Graph.",
            hint="Leave READMIT_GRAPH_SIMULATOR_ORIGIN unset in production.",
            id="readmit.E015",
        )
    ]


@register(Tags.security)
def check_okta(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The same of who answers elsewhere than Okta."""
    if not settings.OKTA_SIMULATOR_ORIGIN or not settings.IS_PRODUCTION:
        return []
    return [
        Error(
            "People would come from something that only pretends to be Okta.",
            hint="Leave READMIT_OKTA_SIMULATOR_ORIGIN unset in production.",
            id="readmit.E016",
        )
    ]


@register(Tags.security)
def check_simulators(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A partner that is played verifies nobody. Without its word, whoever reaches that door could start programs."""
    found: list[CheckMessage] = []
    if settings.SIMULATORS_URL and settings.IS_PRODUCTION:
        found.append(
            Error(
                "The console would offer simulators of verification partners.",
                hint="Leave READMIT_SIMULATORS_URL unset in production.",
                id="readmit.E017",
            )
        )
    if settings.SIMULATORS_URL and len(settings.SIMULATORS_TOKEN) < SHORTEST_TOKEN:
        found.append(
            Error(
                "Anybody who reaches whoever keeps simulators could start them: its word is missing or short.",
                hint=f"Set READMIT_SIMULATORS_TOKEN to at least {SHORTEST_TOKEN} random characters.",
                id="readmit.E018",
            )
        )
    return found


@register(Tags.database)
def check_database_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The web role must not be able to step around row-level security (DESIGN 4)."""
    if "default" not in (databases or []):
        return []
    with connections["default"].cursor() as cursor:
        # What a role is a member of it can become: SET ROLE asks for nothing more.
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls) "
            "AND pg_has_role(current_user, oid, 'MEMBER'))"
        )
        strong = cursor.fetchone()
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') "
            "AND pg_has_role(current_user, c.relowner, 'MEMBER'))"
        )
        owns = cursor.fetchone()
    if strong != (False,) or owns != (False,):
        return [
            Error(
                "The database role that serves pages owns tables or bypasses row-level security.",
                hint="Use the web role in READMIT_DB_WEB_URL.",
                id="readmit.E006",
            )
        ]
    return []


@register(Tags.database)
def check_isolation(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Whatever has a tenant's id is isolated by the database itself, also a table somebody added by hand."""
    if "default" not in (databases or []):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') "
            "AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL(%s) ORDER BY 1",
            [list(NOT_A_TENANTS)],
        )
        bare = [str(name) for (name,) in cursor.fetchall()]
    return [
        Error(
            f"The table {name} holds rows of tenants without row-level security.",
            hint="Name it in a SecureTenantTables operation of its migration.",
            id="readmit.E007",
        )
        for name in bare
    ]


@register(Tags.database)
def check_demonstrations(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A demonstration takes specimens for documents. Production takes none, so its people could not recover there."""
    if not settings.IS_PRODUCTION or "default" not in (databases or []):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT slug FROM tenants_tenant WHERE is_demonstration AND status = 'active'")
        slugs = sorted(str(slug) for (slug,) in cursor.fetchall())
    if not slugs:
        return []
    return [
        Warning(
            f"Demonstrations are closed in production: {', '.join(slugs)}.",
            hint="Close the organisation, or start on a database without it.",
            id="readmit.W002",
        )
    ]


def refuse_to_serve() -> None:
    """For a web process, which no management command checks. SystemCheckError with every error that was found."""
    found = run_checks(tags=[Tags.security, Tags.database], databases=["default"])
    errors = [str(message) for message in found if message.is_serious()]
    if errors:
        raise SystemCheckError("\n".join(errors))
