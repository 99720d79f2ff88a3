import os

from psycopg.conninfo import conninfo_to_dict

parts = conninfo_to_dict(os.environ["READMIT_HOUSE_DB_URL"])
SECRET_KEY = os.environ["READMIT_HOUSE_SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "PASSWORD": parts["password"],
        "HOST": parts["host"],
        "PORT": parts["port"],
    }
}
ROOT_URLCONF = "vendors.house.pages"
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["READMIT_STATIC_ROOT"]
USE_TZ = True
