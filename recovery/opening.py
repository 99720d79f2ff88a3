"""Beginning a recovery: who are you, and a code to an address the organisation already held.

Protects people from being found out and accounts from whoever only knows a name. Everybody reads the same pages and
causes the same database work up to the code: those who may not recover walk as a decoy. What it does not do: lock a
person out. Many attempts for one person lead to a hold; only networks and tenants are refused (DESIGN 1, rule 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import keyed_digest, new_token, numeric_code, same
from portal.kit.errors import Refused, Unavailable
from portal.kit.limits import Limit, over, take, take_in_turn
from portal.kit.origins import network_of
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from portal.kit.together import insert_soon
from recovery.applying import profiles_in_force, read_groups, why_not
from recovery.cases import SILENT, claimant, create_case, locked, move_case, record_step
from recovery.code_address import code_address
from recovery.models import Case, ConfirmationCode, Profile
from recovery.passkeys.saved_codes import use_saved_code
from recovery.repudiation import make_repudiation_link
from recovery.statuses import CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.directory.selectors import addresses_of, find_person, normalise_identifier
from tenants.directory.services import note_reached
from tenants.models import Tenant
from tenants.notices.services import send_notice

CODE_LIFE = timedelta(minutes=30)
CODE_TRIES = 5
NETWORK = Limit("recovery_starts_of_network", 120, 3600)
TENANT = Limit("recovery_starts_of_tenant", 600, 600)
PERSON = Limit("recovery_starts_of_person", 5, 900)
PERSON_A_DAY = Limit("recovery_starts_of_person_a_day", 12, 86_400)
MAILS = Limit("recovery_mails_to_person_from_network", 5, 900)
RESENDS = Limit("codes_of_case", 4, 1800)
# What confirmed a person, and for how long it was held: the evidence of a step.
Confirmation = dict[str, str | int]


def _is_this_machine(address: str) -> bool:
    try:
        return not settings.IS_PRODUCTION and ip_address(address).is_loopback
    except ValueError:
        return False


def _network_digest(tenant: Tenant, address: str) -> str:
    """Equal for two recoveries that began in the same network of the same organisation; of this machine, nothing is known."""
    if not address or _is_this_machine(address):
        return ""
    return keyed_digest(network_of(address), context=f"network|{tenant.id}").hex()


@dataclass(frozen=True, slots=True)
class Start:
    """`many`: somebody tries this person's account often, which holds what comes of it. `silent`: this very network
    does, so that no more mail goes out for it; the person elsewhere still gets theirs."""

    many: bool
    silent: bool


@dataclass(frozen=True, slots=True)
class _Named:
    """Whoever an identifier names, and the addresses held for them."""

    person: DirectoryPerson | None
    addresses: list[NoticeAddress]


def _named(identifier: str) -> _Named:
    """The same two queries for somebody and for nobody."""
    person = find_person(identifier)
    return _Named(person, _addresses_of(person.id if person else None))


def take_start(tenant: Tenant, identifier: str, address: str) -> tuple[Start, _Named]:
    """Count one beginning. TooMany for the network or the tenant, never for the person: who they are is counted once
    over all the names they go by."""
    network = network_of(address)
    of_network, of_tenant = (NETWORK, f"{tenant.id}|{network}"), (TENANT, str(tenant.id))
    # A network that is refused uses up nothing of its tenant's.
    take_in_turn(*([] if _is_this_machine(address) else [of_network]), of_tenant)
    with tenant_scope(tenant.id):
        named = _named(identifier)
    whom = f"{tenant.id}|{named.person.id if named.person else normalise_identifier(identifier)}"
    often, daily, silent = over((PERSON, whom), (PERSON_A_DAY, whom), (MAILS, f"{whom}|{network}"))
    return Start(many=often or daily, silent=silent), named


def _profile_of(person: DirectoryPerson | None) -> tuple[Profile, str]:
    """The profile that counts for them, or the last in the order and why they are a decoy. The same queries for everybody.
    Whoever has no address is none: a code they saved confirms them, and no code is mailed that could be guessed.
    Unavailable when no profile is in force."""
    found = profiles_in_force()
    if not found:
        raise Unavailable("no_profile", _("Recovery is not set up here yet. Call your help desk."))
    groups = read_groups(found, person.id if person else None)
    if person is None:
        return found[-1], "unknown"
    if person.status != DirectoryPerson.Status.ACTIVE:
        return found[-1], "suspended"
    meant = next((profile for profile in found if why_not(profile, person, groups) is None), None)
    return (meant, "") if meant else (found[-1], "out_of_scope")


def open_case(tenant: Tenant, *, identifier: str, browser_digest: bytes, address: str) -> Case:
    """Open a case for whoever says they are `identifier`. Unavailable when no profile is in force."""
    require_no_transaction()
    counted, named = take_start(tenant, identifier, address)
    with tenant_scope(tenant.id):
        profile, why = _profile_of(named.person)
        case = create_case(
            profile=profile,
            person=None if why else named.person,
            decoy_reason=why,
            browser_digest=browser_digest,
            many_attempts=counted.many,
            is_silent=counted.silent,
            network_digest=_network_digest(tenant, address),
        )
        held = code_address(named.addresses, named.person, profile, clock.now())
        _send_code(tenant, case, None if why else held, silent=counted.silent)
        return case


def _addresses_of(person_id: UUID | None) -> list[NoticeAddress]:
    """The query runs for nobody as well."""
    return addresses_of(person_id or UUID(int=0))


def _code_digest(case: Case, code: str) -> bytes:
    return keyed_digest(code, context=f"confirmation|{current_tenant_id()}|{case.id}")


def _send_code(
    tenant: Tenant,
    case: Case,
    held: NoticeAddress | None,
    *,
    silent: bool,
    template: str = "confirmation_code",
) -> None:
    """The same rows for everyone. A decoy's mail goes to no address, its code is random and known to nobody."""
    code = numeric_code()
    # A code nobody is sent is one nobody can guess.
    secret = code if held and not silent else new_token()
    insert_soon(
        ConfirmationCode(
            case=case,
            code_digest=_code_digest(case, secret),
            address_id=held.id if held else None,
            address_held_since=held.held_since if held else None,
            expires_at=clock.now() + CODE_LIFE,
        )
    )
    link = make_repudiation_link(tenant, case)
    goes_to = held.value if held and not silent else ""
    send_notice(
        template,
        addresses=[goes_to],
        context={"code": code, "reference": case.reference, "minutes": "30", "not_me_url": link},
        case_id=case.id,
    )
    record_event(
        EventName.CONFIRMATION_CODE_SENT, actor=claimant(case), subject=case.public_id, case_id=case.id
    )


