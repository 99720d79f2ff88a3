"""Review: two members who are not the claimant say what happens to a case.

Protects an account from a single talked-into colleague. A review refuses, asks for more evidence, or lets a case go on that
passed every check; it never turns a failed check into a pass (DESIGN 1, rule 5), and what goes on is decided by rule once
more. What it does not do: show faces or documents to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, NotAllowed, NotHere, Refused
from recovery.cases import locked, move_case
from recovery.holding import COME_BACK, take_up_again, wake_at
from recovery.models import Case, Review
from recovery.reviewing import VOICES, changed_the_person, is_reviewer
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.selectors import emails_of
from tenants.models import Member, User

# How long the claimant has to come back once more evidence was asked for.
MORE_EVIDENCE_LIFE = timedelta(hours=24)


def reviews_of(case_id: UUID) -> list[Review]:
    """Every verdict on a case, oldest first."""
    return list(Review.objects.filter(case_id=case_id).order_by("created_at", "id"))


def open_round(reviews: Sequence[Review]) -> int:
    """The round that waits for a verdict: a round with two is over."""
    last = max((review.round for review in reviews), default=1)
    given = sum(review.round == last for review in reviews)
    return last + 1 if given >= VOICES else last


def is_claimant(case: Case, member_id: UUID) -> bool:
    """Whether a member's own e-mail address is one of the person's."""
    if case.person_id is None:
        return False
    user_id = Member.objects.filter(id=member_id, removed_at=None).values_list("user_id", flat=True).first()
    if user_id is None:
        raise NotHere("member_unknown")
    own = User.objects.values_list("email", flat=True).get(id=user_id).casefold()
    return own in {address.casefold() for address in emails_of(case.person_id)}


def may_review(case: Case, member_id: UUID) -> bool:
    """Whether the profile lets this member review the case."""
    role = Member.objects.filter(id=member_id, removed_at=None).values_list("role", flat=True).first()
    return role is not None and is_reviewer(case.profile, member_id, role)


def has_spoken(reviews: Sequence[Review], member_id: UUID) -> bool:
    """Whether the member gave a verdict in the open round."""
    now_open = open_round(reviews)
    return any(review.round == now_open and review.member_id == member_id for review in reviews)


@transaction.atomic
def give_verdict(case_id: UUID, *, member_id: UUID, verdict: str, reason: str, actor: Actor) -> Case:
    """One member's word. The first waits; a second that is equal acts; two that differ open the next round.

    Refused when the case is not in review or the member has spoken; NotAllowed for the claimant,
    for a member the profile does not name, and to let go on for whoever changed the account lately.
    """
    case = locked(case_id)
    if case.state is not CaseStatus.IN_REVIEW:
        raise Refused("not_in_review", _("This case is no longer in review."))
    word, cleaned = Review.Verdict(verdict), reason.strip()
    if not cleaned:
        raise Invalid("reason_missing", _("Say why in one sentence."), field="reason")
    if is_claimant(case, member_id):
        raise NotAllowed("own_case", _("This case is about your own account. Two colleagues decide it."))
    if not may_review(case, member_id):
        raise NotAllowed("not_a_reviewer", _("The profile of this case names other members to review it."))
    if word is Review.Verdict.GO_ON and not may_go_on(case):
        raise Refused(
            "did_not_pass",
            _(
                "This case did not pass every check, so nobody can let it go on. Refuse it, or ask for more evidence."
            ),
        )
    if word is Review.Verdict.GO_ON and changed_the_person(case, member_id):
        raise NotAllowed(
            "changed_the_person",
            _(
                "You changed this account within the last 30 days. Two colleagues who did not decide whether it goes on."
            ),
        )
    reviews = reviews_of(case.id)
    if has_spoken(reviews, member_id):
        raise Refused("verdict_given", _("You gave your verdict. A second member has to give theirs."))
    this_round = open_round(reviews)
    Review.objects.create(
        case=case, member_id=member_id, round=this_round, verdict=word, reason=cleaned[:500]
    )
    record_event(
        EventName.CASE_REVIEWED,
        actor=actor,
        subject=case.public_id,
        case_id=case.id,
        data={"verdict": word.value, "round": this_round},
        personal={"reason": cleaned[:500]},
    )
    earlier = [review for review in reviews if review.round == this_round]
    if len(earlier) + 1 == VOICES and all(review.verdict == word for review in earlier):
        return _act(case, word, actor)
    return case


def _act(case: Case, word: Review.Verdict, actor: Actor) -> Case:
    match word:
        case Review.Verdict.REFUSE:
            return move_case(case.id, CaseStatus.REFUSED, actor=actor, reasons=["review_refused"])
        case Review.Verdict.GO_ON:
            return _let_go_on(case, actor)
        case Review.Verdict.MORE_EVIDENCE:
            return take_up_again(
                case,
                actor=actor,
                reasons=["review_more_evidence"],
                signs_in_review=[],
                expires_at=clock.now() + MORE_EVIDENCE_LIFE,
            )


def may_go_on(case: Case) -> bool:
    """Whether the case passed every check and is here for signs of risk alone."""
    return case.state is CaseStatus.IN_REVIEW and bool(case.signs_in_review)


def _let_go_on(case: Case, actor: Actor) -> Case:
    """The signs were looked at. It waits to the end of its time, if it has one; then the person shows the Verified ID and
    the face once more, and the rule decides on what is so then: a sign that is new is looked at anew."""
    seen = {
        "signs_reviewed": list(dict.fromkeys([*case.signs_reviewed, *case.signs_in_review])),
        "signs_in_review": [],
    }
    until = case.held_until
    if until is None or until <= clock.now():
        return take_up_again(
            case,
            actor=actor,
            reasons=["review_went_on"],
            **seen,
            expires_at=clock.now() + MORE_EVIDENCE_LIFE,
        )
    moved = move_case(
        case.id,
        CaseStatus.HELD,
        actor=actor,
        reasons=["review_went_on"],
        fields={**seen, "expires_at": until + COME_BACK},
    )
    wake_at(moved, until)
    return moved
