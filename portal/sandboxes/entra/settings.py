"""Settings of the Entra simulator: a process, a host, a port and a database file of its own."""

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
ENTRA_SIMULATOR_ORIGIN = os.environ.get("READMIT_ENTRA_SIMULATOR_ORIGIN", "http://entra.localhost:8003")
ENTRA_SIMULATOR_DATABASE = os.environ.get(
    "READMIT_ENTRA_SIMULATOR_DATABASE", str(ROOT / ".data" / "entra.sqlite3")
)
# Seconds before each further try of a callback.
ENTRA_SIMULATOR_RETRIES = [
    float(seconds) for seconds in os.environ.get("READMIT_ENTRA_SIMULATOR_RETRIES", "1,5,30").split(",")
]
ALLOWED_HOSTS = ["*"]  # HostMiddleware answers 404 to every host that is not ours
# Directory, applications and their secrets are derived from it, so that they stay as they are over a restart.
SECRET_KEY = os.environ.get(
    "READMIT_ENTRA_SIMULATOR_SECRET_KEY", "a simulator holds nothing that is worth a secret"
)

# ---------------------------------------------------------------- rooms
INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.entra"]
MIDDLEWARE = [
    "portal.sandboxes.entra.middleware.HostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.sandboxes.entra.middleware.HeadersMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "portal.sandboxes.entra.urls"
WSGI_APPLICATION = "portal.sandboxes.entra.wsgi.application"
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
        "NAME": ENTRA_SIMULATOR_DATABASE,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_100_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50

# ---------------------------------------------------------------- cookies
CSRF_COOKIE_NAME = "readmit_entra_simulator_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.sandboxes.entra.pages.showing.not_allowed"

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
