"""The worker: runs the outbox's jobs and the periodic ones. The broker is only transport (DESIGN 10)."""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django
from celery import Celery, bootsteps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import close_old_connections, connection  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from portal.kit import clock, outbox  # noqa: E402
from tenants.models import Heartbeat, PeriodicRun  # noqa: E402

log = logging.getLogger(__name__)

app = Celery("readmit")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=json.loads(settings.BROKER_OPTIONS),
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_acks_late=True,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    task_publish_retry=False,
    task_default_queue="readmit",
)


@app.task(name="readmit.job")  # type: ignore[untyped-decorator]
def run_job(row_id: str) -> None:
    outbox.run(UUID(row_id))


@app.task(name="readmit.periodic")  # type: ignore[untyped-decorator]
def run_periodic(name: str) -> None:
    import_string(settings.PERIODIC_JOBS[name][1])()


def send_job(row_id: str) -> None:
    """Hand a row's id to the broker. Raises when the broker is away; the relay sends it later."""
    run_job.apply_async((row_id,), retry=False)


def start_due_periodic_jobs() -> None:
    """The conditional update decides which of several workers starts a job that is due. One look for all of them: an
    idle worker asks twice a second."""
    moment = clock.now()
    ran = dict(PeriodicRun.objects.values_list("name", "ran_at"))
    for name, (seconds, _function) in settings.PERIODIC_JOBS.items():
        until = moment - timedelta(seconds=seconds)
        if name in ran and ran[name] > until:
            continue
        if _is_ours_to_run(name, until, moment):
            run_periodic.apply_async((name,), retry=False, expires=max(seconds, 5))


def _is_ours_to_run(name: str, until: datetime, moment: datetime) -> bool:
    _row, created = PeriodicRun.objects.get_or_create(name=name, defaults={"ran_at": moment})
    return created or bool(PeriodicRun.objects.filter(name=name, ran_at__lte=until).update(ran_at=moment))


def beat(name: str) -> None:
    if not Heartbeat.objects.filter(name=name).update(beat_at=clock.now()):
        Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": clock.now()})


class Relay(bootsteps.StartStopStep):  # type: ignore[misc]
    """A thread beside the worker: sends again what was lost, starts what is due, says that it lives."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.loop, name="relay", daemon=True)

    def start(self, worker: Any) -> None:
        self.thread.start()

    def stop(self, worker: Any) -> None:
        self.stopping.set()

    def loop(self) -> None:
        while not self.stopping.wait(0.5):
            try:
                close_old_connections()
                outbox.relay()
                start_due_periodic_jobs()
                beat("worker")
            except Exception:
                log.exception("relay.failed")
                connection.close()


app.steps["worker"].add(Relay)
