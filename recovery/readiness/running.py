"""Looking at everybody, in the background: begun by a member or once a day, taken up where it was left.

Protects a page from waiting, and the journey's jobs from a transaction that lasts minutes: each batch commits by itself,
under a lease that whoever works renews. A worker that dies is stood in for when its lease is over. What it does not do:
judge (`judging`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Unavailable
from portal.kit.ids import uuid7
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from recovery.models import Profile
from recovery.readiness import finishing
from recovery.readiness.accounts import Accounts
from recovery.readiness.covering import Covering, covering
from recovery.readiness.judging import Printed, is_hopeless, judge, would_wait
from recovery.readiness.models import Finding, Survey
from recovery.readiness.printing import divided, prints_of
from recovery.readiness.reading import facts_of, next_people, read_accounts, stale_sources
from recovery.readiness.reasons import OF_TODAY, Reason
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson

BATCH = 1_000
LEASE = timedelta(seconds=90)
# Taken up so often without getting further, and it is given up.
MOST_TRIES = 4


def begin_survey(*, actor: Actor, profile: Profile | None = None, sends_for_work: bool = True) -> Survey:
    """Begin to look at everybody: for readiness, or to rehearse `profile`. What is under way already goes on. In the
    tenant's scope; the work itself is the worker's, or the caller's if nobody is sent for."""
    kind = Survey.Kind.REHEARSAL if profile else Survey.Kind.READINESS
    running = Survey.objects.filter(kind=kind, profile=profile, status=Survey.Status.RUNNING)
    found = running.first()
    if found is not None:
        return found
    survey = Survey(kind=kind, profile=profile, profile_version=profile.version if profile else 0)
    survey.people = DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE).count()
    try:
        with transaction.atomic():
            survey.save(force_insert=True)
    except IntegrityError:  # somebody else began at the same moment
        return running.get()
    record_event(
        EventName.REHEARSAL_BEGUN if profile else EventName.READINESS_CHECKED,
        actor=actor,
        subject=profile.public_id if profile else "",
        data={"count": survey.people},
    )
    if sends_for_work:
        enqueue("readiness.work", tenant_id=current_tenant_id(), survey_id=survey.id)
    return survey


@effect
def on_work(job: Job) -> Apply | None:
    """It commits as it goes. A second delivery finds the lease taken and does nothing."""
    if job.tenant_id is not None:
        work_at(job.tenant_id, job.uuid("survey_id"))
    return None


def take_up_again() -> None:
    """Surveys whose worker is gone, of the tenant in scope. Periodic."""
    moment = clock.now()
    for survey in Survey.objects.filter(status=Survey.Status.RUNNING, leased_until__lt=moment):
        enqueue("readiness.work", tenant_id=survey.tenant_id, survey_id=survey.id)


@dataclass(frozen=True, slots=True)
class _Work:
    """One worker's turn at a survey."""

    tenant_id: UUID
    survey_id: UUID
    token: UUID

    def renew(self) -> bool:
        """Whether it is still ours; then for another while."""
        with tenant_scope(self.tenant_id):
            mine = Survey.objects.filter(id=self.survey_id, worker=self.token, status=Survey.Status.RUNNING)
            return bool(mine.update(leased_until=clock.now() + LEASE))


def work_at(tenant_id: UUID, survey_id: UUID) -> bool:
    """Look at everybody who was not looked at yet. False when somebody else is at it, or there is nothing to do."""
    work = _Work(tenant_id, survey_id, uuid7())
    if not _claim(work):
        return False
    accounts = read_accounts(tenant_id, work.renew)
    if accounts is None:
        return False
    with tenant_scope(tenant_id):
        survey = Survey.objects.select_related("profile").get(id=survey_id)
        covers = covering(survey.profile)
        stale = stale_sources()
    while _do_batch(work, accounts, covers, frozenset(stale)):
        pass
    with tenant_scope(tenant_id):
        mine = Survey.objects.select_for_update().filter(
            id=survey_id, worker=work.token, status=Survey.Status.RUNNING
        )
        found = mine.first()
        if found is None:
            return False
        finishing.finish(found, stale)
    return True


