"""Settings of the Stripe sandbox: a process, a host, a port and a database file of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parents[3]

# ---------------------------------------------------------------- mode and origin
MODE = os.environ.get("READMIT_MODE", "development")
# A word that is not known never means the weaker mode.
IS_PRODUCTION = MODE != "development"
DEBUG = False
STRIPE_SANDBOX_ORIGIN = os.environ.get("READMIT_STRIPE_SANDBOX_ORIGIN", "http://stripe.localhost:8002")
STRIPE_SANDBOX_DATABASE = os.environ.get(
    "READMIT_STRIPE_SANDBOX_DATABASE", str(ROOT / ".data" / "stripe.sqlite3")
)
# Seconds before each further try of a webhook. The real one needs hours between them.
STRIPE_SANDBOX_RETRIES = [
    float(seconds)
    for seconds in os.environ.get("READMIT_STRIPE_SANDBOX_RETRIES", "1,5,30,300,3600").split(",")
]
ALLOWED_HOSTS = ["*"]  # HostMiddleware answers 404 to every host that is not ours
# Nothing is secret here: the key signs cookies against forged forms and nothing else.
# An endpoint that is there from the start, with a secret that both sides were given: key of its account, secret, address.
STRIPE_SANDBOX_ENDPOINT = tuple(
    os.environ.get(f"READMIT_STRIPE_SANDBOX_{name}", "") for name in ("KEY", "WEBHOOK_SECRET", "WEBHOOK_URL")
)
SECRET_KEY = os.environ.get(
    "READMIT_STRIPE_SANDBOX_SECRET_KEY", "a sandbox holds nothing that is worth a secret"
)

# ---------------------------------------------------------------- rooms
INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.stripe"]
MIDDLEWARE = [
    "portal.sandboxes.stripe.middleware.HostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.sandboxes.stripe.middleware.HeadersMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "portal.sandboxes.stripe.urls"
WSGI_APPLICATION = "portal.sandboxes.stripe.wsgi.application"
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
            ],
            "libraries": {"elements": "portal.templatetags.elements"},
        },
    }
]

# ---------------------------------------------------------------- database
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STRIPE_SANDBOX_DATABASE,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Who writes waits for the lock at the beginning, so that what it read still holds when it writes.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# ---------------------------------------------------------------- cookies
CSRF_COOKIE_NAME = "readmit_stripe_sandbox_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.sandboxes.stripe.pages.start.not_allowed"

# ---------------------------------------------------------------- words and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "templates" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---------------------------------------------------------------- static files: the product's, found where they lie
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "portal" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("READMIT_LOG_LEVEL", "INFO")},
}
