"""Real services and a database of its own for a benchmark. Import it first: Django reads its settings here."""

from __future__ import annotations

import os
import sys

from tests import services

import django  # isort: skip

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
assert services.ROOT.is_dir()
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
