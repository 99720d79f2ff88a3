"""A recovery in memory: the rules that permit checks, outcomes drawn by a seed, every permitted retry taken, and the ledger's
own pricing of what came of it. No database, no browser."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from portal.kit import clock
from recovery.allowance import is_face_charged, may_begin_proofing
from recovery.models import Profile
from vendors.billing.checks import Usage
from vendors.billing.models import Meter
from vendors.billing.rating.billability import Outcome
from vendors.billing.recording import make_booking
from vendors.billing.repeats import Repeats
from vendors.facecheck.tries import may_be_judged

ENDS = (Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PARTNER_FAILED, Outcome.TIMED_OUT)
FACES = (Outcome.PASSED, Outcome.FAILED, Outcome.FAILED, Outcome.RETAKE)


@dataclass
class Recovery:
    """One case. `left_behind` are sessions at the partner that another browser began: they still end."""

    chance: random.Random
    begun: int = 0
    under_way: bool = False
    left_behind: int = 0
    is_proven: bool = False
    knows_browser: bool = False
    tries: int = 0
    was_charged: bool = False
    is_over: bool = False
    checks: list[tuple[Meter, Outcome]] = field(default_factory=list)

    def run(self):
        while not self.is_over or self.left_behind:
            moves = [move for move, may in self._moves() if may]
            if not moves:
                break
            self.chance.choice(moves)()
        return self.checks

    def _moves(self):
        live = not self.is_over
        yield self._begin, live and not self.is_proven and not self.under_way
        yield self._end_session, live and self.under_way
        yield self._end_left_behind, self.left_behind > 0
        yield (
            self._move_browsers,
            live and (self.under_way or (self.is_proven and self.chance.random() < 0.3)),
        )
        yield self._show_face, live and self.is_proven

    def _begin(self):
        if not may_begin_proofing(Profile().proofings, self.begun):
            self.is_over = True
            return
        self.begun += 1
        self.under_way = True

    def _end_session(self):
        self.under_way = False
        outcome = self._decide()
        self.is_proven = self.knows_browser = outcome is Outcome.PASSED
        self.is_over = outcome is Outcome.FAILED

    def _end_left_behind(self):
        """Nobody waits for it in the case any more. The partner decides all the same."""
        self.left_behind -= 1
        self._decide()

    def _decide(self):
        outcome = self.chance.choice(ENDS)
        self.checks.append((Meter.DECISION, outcome))
        return outcome

    def _move_browsers(self):
        self.left_behind += self.under_way
        self.under_way = self.knows_browser = False

    def _show_face(self):
        """Before the card in a browser that is not known, for the decision otherwise; a review may ask for one more."""
        if not may_be_judged(self.tries):
            self.is_over = True
            return
        before_card = not self.knows_browser
        charged = is_face_charged(before_card=before_card, charged_before=self.was_charged)
        self.tries += 1
        outcome = self.chance.choice(FACES)
        self.checks.append(
            (Meter.FACE_CHECK, outcome if charged or outcome is Outcome.RETAKE else Outcome.MOVED_BROWSERS)
        )
        if outcome is Outcome.PASSED:
            self.knows_browser = True
            self.was_charged = self.was_charged or not before_card
            self.is_over = not before_card and self.chance.random() < 0.5


def recover(seed):
    return Recovery(random.Random(seed)).run()


def price_of(book, connection, checks, *, choose=None):
    """What the ledger books for the checks, by currency. `choose`: the partner of each decision, in their order."""
    case_id, moment, found = uuid.uuid4(), clock.now(), Counter()
    usages = []
    for number, (meter, outcome) in enumerate(checks):
        is_face = meter is Meter.FACE_CHECK
        if choose is not None and not is_face:
            connection = choose()
        usage = Usage(
            idempotency_key=str(number),
            meter=meter,
            vendor="readmit" if is_face else connection.vendor,
            connection_kind="through_us" if is_face else connection.kind,
            outcome=outcome,
            quantity=1,
            occurred_at=moment,
            case_id=case_id,
        )
        usages.append(usage)
    repeats = Repeats(book, usages)
    for usage in usages:
        booking = make_booking(book, usage, repeats)
        found[booking.currency] += booking.amount
    return {currency: Decimal(amount) for currency, amount in found.items() if amount}
