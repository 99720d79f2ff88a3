"""Reading Face Checks."""

from __future__ import annotations

from uuid import UUID

from portal.kit.errors import NotHere
from vendors.facecheck.models import Decision, FaceCheck, FaceTries
from vendors.facecheck.reasons import told_to_person


def face_check(face_check_id: UUID) -> FaceCheck:
    found = FaceCheck.objects.filter(id=face_check_id).first()
    if found is None:
        raise NotHere("face_check_unknown")
    return found


def has_passed(face_check_id: UUID) -> bool:
    """False for one that nobody knows."""
    return FaceCheck.objects.filter(id=face_check_id, decision=Decision.PASSED).exists()


def is_unanswered(face_check_id: UUID) -> bool:
    """Whether nothing was sent for it yet."""
    return FaceCheck.objects.filter(id=face_check_id, taken_at=None).exists()


def tries_of(reference: UUID) -> int:
    """How often this case has been judged."""
    row = FaceTries.objects.filter(reference=reference).first()
    return row.tries if row else 0


__all__ = ["face_check", "has_passed", "is_unanswered", "told_to_person", "tries_of"]
