"""Settings of one partner simulator: a process, a host and a port. It keeps nothing over a restart."""

from __future__ import annotations

import os

from portal.sandboxes.frame import (
    IS_PRODUCTION,
    LANGUAGES,
    LOCALE_PATHS,
    LOGGING,
    STATICFILES_DIRS,
    STORAGES,
    TEMPLATES,
    middleware,
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
SIMULATOR = os.environ.get("READMIT_SIMULATOR", "stripe_identity")
SANDBOX_ORIGIN = os.environ.get("READMIT_SIMULATOR_ORIGIN", "http://partner.localhost:8010")
SIMULATOR_SCENARIO = os.environ.get("READMIT_SIMULATOR_SCENARIO", "")
SIMULATOR_WEBHOOK_URL = os.environ.get("READMIT_SIMULATOR_WEBHOOK_URL", "")
# Keys and secrets of webhooks are derived from it, so that they stay as they are over a restart.
SECRET_KEY = os.environ.get(
    "READMIT_SIMULATOR_SECRET_KEY", "a simulator holds nothing that is worth a secret"
)

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.partners"]
# Touched whenever somebody uses it: whoever started it ends what nobody uses.
SIMULATOR_USED = os.environ.get("READMIT_SIMULATOR_USED", "")
MIDDLEWARE = [
    *middleware(),
    "portal.sandboxes.partners.used.UsedMiddleware",
    "portal.sandboxes.partners.faults.FaultsMiddleware",
]
ROOT_URLCONF = "portal.sandboxes.partners.urls"
WSGI_APPLICATION = "portal.sandboxes.partners.wsgi.application"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_100_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_100_000

CSRF_COOKIE_NAME = "readmit_partner_simulator_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.sandboxes.partners.pages.not_allowed"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
