"""From photographs to an accepted document. The photographs live in this request's memory and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Unavailable
from vendors.house.judging.document import (
    MAX_DOCUMENTS,
    MAX_PHOTOGRAPHS,
    DocumentDecision,
    DocumentVerdict,
    decide_document,
    needs_retake,
)
from vendors.house.judging.evidence import DocumentEvidence
from vendors.house.services import checks, work
from vendors.house.services.portraits import keep_portrait
from vendors.house.stages import Outcome, Stage
from vendors.house.vision import Vision


def submit_document(
    check_id: UUID,
    browser_digest: bytes,
    photographs: Mapping[str, bytes],
    *,
    vision: Vision,
    ticket: str = "",
) -> DocumentDecision:
    """Count, read, judge, keep. Unavailable when the vision process is busy: then nothing was counted."""
    check = checks.load_check(check_id, browser_digest)
    work.begin_photographs(check_id, browser_digest)
    try:
        with work.under_way(check_id):
            evidence = vision.read_document(
                check.document_kind,
                photographs,
                today=clock.now().date(),
                accept_specimens=check.client.demonstration,
                ticket=ticket,
                tell=partial(work.show_progress, check_id),
            )
    except Unavailable:
        work.give_back_photographs(check_id)
        raise
    except Exception:
        work.end_work(check_id)
        raise
    if not needs_retake(evidence):
        work.count_document(check_id)
    return _apply(check_id, browser_digest, evidence)


def _apply(check_id: UUID, browser_digest: bytes, evidence: DocumentEvidence) -> DocumentDecision:
    with checks.locked_check(check_id, browser_digest) as check:
        decision = decide_document(
            evidence,
            chosen=check.document_kind,
            demonstration=check.client.demonstration,
            today=clock.now().date(),
        )
        check.working_until, check.progress, check.notice = None, "", decision.notice
        check.save(update_fields=["working_until", "progress", "notice"])
        if not checks.is_open(check, Stage.DOCUMENT):
            return decision
        checks.remember_checks(check, evidence.checks, replacing="document")
        if decision.verdict is DocumentVerdict.ACCEPTED and evidence.facts is not None:
            checks.seal_facts(check, evidence.facts)
            check.save(update_fields=["facts_sealed"])
            keep_portrait(check, evidence.portrait)
            checks.move(check, Stage.FACE)
        elif check.document_tries >= MAX_DOCUMENTS or check.photograph_tries >= MAX_PHOTOGRAPHS:
            checks.finish_check(check, Outcome.FAILED, reasons=("document_not_accepted",))
        return decision
