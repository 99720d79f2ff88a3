"""Real services and a database of its own for a benchmark. Import it first: Django reads its settings here."""

from __future__ import annotations

import multiprocessing
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# A child that a benchmark begins imports it anew, and has the services of its parent.
if multiprocessing.parent_process() is None:
    import tests.services  # noqa: F401
django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

setup_test_environment()
settings.OUTBOX_SENDER = "tests.services.leave_it"
settings.STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
