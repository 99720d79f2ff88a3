"""Settings of the Stripe sandbox: a process, a host, a port and a database file of its own."""

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
SANDBOX_ORIGIN = os.environ.get("READMIT_STRIPE_SANDBOX_ORIGIN", "http://stripe.localhost:8002")
# The real one needs hours between them.
STRIPE_SANDBOX_RETRIES = seconds_of("READMIT_STRIPE_SANDBOX_RETRIES", "1,5,30,300,3600")
# An endpoint that is there from the start, with a secret that both sides were given: key of its account, secret, address.
STRIPE_SANDBOX_ENDPOINT = tuple(
    os.environ.get(f"READMIT_STRIPE_SANDBOX_{name}", "") for name in ("KEY", "WEBHOOK_SECRET", "WEBHOOK_URL")
)
# Nothing is secret here: the key signs cookies against forged forms and nothing else.
SECRET_KEY = os.environ.get(
    "READMIT_STRIPE_SANDBOX_SECRET_KEY", "a sandbox holds nothing that is worth a secret"
)

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "portal.sandboxes.stripe"]
MIDDLEWARE = middleware()
ROOT_URLCONF = "portal.sandboxes.stripe.urls"
WSGI_APPLICATION = "portal.sandboxes.stripe.wsgi.application"

DATABASES = databases(
    os.environ.get("READMIT_STRIPE_SANDBOX_DATABASE", str(ROOT / ".data" / "stripe.sqlite3"))
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

CSRF_COOKIE_NAME = "readmit_stripe_sandbox_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.sandboxes.stripe.pages.start.not_allowed"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
