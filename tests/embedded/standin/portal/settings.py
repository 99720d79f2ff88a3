"""A product of one page, to start and stop in the tests of the start-up."""

import os

from psycopg.conninfo import conninfo_to_dict


def _database(name):
    parts = conninfo_to_dict(os.environ[name])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "PASSWORD": parts["password"],
        "HOST": parts["host"],
        "PORT": parts["port"],
    }


SECRET_KEY = os.environ["READMIT_SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "portal.demo"]
DATABASES = {"default": _database("READMIT_DB_WEB_URL")}
if "READMIT_DB_MIGRATOR_URL" in os.environ:
    DATABASES["migrator"] = _database("READMIT_DB_MIGRATOR_URL")
ROOT_URLCONF = "portal.pages"
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["READMIT_STATIC_ROOT"]
STATICFILES_DIRS = [os.path.join(os.path.dirname(__file__), "static")]
USE_TZ = True
