"""Which of somebody's e-mail addresses the code of a recovery goes to. Pure.

Protects people whose work mailbox is locked together with the account: a code that arrives there is one that nobody reads.
Protects accounts from whoever may write addresses: one that came later than the account goes before the others only once it
was held for thirty days, of which every address held before was told, and somebody has proved to read it. What it does not
do: say who has a person here, since it asks nothing of the database and looks at what was read for everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from recovery.models import Profile
from tenants.directory.models import DirectoryPerson, NoticeAddress

SETTLED_AFTER = timedelta(days=30)
# A large file is written for a while after its people were made.
CAME_WITH = timedelta(hours=1)
# As the systems that provision people label what opens with the account (RFC 7643, 4.1.2; Graph's `mail`).
WORK = "work"


def domain_of(address: str) -> str:
    """The part behind the last @, without capitals; empty without one."""
    return address.rpartition("@")[2].strip().casefold() if "@" in address else ""


def opens_with_account(address: str, label: str, *, user_name: str, work_domains: Collection[str]) -> bool:
    """Whether the mailbox is one that the lost account opens: labelled so, at the domain that people sign in with, or at one
    the organisation named."""
    domain = domain_of(address)
    return label.casefold() == WORK or (
        bool(domain) and (domain == domain_of(user_name) or domain in work_domains)
    )


def code_address(
    addresses: Iterable[NoticeAddress], person: DirectoryPerson | None, profile: Profile, moment: datetime
) -> NoticeAddress | None:
    """Another mailbox than the account's own first, if it is settled; then the address held longest. Of two that came together
    the primary one, then one that somebody proved to read, then by the alphabet: never by chance. None without an e-mail
    address."""
    emails = [one for one in addresses if one.kind == NoticeAddress.Kind.EMAIL]
    if person is None or not emails:
        return None

    def goes_first(held: NoticeAddress) -> bool:
        return (
            profile.code_goes_to == Profile.CodeGoesTo.OTHER
            and _is_settled(held, person, moment)
            and not opens_with_account(
                held.value, held.label, user_name=person.user_name, work_domains=profile.work_domains
            )
        )

    return min(
        emails,
        key=lambda held: (
            not goes_first(held),
            held.held_since,
            held.is_primary is not True,
            held.confirmed_at is None,
            held.value.casefold(),
        ),
    )


def _is_settled(held: NoticeAddress, person: DirectoryPerson, moment: datetime) -> bool:
    """It came with the account, or has stood for long and is read by somebody."""
    if held.held_since <= person.created_at + CAME_WITH:
        return True
    return held.confirmed_at is not None and held.held_since <= moment - SETTLED_AFTER
