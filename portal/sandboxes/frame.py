"""What the settings of every sandbox have in common: how pages, the database file, words, static files and log stand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parents[2]

# A word that is not known never means the weaker mode.
IS_PRODUCTION = os.environ.get("READMIT_MODE", "development") != "development"
TEMPLATES: list[dict[str, Any]] = [
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
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "templates" / "locale"]
# The product's, found where they lie.
STATICFILES_DIRS = [ROOT / "portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("READMIT_LOG_LEVEL", "INFO")},
}


def seconds_of(name: str, default: str) -> list[float]:
    """Seconds before each further try of a delivery, from a variable such as `1,5,30`."""
    return [float(seconds) for seconds in os.environ.get(name, default).split(",")]


def databases(path: str) -> dict[str, Any]:
    return {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # Who writes waits for the lock at the beginning, so that what it read still holds when it writes.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }


def middleware() -> list[str]:
    return [
        "portal.sandboxes.middleware.HostMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "portal.sandboxes.middleware.HeadersMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]
