"""Whatever is done to the log behind the product's back is found, and the place is named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.chain import BrokenChain
from tenants.audit.events import EventName
from tenants.audit.heads import sign_tail
from tenants.audit.models import AuditEvent, AuditHead, AuditLink, AuditPending
from tenants.audit.sealing import seal_events, tenants_with_unsealed_events
from tenants.audit.selectors import personal_half, personal_state
from tenants.audit.services import check_chain, record_event, shred_personal
from tenants.audit.tasks import seal
from tenants.audit.verification import verify_chain
from tenants.models import Tenant
from tests.audit.conftest import write_events

Tamper = Callable[..., int]


def broken(tenant: Tenant) -> tuple[str, int | None]:
    with pytest.raises(BrokenChain) as caught:
        verify_chain(tenant.id)
    return caught.value.code, caught.value.number


def sign(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        sign_tail(even_if_recent=True)


def test_an_untouched_log_holds_to_its_last_number(tenant: Tenant, sealed_log: list[Any]) -> None:
    chain = verify_chain(tenant.id)
    assert (chain.number, chain.signed_number) == (7, 7)


def test_an_empty_log_holds(tenant: Tenant) -> None:
    assert verify_chain(tenant.id).number == 0


@pytest.mark.parametrize(
    "change",
    [
        "name = 'recovery:case:open'",
        "actor_kind = 'member'",
        "actor_id = 'member_x'",
        "subject = 'case_x'",
        'data = \'{"from": "opened", "step": 99}\'',
        "created_at = created_at + interval '1 microsecond'",
        "case_id = gen_random_uuid()",
        "personal_digest = 'x'",
    ],
)
def test_an_edited_event_is_found_by_its_number(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper, change: str
) -> None:
    assert tamper(f"UPDATE audit_auditevent SET {change} WHERE id = %s", sealed_log[3].id) == 1
    assert broken(tenant) == ("event_changed", 4)


def test_a_removed_event_is_found(tenant: Tenant, sealed_log: list[Any], tamper: Tamper) -> None:
    tamper("ALTER TABLE audit_auditlink DROP CONSTRAINT IF EXISTS audit_auditlink_event_id_tenant_fk")
    try:
        tamper("DELETE FROM audit_auditevent WHERE id = %s", sealed_log[2].id)
        assert broken(tenant) == ("event_removed", 3)
    finally:
        tamper("DELETE FROM audit_auditlink WHERE event_id = %s", sealed_log[2].id)
        tamper(
            "ALTER TABLE audit_auditlink ADD CONSTRAINT audit_auditlink_event_id_tenant_fk FOREIGN KEY "
            "(tenant_id, event_id) REFERENCES audit_auditevent (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def test_an_event_removed_with_its_link_is_found(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    tamper("DELETE FROM audit_auditlink WHERE event_id = %s", sealed_log[2].id)
    tamper("DELETE FROM audit_auditevent WHERE id = %s", sealed_log[2].id)
    assert broken(tenant) == ("link_removed", 3)


def test_an_event_slipped_in_is_found(tenant: Tenant, sealed_log: list[Any], tamper: Tamper) -> None:
    tamper(
        "INSERT INTO audit_auditevent (id, tenant_id, created_at, name, actor_kind, actor_id, subject, data) "
        "SELECT gen_random_uuid(), tenant_id, created_at, name, actor_kind, actor_id, subject, data "
        "FROM audit_auditevent WHERE id = %s",
        sealed_log[0].id,
    )
    assert broken(tenant) == ("event_added", None)


@pytest.mark.parametrize("number", [0, -1])
def test_an_event_with_a_link_before_the_first_is_found(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper, number: int
) -> None:
    [forged] = write_events(tenant, 1)
    tamper("DELETE FROM audit_auditpending WHERE id = %s", forged.id)
    with tenant_scope(tenant.id):
        AuditLink.objects.create(event_id=forged.id, number=number, chain_digest=b"x" * 32)
    assert broken(tenant) == ("event_added", None)


def test_an_event_that_another_tenant_waits_for_is_found(
    tenant: Tenant, other_tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    [forged] = write_events(tenant, 1)
    tamper("UPDATE audit_auditpending SET tenant_id = %s WHERE id = %s", other_tenant.id, forged.id)
    assert broken(tenant) == ("event_added", None)


def test_two_events_that_changed_places_are_found(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    one, two = sealed_log[1].id, sealed_log[4].id
    tamper("UPDATE audit_auditlink SET number = -1 WHERE event_id = %s", one)
    tamper("UPDATE audit_auditlink SET number = 2 WHERE event_id = %s", two)
    tamper("UPDATE audit_auditlink SET number = 5 WHERE event_id = %s", one)
    assert broken(tenant) == ("event_changed", 2)


def test_a_cut_tail_is_found_by_the_head(tenant: Tenant, sealed_log: list[Any], tamper: Tamper) -> None:
    tamper("DELETE FROM audit_auditlink WHERE event_id = %s", sealed_log[6].id)
    tamper("DELETE FROM audit_auditevent WHERE id = %s", sealed_log[6].id)
    assert broken(tenant) == ("tail_cut", 7)


def test_a_tail_cut_together_with_its_heads_is_found_by_the_file(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    tamper("DELETE FROM audit_audithead WHERE tenant_id = %s", tenant.id)
    tamper("DELETE FROM audit_auditlink WHERE event_id = %s", sealed_log[6].id)
    tamper("DELETE FROM audit_auditevent WHERE id = %s", sealed_log[6].id)
    assert broken(tenant) == ("tail_cut", 7)


def cut(tamper: Tamper, *events: Any) -> None:
    for event in events:
        tamper("DELETE FROM audit_auditlink WHERE event_id = %s", event.id)
        tamper("DELETE FROM audit_auditevent WHERE id = %s", event.id)


def test_a_tail_that_no_head_was_signed_for_yet_is_missed_as_well(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    later = write_events(tenant, 2)
    seal_events(tenant.id)
    cut(tamper, later[1])
    assert broken(tenant) == ("tail_cut", 9)


def test_a_tail_that_was_cut_stays_missed_when_the_log_goes_on(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    later = write_events(tenant, 2)
    seal_events(tenant.id)
    cut(tamper, *later)
    write_events(tenant, 5)
    seal_events(tenant.id)
    write_events(tenant, 1)
    seal_events(tenant.id)
    assert broken(tenant) == ("chain_rewritten", 9)


def test_the_tail_on_file_is_one_line_however_long_the_log_gets(
    tenant: Tenant, sealed_log: list[Any], data_folder: Path
) -> None:
    for _ in range(3):
        write_events(tenant, 1)
        seal_events(tenant.id)
    [path] = (data_folder / "audit-tails").iterdir()
    assert json.loads(path.read_text())["number"] == 10
    assert len((data_folder / "audit-heads.log").read_text().splitlines()) == 1


def test_bytes_that_are_no_text_in_a_file_of_signatures_break_the_log(
    tenant: Tenant, sealed_log: list[Any], data_folder: Path
) -> None:
    with (data_folder / "audit-heads.log").open("ab") as file:
        file.write(b'{"tenant":"' + str(tenant.id).encode() + b'",\xff\x00\n')
    assert broken(tenant) == ("head_file_unreadable", None)


def test_a_chain_computed_anew_is_found_by_the_head(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    tamper("UPDATE audit_auditevent SET subject = 'x' WHERE id = %s", sealed_log[0].id)
    tamper("DELETE FROM audit_auditlink WHERE tenant_id = %s", tenant.id)
    for event in sealed_log:
        AuditPending.objects.create(id=event.id, tenant_id=tenant.id)
    seal_events(tenant.id)
    assert broken(tenant) == ("chain_rewritten", 7)


def test_a_head_signed_by_somebody_else_is_found(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    tamper("UPDATE audit_audithead SET signature = %s WHERE tenant_id = %s", b"\x00" * 64, tenant.id)
    assert broken(tenant) == ("head_forged", 7)


def test_a_head_that_only_the_file_still_has_is_missed(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    tamper("DELETE FROM audit_audithead WHERE tenant_id = %s", tenant.id)
    assert broken(tenant) == ("head_removed", 7)


def test_a_line_of_the_file_that_was_edited_is_found(
    tenant: Tenant, sealed_log: list[Any], data_folder: Path
) -> None:
    path = data_folder / "audit-heads.log"
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "number": 6}, separators=(",", ":")) + "\n")
    assert broken(tenant) == ("head_forged", 6)


def test_the_web_role_can_neither_edit_nor_remove(tenant: Tenant, sealed_log: list[Any]) -> None:
    for table in ("auditevent", "auditlink", "audithead", "auditcheck"):
        for sql in (f"DELETE FROM audit_{table}", f"UPDATE audit_{table} SET created_at = now()"):
            with pytest.raises(ProgrammingError), tenant_scope(tenant.id), connection.cursor() as cursor:
                cursor.execute(sql)


def test_a_shredded_personal_half_leaves_the_chain_whole(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        event = record_event(EventName.PERSON_CREATED, actor=SYSTEM, personal={"name": "Ada Lovelace"})
    seal_events(tenant.id)
    with tenant_scope(tenant.id):
        assert personal_half(event) == {"name": "Ada Lovelace"}
        assert shred_personal([event.id]) == 1
        assert personal_state(event) == "shredded"
    assert verify_chain(tenant.id).number == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_auditpersonal SET sealed = decode('0001', 'hex') WHERE event_id = %s",
        "UPDATE audit_auditpersonal SET sealed = set_byte(sealed, 90, get_byte(sealed, 90) # 1) WHERE event_id = %s",
        "UPDATE audit_auditpersonal SET sealed = set_byte(sealed, 5, 9) WHERE event_id = %s",
        "UPDATE tenants_tenantkey SET wrapped = decode('00', 'hex') WHERE tenant_id ="
        " (SELECT tenant_id FROM audit_auditevent WHERE id = %s)",
    ],
    ids=["another", "a bit", "a key nobody has", "the key"],
)
def test_a_changed_personal_half_is_found(tenant: Tenant, tamper: Tamper, change: str) -> None:
    with tenant_scope(tenant.id):
        record_event(EventName.PERSON_CREATED, actor=SYSTEM, personal={"name": "Grace Hopper"})
        one = record_event(EventName.PERSON_CREATED, actor=SYSTEM, personal={"name": "Ada Lovelace"})
    seal_events(tenant.id)
    assert verify_chain(tenant.id).number == 2
    tamper(change, one.id)
    assert broken(tenant) == ("personal_half_changed", 1 if "tenantkey" in change else 2)
    with tenant_scope(tenant.id), pytest.raises(BrokenChain):
        personal_half(AuditEvent.objects.get(id=one.id))


def test_an_event_that_commits_late_gets_the_next_number(tenant: Tenant) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with tenant_scope(tenant.id):
            record_event(EventName.CASE_OPENED, actor=SYSTEM)
            begun.set()
            go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(20)
    quick = write_events(tenant, 2)
    assert seal_events(tenant.id) == 2
    go_on.set()
    thread.join()
    assert seal_events(tenant.id) == 1
    with tenant_scope(tenant.id):
        numbers = list(AuditLink.objects.order_by("number").values_list("number", "event_id"))
        late = AuditEvent.objects.get(name=EventName.CASE_OPENED)
    assert [event_id for _number, event_id in numbers] == [*(event.id for event in quick), late.id]
    assert [number for number, _event_id in numbers] == [1, 2, 3]
    assert late.created_at < quick[0].created_at
    assert verify_chain(tenant.id).number == 3


def test_sealers_side_by_side_give_no_number_twice(tenant: Tenant) -> None:
    write_events(tenant, 40)
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _round in range(10):
                write_events(tenant, 3)
                seal_events(tenant.id)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal_events(tenant.id)
    assert failures == []
    assert verify_chain(tenant.id).number == 160


def test_the_sealer_does_every_tenant_and_then_has_nothing_left(tenant: Tenant, other_tenant: Tenant) -> None:
    write_events(tenant, 2)
    write_events(other_tenant, 3)
    seal()
    assert not {tenant.id, other_tenant.id} & set(tenants_with_unsealed_events())
    assert verify_chain(tenant.id).number == 2
    assert verify_chain(other_tenant.id).number == 3


def test_an_event_of_a_change_that_was_rolled_back_leaves_nothing_to_seal(tenant: Tenant) -> None:
    with pytest.raises(ZeroDivisionError), tenant_scope(tenant.id):
        record_event(EventName.CASE_OPENED, actor=SYSTEM)
        raise ZeroDivisionError
    assert tenant.id not in tenants_with_unsealed_events()


def test_sealing_inside_an_open_transaction_is_refused(tenant: Tenant) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        seal_events(tenant.id)


def test_the_tail_is_signed_again_after_an_hour_and_not_before(tenant: Tenant, sealed_log: list[Any]) -> None:
    write_events(tenant, 1)
    seal_events(tenant.id)
    with tenant_scope(tenant.id):
        assert AuditHead.objects.count() == 1
    with clock.frozen(clock.now() + timedelta(hours=1)), tenant_scope(tenant.id):
        assert sign_tail() is not None
        assert sign_tail() is None
    assert verify_chain(tenant.id).signed_number == 8


def test_the_tail_is_signed_when_it_has_moved_by_a_thousand(tenant: Tenant, sealed_log: list[Any]) -> None:
    write_events(tenant, 1000)
    seal_events(tenant.id)
    assert verify_chain(tenant.id).signed_number == 1007


def test_a_check_is_written_down_whether_it_held_or_not(
    tenant: Tenant, sealed_log: list[Any], tamper: Tamper
) -> None:
    assert (check_chain(tenant.id).number, check_chain(tenant.id).problem) == (7, "")
    tamper("UPDATE audit_auditevent SET subject = 'x' WHERE id = %s", sealed_log[1].id)
    found = check_chain(tenant.id)
    assert (found.problem, found.problem_number) == ("event_changed", 2)
