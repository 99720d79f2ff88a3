"""Settings of the Entra simulator: a process, a host, a port and a database file of its own."""

from __future__ import annotations

import os

from portal.sandboxes.frame import (
    IS_PRODUCTION,
    LANGUAGES,
    LOCALE_PATHS,
    LOGGING,
    ROOT,
    STATICFILES_DIRS,
    STORAGES,
    TEMPLATES,
    databases,
    middleware,
    seconds_of,
)

__all__ = [
    "IS_PRODUCTION",
    "LANGUAGES",
    "LOCALE_PATHS",
    "LOGGING",
    "STATICFILES_DIRS",
    "STORAGES",
    "TEMPLATES",
]

DEBUG = False
ALLOWED_HOSTS = ["*"]  # HostMiddleware answers 404 to every host that is not ours
SANDBOX_ORIGIN = os.environ.get("READMIT_ENTRA_SIMULATOR_ORIGIN", "http://entra.localhost:8003")
ENTRA_SIMULATOR_RETRIES = seconds_of("READMIT_ENTRA_SIMULATOR_RETRIES", "1,5,30")
# Directory, applications and their secrets are derived from it, so that they stay as they are over a restart.
SECRET_KEY = os.environ.get(
    "READMIT_ENTRA_SIMULATOR_SECRET_KEY", "a simulator holds nothing that is worth a secret"
)

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.entra"]
MIDDLEWARE = middleware()
ROOT_URLCONF = "portal.sandboxes.entra.urls"
WSGI_APPLICATION = "portal.sandboxes.entra.wsgi.application"

DATABASES = databases(
    os.environ.get("READMIT_ENTRA_SIMULATOR_DATABASE", str(ROOT / ".data" / "entra.sqlite3"))
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_100_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50

CSRF_COOKIE_NAME = "readmit_entra_simulator_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.sandboxes.entra.pages.showing.not_allowed"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
