"""What a refusal leaves behind: five facts, asserted by every test of something that must be refused."""

from __future__ import annotations

from dataclasses import dataclass

from tests.recovery.journey import Journey

CODE = ("confirmation_code",)
TOLD = (*CODE, "recovery_refused", "recovery_refused")
PROOF = (("decision", True),)
FACE = (("face_check", True),)


@dataclass(frozen=True)
class Left:
    """`end`: status and reasons that are among the case's. `audit`: the event that says so, and a code in it.
    `credential`: its status. `notices`: their templates, in order. `usage`: what was counted, and whether charged."""

    end: tuple[str, *tuple[str, ...]]
    audit: tuple[str, str]
    credential: str
    notices: tuple[str, ...] = CODE
    usage: tuple[tuple[str, bool], ...] = PROOF


def assert_left(browser: Journey, expected: Left) -> None:
    browser.work()
    status, reasons = browser.outcome()
    assert (status, set(expected.end[1:]) - set(reasons)) == (expected.end[0], set()), (status, reasons)
    name, code = expected.audit
    said = [event.data for event in browser.audit() if event.name == name]
    assert any(code in _values(data) for data in said), (name, said, browser.events())
    assert browser.credential() == expected.credential
    assert tuple(browser.notices()) == expected.notices
    assert tuple((meter, paid) for meter, paid, _why in browser.usage()) == expected.usage
    assert browser.bound_to() is None


def _values(data: dict[str, object]) -> list[object]:
    return [part for value in data.values() for part in (value if isinstance(value, list) else [value])]
