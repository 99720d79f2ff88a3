"""Processes of our own beside the one that runs: begun afresh, never forked.

A fork copies the locks that other threads hold, and nobody lets go of them in the child; libraries keep threads that we
never see. What it does not do: share anything. Work goes over as arguments and comes back as results, both pickled.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import django
from django.conf import settings


def child_process() -> ProcessPoolExecutor:
    """One process with the settings and the databases of this one, begun with its first task."""
    databases = {alias: dict(values) for alias, values in settings.DATABASES.items()}
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(databases,))


def _begin(databases: dict[str, dict[str, Any]]) -> None:
    settings.DATABASES.update(databases)
    django.setup()
