"""The one settings file. Dangerous combinations are refused by `portal.checks`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from portal import env, registry

ROOT = Path(__file__).resolve().parent.parent

# ---------------------------------------------------------------- mode and origins
MODE = env.choice("READMIT_MODE", ("development", "production"))
IS_PRODUCTION = MODE == "production"
DEBUG = False
SITE_ORIGIN = env.text("READMIT_SITE_ORIGIN", "http://localhost:8000")
TENANT_BASE = env.text("READMIT_TENANT_BASE", "localhost:8000")
WALLET_ORIGIN = env.text("READMIT_WALLET_ORIGIN", "http://wallet.localhost:8000")
HOUSE_ORIGIN = env.text("READMIT_HOUSE_ORIGIN", "http://house.localhost:8001")
RESERVED_SLUGS = frozenset(
    [
        "www",
        "wallet",
        "house",
        "stripe",
        "entra",
        "graph",
        "okta",
        # Simulators of partners answer there (`manage.py simulator`).
        "bankid-se",
        "claims",
        "eu-pid",
        "handoff",
        "idemia",
        "oidc",
        "persona",
        "stripe-identity",
        "mail",
        "mailbox",
        "api",
        "app",
        "admin",
        "console",
        "static",
        "assets",
        "login",
        "signin",
        "sign-in",
        "signup",
        "sign-up",
        "id",
        "auth",
        "account",
        "accounts",
        "billing",
        "status",
        "support",
        "help",
        "docs",
        "hooks",
        "partner",
        "partners",
        "operator",
        "readmit",
        "root",
        "test",
        "dev",
        "staging",
        "smtp",
        "imap",
        "ftp",
        "ns",
        "ns1",
        "ns2",
        "mx",
        "autoconfig",
        "autodiscover",
        "localhost",
    ]
)
HTTPS = SITE_ORIGIN.startswith("https://")
TRUSTED_PROXIES = env.number("READMIT_TRUSTED_PROXIES", 0)
ALLOWED_HOSTS = ["*"]  # portal.middleware.hosts answers 404 to every host that is not ours
DATA = Path(env.text("READMIT_DATA", str(ROOT / ".data")))

# ---------------------------------------------------------------- keys (outside the database)
SECRET_KEY = env.text("READMIT_SECRET_KEY")
ROOT_KEY = env.key("READMIT_ROOT_KEY")
PASS_KEY = env.key("READMIT_PASS_KEY")
DIGEST_KEY = env.key("READMIT_DIGEST_KEY")
AUDIT_KEY = env.key("READMIT_AUDIT_KEY")
KEY_STORE = "tenants.keys.DatabaseKeyStore"
LIMITER = "tenants.limits.DatabaseLimiter"
# Where the authorities' signing keys rest: sealed in the database, or at a Transit engine (Vault, OpenBao).
KEY_SERVICE = env.text("READMIT_KEY_SERVICE", "local")
TRANSIT_URL = env.text("READMIT_TRANSIT_URL", "")
TRANSIT_TOKEN = env.text("READMIT_TRANSIT_TOKEN", "")
TRANSIT_MOUNT = env.text("READMIT_TRANSIT_MOUNT", "transit")

# ---------------------------------------------------------------- rooms
INSTALLED_APPS = [
    "portal.console",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tenants.audit",
    "tenants",
    "tenants.notices",
    "tenants.privacy",
    "tenants.directory",
]
# Rooms that come with their own folder; each is one line.
INSTALLED_APPS += [
    "vendors",
    "vendors.billing",
    "vendors.catalogue",
    "vendors.facecheck",
    "vendors.trying",
    "vendors.bridge",
    "tenants.verified_id",
    "tenants.directory.connections",
    "tenants.verified_id.entra",
    "portal.wallet",
    "recovery.access_pass",
    "recovery.passkeys",
    "recovery.callouts",
    "recovery",
    "recovery.connected",
    "recovery.attesting",
    "recovery.readiness",
    "recovery.patterns",
    "recovery.entry",
    "portal.demo",
    "portal.api",
]
AUTH_USER_MODEL = "tenants.User"
# Staff accounts that run the platform, by their confirmed addresses. Nobody unless somebody is named.
OPERATORS = env.addresses("READMIT_OPERATORS")

OUTBOX_MODEL = "tenants.Outbox"
OUTBOX_SENDER = "portal.celery.send_job"
OUTBOX_TOPICS = registry.OUTBOX_TOPICS
PERIODIC_JOBS = registry.PERIODIC_JOBS
LIMITED_SEATS = registry.LIMITED_SEATS
PROFILE_NAMES = registry.PROFILE_NAMES
HELD_ELSEWHERE = registry.HELD_ELSEWHERE
RECOVERED_BETWEEN = registry.RECOVERED_BETWEEN
CARD_HOLDERS = registry.CARD_HOLDERS
SIGN_IN_OFFER = registry.SIGN_IN_OFFER

MIDDLEWARE = [
    "portal.middleware.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.HeadersMiddleware",
    "portal.middleware.SiteSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.SiteAuthenticationMiddleware",
    "portal.middleware.SiteMessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ErrorMiddleware",
    "portal.middleware.ScopeMiddleware",
]
ROOT_URLCONF = "portal.urls.site"
TENANT_URLCONF = "portal.urls.tenant"
WALLET_URLCONF = "portal.urls.wallet"
WALLET_HEADERS = "portal.wallet.views.security_headers"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.messages.context_processors.messages",
                "portal.context.page",
                "portal.console.context.shell",
            ],
            "libraries": {"elements": "portal.templatetags.elements"},
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ---------------------------------------------------------------- database
DATABASES = {
    "default": env.database("READMIT_DB_WEB_URL"),
}
if os.environ.get("READMIT_DB_MIGRATOR_URL"):
    DATABASES["migrator"] = env.database("READMIT_DB_MIGRATOR_URL", CONN_MAX_AGE=0)
if os.environ.get("READMIT_DB_OPS_URL"):
    DATABASES["ops"] = env.database("READMIT_DB_OPS_URL")
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# ---------------------------------------------------------------- jobs
BROKER_URL = env.text("READMIT_BROKER_URL", "memory://")
BROKER_OPTIONS = env.text("READMIT_BROKER_OPTIONS", "{}")
# Shared by all processes, or limits would count per process.
CACHES: dict[str, dict[str, str]] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": BROKER_URL}
        if BROKER_URL.startswith(("redis://", "rediss://"))
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}
    ),
}
# Numbers about people that take longer to count than this, in seconds, are kept there for a while (portal.kit.kept_counts).
KEEP_COUNTS_AFTER = 0.1

# ---------------------------------------------------------------- cookies and transport
_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_PREFIX}readmit_staff"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 12
CSRF_COOKIE_NAME = f"{_PREFIX}readmit_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
JOURNEY_COOKIE_NAME = f"{_PREFIX}readmit_journey"
PERSON_COOKIE_NAME = f"{_PREFIX}readmit_person"
BRIDGE_COOKIE_NAME = f"{_PREFIX}readmit_bridge"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["portal.kit.uploads.BoundedMemoryUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 12_000_000
OUTBOUND_CA_FILE = env.text("READMIT_OUTBOUND_CA_FILE", "")

# ---------------------------------------------------------------- vision and house partner
VISION_URL = env.text("READMIT_VISION_URL", "")
VISION_TOKEN = env.text("READMIT_VISION_TOKEN", "")
HOUSE_REGISTRATION_TOKEN = env.text("READMIT_HOUSE_REGISTRATION_TOKEN", "")

# ---------------------------------------------------------------- simulators of partners
# Who starts them when the console asks; empty means that it offers none.
SIMULATORS_URL = env.text("READMIT_SIMULATORS_URL", "")
SIMULATORS_TOKEN = env.text("READMIT_SIMULATORS_TOKEN", "")

# ---------------------------------------------------------------- Stripe, or the sandbox that stands in for it
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", os.environ.get("READMIT_STRIPE_SANDBOX_KEY", ""))
STRIPE_WEBHOOK_SECRET = env.text(
    "STRIPE_WEBHOOK_SECRET", os.environ.get("READMIT_STRIPE_SANDBOX_WEBHOOK_SECRET", "")
)
# Empty means Stripe itself.
STRIPE_API_BASE = env.text("READMIT_STRIPE_API_BASE", "")
# Only an account that registered for taxes may ask Stripe to compute them.
STRIPE_AUTOMATIC_TAX = env.flag("READMIT_STRIPE_AUTOMATIC_TAX")

# ---------------------------------------------------------------- Microsoft Entra Verified ID, or the simulator of it
# Empty means Microsoft itself.
ENTRA_SIMULATOR_ORIGIN = env.text("READMIT_ENTRA_SIMULATOR_ORIGIN", "")

# ---------------------------------------------------------------- Microsoft Graph, or the simulator of it
# Empty means Microsoft itself.
GRAPH_SIMULATOR_ORIGIN = env.text("READMIT_GRAPH_SIMULATOR_ORIGIN", "")

# ---------------------------------------------------------------- Okta, or the simulator of it
# Empty means Okta itself.
OKTA_SIMULATOR_ORIGIN = env.text("READMIT_OKTA_SIMULATOR_ORIGIN", "")

# ---------------------------------------------------------------- who invoices
SELLER = {
    "name": env.text("READMIT_SELLER_NAME", "Readmit"),
    # Lines with semicolons between them.
    "address": env.text("READMIT_SELLER_ADDRESS", ""),
    "tax_id": env.text("READMIT_SELLER_TAX_ID", ""),
}

# ---------------------------------------------------------------- staff accounts (django-allauth)
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "portal.console.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_SUPPORTED_TYPES = ["webauthn", "recovery_codes", "totp"]
MFA_ADAPTER = "portal.console.accounts.MFAAdapter"
MFA_FORMS = {"add_webauthn": "portal.console.passkey_form.AddPasskeyForm"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/o/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# ---------------------------------------------------------------- REST API: JSON only, keys only
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsing.JsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # portal.api.base verifies the key before it looks at anything else
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "portal.api.document.Described",
    "EXCEPTION_HANDLER": "portal.api.problems.answer_problem",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Readmit API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/v1",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["portal.api.document.complete"],
}

# ---------------------------------------------------------------- mail
EMAIL_BACKEND = env.text("READMIT_EMAIL_BACKEND", "tenants.notices.mailbox.LocalMailboxBackend")
EMAIL_HOST = env.text("READMIT_EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("READMIT_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("READMIT_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("READMIT_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("READMIT_EMAIL_STARTTLS")
EMAIL_USE_SSL = env.flag("READMIT_EMAIL_TLS")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("READMIT_FROM_EMAIL", "Readmit <no-reply@readmit.localhost>")

# ---------------------------------------------------------------- words and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "templates" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---------------------------------------------------------------- static files
STATIC_URL = "/static/"
STATIC_ROOT = env.text("READMIT_STATIC_ROOT", str(DATA / "static"))
STATICFILES_DIRS = [ROOT / "portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# ---------------------------------------------------------------- log: codes, never values
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "portal.kit.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": env.text("READMIT_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "stripe": {"level": "WARNING"},  # else each call is two lines
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.kit.redaction.ReportFilter"
SILENCED_SYSTEM_CHECKS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