def _claim(work: _Work) -> bool:
    with tenant_scope(work.tenant_id):
        survey = Survey.objects.select_for_update().filter(id=work.survey_id).first()
        moment = clock.now()
        if survey is None or survey.status != Survey.Status.RUNNING:
            return False
        if survey.leased_until is not None and survey.leased_until > moment:
            return False
        survey.tries += 1
        if survey.tries > MOST_TRIES:
            survey.status, survey.finished_at = Survey.Status.STOPPED, moment
            survey.save(update_fields=["status", "finished_at", "tries"])
            return False
        survey.worker, survey.leased_until = work.token, moment + LEASE
        survey.save(update_fields=["worker", "leased_until", "tries"])
        return True


def _do_batch(work: _Work, accounts: Accounts, covers: Covering, stale: frozenset[str]) -> bool:
    """The next people. False when there is nobody left, or somebody else took over."""
    with tenant_scope(work.tenant_id):
        survey = Survey.objects.select_for_update().get(id=work.survey_id)
        if survey.worker != work.token or survey.status != Survey.Status.RUNNING:
            return False
        people = next_people(survey.last_sort_key, survey.last_person_id, BATCH)
        if not people:
            return False
        found = _findings(survey, people, accounts, covers, stale)
        # Whoever is renamed meanwhile may come by a second time, and is told of once.
        Finding.objects.bulk_create(found, batch_size=BATCH, ignore_conflicts=True)
        survey.looked_at += len(people)
        survey.last_sort_key, survey.last_person_id = people[-1].sort_key, people[-1].id
        survey.leased_until, survey.tries = clock.now() + LEASE, 0
        survey.save(
            update_fields=[
                "looked_at",
                "outside",
                "last_sort_key",
                "last_person_id",
                "leased_until",
                "tries",
            ]
        )
    return len(people) == BATCH


def _findings(
    survey: Survey,
    people: list[DirectoryPerson],
    accounts: Accounts,
    covers: Covering,
    stale: frozenset[str],
) -> list[Finding]:
    found = []
    rehearses = survey.kind == Survey.Kind.REHEARSAL
    each = zip(people, facts_of(people, stale), covers.asked_of_each(people), strict=True)
    for number, (person, facts, asked) in enumerate(each, 1):
        # Spelled from each writing of the name that the directory keeps: one answers where the other cannot.
        prints = (
            [each for name in facts.own_names for apart in divided(*name) for each in prints_of(*apart)]
            if rehearses
            else _own(person)
        )
        reasons = judge(facts, asked, prints, accounts.near)
        if rehearses:
            reasons = [reason for reason in reasons if reason not in OF_TODAY]
        if rehearses and Reason.NO_PROFILE in reasons:
            survey.outside += 1
        elif reasons:
            verdict = _verdict(reasons)
            place = survey.looked_at + number
            found.append(Finding(survey=survey, person=person, place=place, verdict=verdict, reasons=reasons))
    return found


def _verdict(reasons: list[Reason]) -> Finding.Verdict:
    if is_hopeless(reasons):
        return Finding.Verdict.CANNOT
    return Finding.Verdict.WAITS if would_wait(reasons) else Finding.Verdict.DOUBTFUL


def _own(person: DirectoryPerson) -> list[Printed]:
    return [Printed(*apart) for apart in divided(person.given_names, person.family_name)]


def survey_now(tenant_id: UUID, *, actor: Actor, profile_id: UUID | None = None) -> Survey:
    """Begin and work at it here and now, for commands. Unavailable if it was given up or another worker is at it."""
    with tenant_scope(tenant_id):
        profile = Profile.objects.get(id=profile_id) if profile_id else None
        survey = begin_survey(actor=actor, profile=profile)
    work_at(tenant_id, survey.id)
    with tenant_scope(tenant_id):
        found = Survey.objects.get(id=survey.id)
    if found.status != Survey.Status.DONE:
        raise Unavailable(
            "survey_under_way", _("The worker is looking at everybody just now. Ask again in a minute.")
        )
    return found