def send_code_again(tenant: Tenant, case_id: UUID) -> None:
    """A new code in place of the old one. The tries stay on the case (NIST SP 800-63B-4: never reset)."""
    require_no_transaction()
    take(RESENDS, f"{tenant.id}|{case_id}")
    with tenant_scope(tenant.id):
        case = locked(case_id)
        if case.state is CaseStatus.OPENED:
            send_code(tenant, case)


def send_code(tenant: Tenant, case: Case, *, template: str = "confirmation_code") -> None:
    """A fresh code to the address it goes to now, for a case that waits for one. With the case locked."""
    # By the id alone: a decoy's case and a person's do the same database work.
    held = code_address(_addresses_of(case.person_id), case.person, case.profile, clock.now())
    silent = SILENT in case.reasons
    _send_code(tenant, case, held if not case.is_decoy else None, silent=silent, template=template)


def _take_try(tenant: Tenant, case_id: UUID) -> tuple[ConfirmationCode | None, int]:
    """Count one try and commit, then hand out what to compare with; None when there is nothing to compare."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        open_cases = Case.objects.filter(id=case_id, status=CaseStatus.OPENED, code_tries__lt=CODE_TRIES)
        if not open_cases.update(code_tries=F("code_tries") + 1):
            return None, CODE_TRIES + 1
        tries = Case.objects.values_list("code_tries", flat=True).get(id=case_id)
        return ConfirmationCode.objects.filter(case_id=case_id).order_by("-created_at").first(), tries


def _is_live(code: ConfirmationCode | None, moment: datetime) -> bool:
    return code is not None and code.consumed_at is None and code.expires_at > moment


def confirm_code(tenant: Tenant, case_id: UUID, typed: str) -> Case:
    """Consume a try, then compare. Refused("code_wrong") for every way to be wrong; the sixth try is always refused.
    The same right code again, from a second tab or a second tap, is quiet."""
    code, tries = _take_try(tenant, case_id)
    with tenant_scope(tenant.id):
        case = locked(case_id)
        right = same(_code_digest(case, typed), bytes(code.code_digest) if code else b"")
        if right and code is not None and _is_live(code, clock.now()) and case.state is CaseStatus.OPENED:
            return _confirmed(case, _consume(case, code))
        if right and code is not None and code.consumed_at is not None and case.state is CaseStatus.PROVING:
            return case
        _refuse_code(case, tries)
    raise _code_refusal(tries)


def _refuse_code(case: Case, tries: int) -> None:
    """Write the refusal down; the fifth wrong try ends the case. One that came too late to be counted ends nothing:
    the right code may be among those that were."""
    record_event(
        EventName.CONFIRMATION_CODE_REFUSED,
        actor=claimant(case),
        subject=case.public_id,
        case_id=case.id,
        data={"tries": tries},
    )
    if tries == CODE_TRIES and case.state is CaseStatus.OPENED:
        move_case(case.id, CaseStatus.REFUSED, actor=claimant(case), reasons=["code_tries_used_up"])


def _code_refusal(tries: int) -> Refused:
    if tries >= CODE_TRIES:
        return Refused(
            "code_tries_used_up",
            _("That code is not right, and there are no tries left. Start again, or call your help desk."),
        )
    return Refused("code_wrong", _("That code is not right, or it is too old. Check it and type it again."))


def confirm_saved_code(tenant: Tenant, case_id: UUID, typed: str) -> Case:
    """Confirm with a code the person saved, for those who can read no mailbox any more. It counts as a try like any
    other, is consumed by one conditional update, and refuses in the same words."""
    code, tries = _take_try(tenant, case_id)
    with tenant_scope(tenant.id):
        case = locked(case_id)
        may_try = tries <= CODE_TRIES and code is not None and case.state is CaseStatus.OPENED
        evidence = prove_by_saved_code(case, typed) if may_try else None
        if evidence is not None:
            return _confirmed(case, evidence)
        _refuse_code(case, tries)
    raise _code_refusal(tries)


def prove_by_mail(case: Case, typed: str, *, sent_since: datetime) -> Confirmation | None:
    """What the newest code proves if it was mailed since then and is the one that was typed; it is consumed. Call it
    with the case locked, after a try was counted and committed."""
    sent = ConfirmationCode.objects.filter(case=case, created_at__gte=sent_since)
    code = sent.order_by("-created_at").first()
    right = same(_code_digest(case, typed), bytes(code.code_digest) if code else b"")
    return _consume(case, code) if right and code is not None and _is_live(code, clock.now()) else None


def prove_by_saved_code(case: Case, typed: str) -> Confirmation | None:
    """The same for a code the person saved. A decoy looks for the codes of nobody: the same work, and never a yes."""
    saved_at = use_saved_code(case.person_id or UUID(int=0), typed, actor=claimant(case))
    return None if saved_at is None else {"channel": "saved_code", "held_hours": _hours_since(saved_at)}


def _consume(case: Case, code: ConfirmationCode) -> Confirmation:
    code.consumed_at = clock.now()
    code.save(update_fields=["consumed_at"])
    if code.address_id and case.person_id:
        note_reached(case.person_id, code.address_id)
    return {"channel": "email", "held_hours": _hours_since(code.address_held_since)}


def _hours_since(moment: datetime | None) -> int:
    return int((clock.now() - moment).total_seconds() // 3600) if moment else 0


def _confirmed(case: Case, evidence: Confirmation) -> Case:
    moved = move_case(case.id, CaseStatus.PROVING, actor=claimant(case))
    note_confirmed(moved, evidence)
    return moved


def note_confirmed(case: Case, evidence: Confirmation) -> None:
    """An address or a saved code was confirmed, now. With the case locked."""
    record_step(case, StepKind.CONFIRMED, actor=claimant(case), evidence=evidence)
    record_event(
        EventName.CONFIRMATION_CODE_ACCEPTED, actor=claimant(case), subject=case.public_id, case_id=case.id
    )
