"""Settings of the Okta simulator: a process, a host and a port. It keeps nothing over a restart."""

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
SANDBOX_ORIGIN = os.environ.get("READMIT_OKTA_SIMULATOR_ORIGIN", "http://okta.localhost:8005")
OKTA_SIMULATOR_PEOPLE = int(os.environ.get("READMIT_OKTA_SIMULATOR_PEOPLE", "60"))
# Applications are derived from it, so that they stay as they are over a restart.
SECRET_KEY = os.environ.get(
    "READMIT_OKTA_SIMULATOR_SECRET_KEY", "a simulator holds nothing that is worth a secret"
)

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.okta"]
MIDDLEWARE = [*middleware(), "portal.sandboxes.okta.faults.FaultsMiddleware"]
ROOT_URLCONF = "portal.sandboxes.okta.urls"
WSGI_APPLICATION = "portal.sandboxes.okta.wsgi.application"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

CSRF_COOKIE_NAME = "readmit_okta_simulator_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

SIGN_IN_COOKIE_NAME = "readmit_okta_simulator_sign_in"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
