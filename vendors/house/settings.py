"""Settings of the house partner: a process, a host, a database and keys of its own.

It shares the style sheets and the foundations (`portal.kit`) with the product and nothing else: no staff, no tenants,
no sessions of Django's.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from portal import env

ROOT = Path(__file__).resolve().parent.parent.parent

# ---------------------------------------------------------------- mode and origins
MODE = env.choice("READMIT_MODE", ("development", "production"))
IS_PRODUCTION = MODE == "production"
DEBUG = False
HOUSE_ORIGIN = env.text("READMIT_HOUSE_ORIGIN", "http://house.localhost:8001")
SITE_ORIGIN = env.text("READMIT_SITE_ORIGIN", "http://localhost:8000")
HTTPS = HOUSE_ORIGIN.startswith("https://")
TRUSTED_PROXIES = env.number("READMIT_TRUSTED_PROXIES", 0)
ALLOWED_HOSTS = ["*"]  # vendors.house.middleware answers 404 to every host but HOUSE_ORIGIN's
HOUSE_NAME = env.text("READMIT_HOUSE_NAME", "Readmit house partner")

# ---------------------------------------------------------------- keys (outside the database)
SECRET_KEY = env.text("READMIT_HOUSE_SECRET_KEY")
ROOT_KEY = env.key("READMIT_HOUSE_ROOT_KEY")
DIGEST_KEY = hmac.digest(ROOT_KEY, b"house|digest", hashlib.sha256)
REGISTRATION_TOKEN = env.text("READMIT_HOUSE_REGISTRATION_TOKEN", "")
LIMITER = "vendors.house.limits.HouseLimiter"

# ---------------------------------------------------------------- rooms
INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "vendors.house"]
MIDDLEWARE = [
    "vendors.house.middleware.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vendors.house.middleware.HeadersMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "vendors.house.middleware.ErrorMiddleware",
]
ROOT_URLCONF = "vendors.house.urls"
WSGI_APPLICATION = "vendors.house.wsgi.application"
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
                "vendors.house.context.page",
            ],
            "libraries": {"elements": "portal.templatetags.elements"},
        },
    }
]

# ---------------------------------------------------------------- database
DATABASES = {"default": env.database("READMIT_HOUSE_DB_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- cookies and transport
_PREFIX = "__Host-" if HTTPS else ""
BROWSER_COOKIE_NAME = f"{_PREFIX}readmit_house"
CSRF_COOKIE_NAME = f"{_PREFIX}readmit_house_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "vendors.house.views.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 200_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40
DATA_UPLOAD_MAX_NUMBER_FILES = 3
FILE_UPLOAD_HANDLERS = ["portal.kit.uploads.BoundedMemoryUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
OUTBOUND_CA_FILE = env.text("READMIT_OUTBOUND_CA_FILE", "")

# ---------------------------------------------------------------- vision
VISION_URL = env.text("READMIT_VISION_URL", "")
VISION_TOKEN = env.text("READMIT_VISION_TOKEN", "")
VISION = "vendors.house.vision_process.VisionProcess"

# ---------------------------------------------------------------- words and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "templates" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---------------------------------------------------------------- static files
STATIC_URL = "/static/"
STATIC_ROOT = env.text("READMIT_STATIC_ROOT", str(ROOT / ".data" / "static-house"))
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
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": env.text("READMIT_LOG_LEVEL", "INFO")},
}
