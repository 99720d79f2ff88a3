"""The doors for operators: files in, a result for each line, exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, connections

from portal.kit import clock
from portal.kit.ids import public_id, short_reference, uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.billing.world import close, event, load, look, new_name, record_file, results_of, run, subscribe
from vendors.billing.event_file import record_lines, set_aside
from vendors.billing.event_lines import SENTENCES
from vendors.billing.models import PriceVersion, UsageEntry

LAST_DAY = "9999-12-31T23:59:59-14:00"  # in UTC there is no such day


def prices_file(tmp_path, *prices):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"prices": list(prices)}))
    code, out, _err = run("load_prices", str(path), "--json")
    return code, results_of(out, "prices")


def price(**more):
    return {
        "meter": "decision",
        "vendor": new_name(),
        "currency": "EUR",
        "effective_from": "2026-01-01",
        "unit_price": "1.00",
        **more,
    }


# ------------------------------------------------------------------ prices


def test_prices_are_loaded_once_and_what_is_wrong_is_refused_while_the_rest_goes_on(tmp_path):
    good, other = price(), price()
    undated = {name: value for name, value in price().items() if name != "effective_from"}
    overlap = price(
        tiers=[{"up_to": 9, "unit_price": "1"}, {"up_to": 9, "unit_price": "1"}, {"unit_price": "1"}]
    )
    del overlap["unit_price"]
    code, results = prices_file(
        tmp_path,
        good,
        undated,
        overlap,
        price(currency="XXX"),
        price(effective_from="2026-01-01T00:00"),
        price(effective_from=LAST_DAY),
        price(effectve_from="2026-01-01"),
        price(billable_outcomes=["retake"]),
        price(meter="fee", included=5),
        "nonsense",
        other,
    )
    assert code == 1
    assert [result.get("code", result["result"]) for result in results] == [
        "loaded",
        "effective_date_missing",
        "tiers_overlap",
        "currency_unknown",
        "effective_date_unusable",
        "effective_date_unusable",
        "field_unknown",
        "outcome_not_billable",
        "fee_is_flat",
        "not_an_object",
        "loaded",
    ]
    assert all(result["sentence"] for result in results if "code" in result)
    assert prices_file(tmp_path, good)[1][0] == {**results[0], "result": "known"}
    code, (refused,) = prices_file(tmp_path, {**good, "unit_price": "0.90"})
    assert (code, refused["code"]) == (1, "price_exists")
    assert PriceVersion.objects.filter(vendor=good["vendor"]).count() == 1


@pytest.mark.parametrize(
    "written", ["1e5", "1E-2", "1_000", " 1", "1 ", "+1", "٣", ".5", "5.", "1,5", "Infinity", ""]
)
@pytest.mark.parametrize("place", ["unit_price", "minimum", "tiers"])
def test_an_amount_is_plain_digits_with_a_point(tmp_path, written, place):
    wrong = price(**{place: [{"unit_price": written}] if place == "tiers" else written})
    if place == "tiers":
        del wrong["unit_price"]
    code, (refused,) = prices_file(tmp_path, wrong)
    assert (code, refused["code"]) == (1, "price_not_plain")
    assert refused["sentence"] and not PriceVersion.objects.filter(vendor=wrong["vendor"]).exists()


@pytest.mark.parametrize("content", ["", "{", '"prices"', '{"prices": 5}', '{"prices": [], "prices": []}'])
def test_a_file_without_prices_is_unusable(tmp_path, content):
    path = tmp_path / "prices.json"
    path.write_text(content)
    assert run("load_prices", str(path))[0] == 2
    assert run("load_prices", str(tmp_path / "none.json"))[0] == 2


def test_a_new_price_holds_for_what_happens_from_then_on_whenever_it_is_recorded(tenant, tmp_path):
    partner = load(unit_price="1.00")
    load(vendor=partner, unit_price="3.00", effective_from="2026-03-10T12:00:00Z")
    before, after = "2026-03-10T11:59:59Z", "2026-03-10T12:00:00Z"
    record_file(tmp_path, [event(tenant, partner, after), event(tenant, partner, before)])
    assert [line["amount"] for line in look(tenant, "2026-03")["lines"]] == ["1.00", "3.00"]


# ------------------------------------------------------------------ events


def test_each_line_has_its_result_and_nothing_is_counted_twice(tenant, tmp_path):
    partner = load(unit_price="1.00")
    first, second = event(tenant, partner, "2026-03-02"), event(tenant, partner, "2026-03-03", 2)
    code, results = record_file(tmp_path, [first, second, first, "\n"])
    assert code == 0
    assert [(result["line"], result["result"]) for result in results] == [
        (1, "recorded"),
        (2, "recorded"),
        (3, "known"),
    ]
    assert results[0]["entry"] == results[2]["entry"]
    code, again = record_file(tmp_path, [second, first])
    assert code == 0 and [result["result"] for result in again] == ["known", "known"]
    (line,) = look(tenant, "2026-03")["lines"]
    assert (line["quantity"], line["entries"], line["amount"]) == (3, 2, "3.00")


def test_of_two_lines_with_one_key_the_first_counts_whatever_their_times(tenant, tmp_path):
    partner = load(unit_price="1.00")
    first = event(tenant, partner, "2026-03-20", 5)
    second = {**event(tenant, partner, "2026-03-02"), "idempotency_key": first["idempotency_key"]}
    code, results = record_file(tmp_path, [first, second, {**first, "profile": "another"}])
    assert code == 1
    assert [result.get("code", result["result"]) for result in results] == [
        "recorded",
        "key_reused",
        "key_reused",
    ]
    assert look(tenant, "2026-03")["totals"] == {"EUR": "5.00"}


@pytest.mark.parametrize("word", ['a"b', "a\\b", "{a,b}", "NULL", "null", "'", "a, b", "ř"])
def test_words_of_a_file_reach_the_ledger_as_they_are(tenant, tmp_path, word):
    partner = load(unit_price="1.00")
    lines = [event(tenant, partner, "2026-03-02", department=each) for each in (word, "other")]
    assert record_file(tmp_path, lines)[0] == 0
    with tenant_scope(tenant.id):
        found = set(UsageEntry.objects.values_list("department", flat=True))
    assert found == {word, "other"}


def test_a_file_that_was_cut_off_is_taken_up(tenant):
    partner = load(unit_price="1.00")
    lines = [json.dumps(event(tenant, partner, "2026-03-02")) for _ in range(9)]
    begun = record_lines(lines, batch=4)
    for _ in range(5):
        next(begun)  # two batches are in, their results only half told
    begun.close()
    results = [outcome.result for outcome in record_lines(lines, batch=4)]
    assert results == ["known"] * 8 + ["recorded"]


def test_processes_share_a_file_and_each_line_has_its_result_in_the_file_s_order(tenant, other_tenant):
    partner, tenants = load(unit_price="1.00"), (tenant, other_tenant)
    events = [event(each, partner, "2026-03-02") for each in tenants * 20]
    # The same organisation by another name and in other letters: still one process's, in the file's order.
    events[2] = {**events[2], "tenant": tenant.public_id}
    lines = [*map(json.dumps, events), "{", json.dumps({**events[0], "quantity": 7}), json.dumps(events[1])]
    lines[4] = lines[4].replace('"tenant"', '"\\u0074enant"')
    outcomes = list(record_lines(lines, batch=6, workers=3))
    assert [outcome.line for outcome in outcomes] == list(range(1, 44))
    told = [outcome.code or outcome.result for outcome in outcomes]
    assert told == ["recorded"] * 40 + ["json_unusable", "key_reused", "known"]
    assert {outcome.result for outcome in record_lines(lines[:40], batch=6, workers=2)} == {"known"}
    for each in tenants:
        with tenant_scope(each.id):
            assert UsageEntry.objects.count() == 20


BROKEN = {
    "json_unusable": "{",
    "tenant_unknown": {"tenant": "nobody-here"},
    "field_missing": {"case": None},
    "field_unusable": {"vendor": "x" * 41},
    "field_unknown": {"colour": "red"},
    "kind_unknown": {"kind": "haircut"},
    "outcome_unknown": {"outcome": "perhaps"},
    "quantity_unusable": {"quantity": 0},
    "time_unusable": {"occurred_at": "2026-03-02T12:00:00"},
    "connection_unknown": {"connection": "barter"},
    "mode_unknown": {"mode": "rehearsal"},
    "line_too_long": {"department": "x" * 5000},
    "price_missing": {"vendor": "nobody-has-a-price"},
    "event_from_future": {"occurred_at": "2099-01-01T00:00:00Z"},
    "corrected_unknown": {"corrects": "never-heard-of"},
}
# Every one of them is a sentence too, and none of them stops the file.
HOSTILE = (
    '{"a":' * 5000 + "\n",
    "[]\n",
    '{"idempotency_key": "\\u0000", "tenant": "x"}\n',
    '{"idempotency_key": "\\ud800", "tenant": "x"}\n',
    '{"idempotency_key": 1e999, "tenant": NaN}\n',
    '{"idempotency_key": "' + "x" * 5000 + '"}\n',
)


def test_what_cannot_be_counted_is_refused_or_kept_aside_and_the_rest_goes_on(tenant, tmp_path):
    partner = load(unit_price="1.00")
    good = event(tenant, partner, "2026-03-02")
    lines = [good]
    for more in BROKEN.values():
        line = event(tenant, partner, "2026-03-02")
        lines.append(
            f"{more}\n"
            if isinstance(more, str)
            else {k: v for k, v in (line | more).items() if v is not None}
        )
    lines += [{**good, "quantity": 7}, event(tenant, partner, "2026-03-02")]
    code, results = record_file(tmp_path, lines)
    assert code == 1
    told = [result.get("code", result["result"]) for result in results]
    assert told == ["recorded", *BROKEN, "key_reused", "recorded"]
    assert all(result["sentence"] for result in results if "code" in result)
    aside = {result["code"] for result in results if result["result"] == "kept_aside"}
    assert aside == set(BROKEN) - {"json_unusable", "line_too_long", "tenant_unknown"}
    with tenant_scope(tenant.id):
        assert {row.code for row in set_aside()} == aside
    assert look(tenant, "2026-03")["kept_aside"] == len(aside)
    assert look(tenant, "2026-03")["totals"] == {"EUR": "2.00"}


def test_hostile_lines_are_refused_one_by_one(tenant, tmp_path):
    partner = load(unit_price="1.00")
    odd = event(tenant, partner, "2026-03-02", department="a\x00b")
    strange = {**event(tenant, partner, "2026-03-02"), "\ud800": 1}
    too_late = event(tenant, partner, LAST_DAY)
    code, results = record_file(
        tmp_path, [*HOSTILE, odd, strange, too_late, event(tenant, partner, "2026-03-02")]
    )
    assert code == 1
    assert [result["result"] for result in results] == ["refused"] * len(HOSTILE) + ["kept_aside"] * 3 + [
        "recorded"
    ]


@pytest.mark.parametrize("twist", ['{"quantity": 100, ', '{"department": NaN, '])
def test_a_line_that_two_readers_would_read_differently_is_refused(tenant, tmp_path, twist):
    line = json.dumps(event(tenant, load(unit_price="1.00"), "2026-03-02", 2))
    code, (result,) = record_file(tmp_path, [twist + line[1:] + "\n"])
    assert (code, result["result"], result["code"]) == (1, "refused", "json_unusable")


def test_files_that_begin_with_a_byte_order_mark_are_read(tenant, tmp_path):
    good = price()
    (tmp_path / "prices.json").write_text(json.dumps([good]), encoding="utf-8-sig")
    assert run("load_prices", str(tmp_path / "prices.json"), "--json")[0] == 0
    line = json.dumps(event(tenant, good["vendor"], "2026-03-02"))
    (tmp_path / "events.jsonl").write_text(f"{line}\r\n", encoding="utf-8-sig")
    assert run("record_usage", str(tmp_path / "events.jsonl"), "--json")[0] == 0


def test_what_was_kept_aside_counts_when_it_comes_again_and_can_be(tenant, tmp_path):
    partner = new_name()
    line = event(tenant, partner, "2026-03-02")
    assert record_file(tmp_path, [line])[1][0]["code"] == "price_missing"
    assert record_file(tmp_path, [line])[1][0]["code"] == "price_missing"
    assert look(tenant, "2026-03")["kept_aside"] == 1
    load(vendor=partner, unit_price="4.00")
    assert record_file(tmp_path, [line])[1][0]["result"] == "recorded"
    shown = look(tenant, "2026-03")
    assert (shown["kept_aside"], shown["totals"]) == (0, {"EUR": "4.00"})


def test_a_price_in_a_currency_that_the_subscription_does_not_have_counts_nothing(tenant, tmp_path):
    partner = load(unit_price="1.00", currency="USD")
    subscribe(tenant, "2026-01-01")
    code, (result,) = record_file(tmp_path, [event(tenant, partner, "2026-03-02")])
    assert (code, result["result"], result["code"]) == (1, "kept_aside", "currency_not_subscribed")


def test_an_event_is_corrected_once_by_another_or_by_nothing(tenant, tmp_path):
    partner = load(unit_price="1.00")
    wrong, gone = event(tenant, partner, "2026-03-02", 5), event(tenant, partner, "2026-03-02", 3)
    right = event(tenant, partner, "2026-03-02", 2, corrects=wrong["idempotency_key"])
    none = {
        "idempotency_key": "none",
        "tenant": tenant.slug,
        "quantity": 0,
        "corrects": gone["idempotency_key"],
    }
    code, results = record_file(tmp_path, [wrong, gone, right, none])
    assert code == 0, results
    assert [r["result"] for r in record_file(tmp_path, [none, right, gone, wrong])[1]] == ["known"] * 4
    other = event(tenant, partner, "2026-03-02", 1, corrects=wrong["idempotency_key"])
    assert record_file(tmp_path, [other])[1][0]["code"] == "corrected_already"
    assert look(tenant, "2026-03")["totals"] == {"EUR": "2.00"}


def test_a_case_is_found_by_its_public_id(tenant, tmp_path):
    partner, case_id = load(unit_price="1.00"), uuid7()
    record_file(tmp_path, [event(tenant, partner, "2026-03-02", case=public_id("case", case_id))])
    with tenant_scope(tenant.id):
        (entry,) = UsageEntry.objects.all()
        assert (entry.case_id, entry.case_reference) == (case_id, short_reference(case_id))
        assert AuditEvent.objects.filter(name="usage:entries:import").count() == 1


def test_a_repetition_within_the_window_of_the_listing_costs_nothing(tenant, tmp_path):
    partner = load(unit_price="1.00", duplicate_window_minutes=10)
    times = ("12:00:00", "12:09:59", "12:10:00", "12:30:00")
    lines = [event(tenant, partner, f"2026-03-02T{time}Z", case="one") for time in times]
    record_file(tmp_path, [*reversed(lines), event(tenant, partner, "2026-03-02T12:01:00Z", case="two")])
    shown = look(tenant, "2026-03")
    assert shown["lines"][0]["quantity"] == 4
    assert [(row["why"], row["quantity"]) for row in shown["not_charged"]] == [("duplicate", 1)]


def test_a_correction_is_no_repetition_of_what_it_corrects(tenant, tmp_path):
    partner = load(unit_price="1.00", duplicate_window_minutes=10)
    wrong = event(tenant, partner, "2026-03-02", 5, case="one")
    right = event(tenant, partner, "2026-03-02", 2, case="one", corrects=wrong["idempotency_key"])
    gone = event(tenant, partner, "2026-03-02T12:05:00Z", 0, corrects=right["idempotency_key"])
    after = event(tenant, partner, "2026-03-02T12:06:00Z", 3, case="one")
    assert record_file(tmp_path, [wrong, right])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "2.00"}
    assert record_file(tmp_path, [gone])[0] == record_file(tmp_path, [after])[0] == 0
    assert look(tenant, "2026-03")["totals"] == {"EUR": "3.00"}


def test_a_file_that_cannot_be_read_is_exit_code_2(tmp_path):
    assert run("record_usage", str(tmp_path / "none.jsonl"))[0] == 2


# ------------------------------------------------------------------ periods


def test_an_invoice_is_shown_for_people_too(tenant, tmp_path):
    partner = load(unit_price="1.00")
    record_file(tmp_path, [event(tenant, partner, "2026-03-02", 12)])
    code, out, _err = run("preview_invoice", "--tenant", tenant.slug, "--period", "2026-03")
    assert code == 0 and partner in out and "12.00 EUR" in out
    assert run("preview_invoice", "--tenant", tenant.slug, "--json")[0] == 0
    assert run("preview_invoice", "--tenant", "nobody-here")[0] == 1
    assert run("preview_invoice", "--tenant", tenant.slug, "--period", "March")[0] == 2


@pytest.mark.parametrize("command", ["preview_invoice", "close_period"])
@pytest.mark.parametrize("period", ["March", "2026-13", "2026-00", "2026-3", "9999-12", "", "２０２６-03"])
def test_a_period_that_is_no_month_is_unusable(tenant, command, period):
    code, out, err = run(command, "--tenant", tenant.slug, "--period", period, "--json")
    if command == "preview_invoice" and not period:
        assert code == 0  # as if none were named
    else:
        assert (code, out) == (2, "") and "2026-02" in err


def test_periods_are_closed_in_their_order_once_and_when_they_are_over(tenant, tmp_path):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-01-01")
    record_file(tmp_path, [event(tenant, partner, "2026-01-10"), event(tenant, partner, "2026-02-10", 3)])
    arguments = ("close_period", "--tenant", tenant.slug, "--json", "--period")
    code, _out, err = run(*arguments, "2026-02")
    assert code == 1 and "2026-01" in err
    code, out, _err = run(*arguments, "2026-01")
    (document,) = json.loads(out)["documents"]
    assert code == 0 and document["total"] == "1.00"
    assert run(*arguments, "2026-01")[0] == 1
    now = datetime.now(UTC).strftime("%Y-%m")
    assert run(*arguments, now)[0] == 1
    before = look(tenant, "2026-02")
    close(tenant, "2026-02")
    assert look(tenant, "2026-02") == {**before, "status": "closed"}


def test_a_subscription_begins_once_and_changes_its_plan_afterwards(tenant):
    arguments = ("subscribe", "--tenant", tenant.slug, "--json")
    code, out, _err = run(*arguments, "--from", "2026-01-31", "--time-zone", "Europe/Prague")
    assert code == 0 and json.loads(out)["from"] == "2026-01-30T23:00:00+00:00"
    assert run(*arguments, "--from", "2026-01-31")[0] == 0
    assert run(*arguments, "--from", "2026-01-15", "--plan", "business")[0] == 1
    assert run(*arguments, "--from", "2026-02-15", "--plan", "business")[0] == 0
    assert run(*arguments, "--from", "someday")[0] == 1


def test_a_subscription_in_a_currency_without_a_face_check_is_refused(other_tenant):
    arguments = ("subscribe", "--tenant", other_tenant.slug, "--from", "2026-01-01")
    assert run(*arguments, "--currency", "PLN")[0] == 1
    assert run(*arguments, "--currency", "XXX")[0] == 1
    assert run(*arguments, "--time-zone", "Mars/Olympus")[0] == 1


def test_a_tenant_that_chose_nothing_is_billed_by_calendar_months_of_its_zone(tenant, tmp_path):
    tenant.time_zone = "Asia/Tokyo"
    tenant.save()
    partner = load(unit_price="1.00")
    record_file(
        tmp_path,
        [event(tenant, partner, "2026-02-28T15:00:00Z"), event(tenant, partner, "2026-02-28T14:59:59Z")],
    )
    shown = look(tenant, "2026-03")
    assert (shown["start"], shown["totals"]) == ("2026-03-01T00:00:00+09:00", {"EUR": "1.00"})


# ------------------------------------------------------------------ the database refuses


@pytest.mark.parametrize(
    "table", ["billing_entry", "billing_invoice", "billing_invoiceline", "billing_subscription"]
)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_neither_the_web_role_nor_the_owner_changes_a_row(tenant, tmp_path, table, statement):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-03-01")
    record_file(tmp_path, [event(tenant, partner, "2026-03-02")])
    close(tenant, "2026-03")
    with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant.id):
        connection.cursor().execute(statement.format(table))
    with pytest.raises(DatabaseError, match="never changed"):
        connections["migrator"].cursor().execute(statement.format(table))


def test_both_sides_of_the_books_are_behind_row_level_security(tenant, other_tenant, tmp_path):
    partner = load(unit_price="1.00")
    record_file(tmp_path, [event(tenant, partner, "2026-03-02")])

    def sides(of):
        with tenant_scope(of.id), connection.cursor() as cursor:
            cursor.execute("SELECT account, amount::text FROM billing_posting ORDER BY 1")
            return cursor.fetchall()

    assert sides(tenant) == [("revenue", "-1.000000"), ("unbilled", "1.000000")]
    assert sides(other_tenant) == []


def test_every_code_of_an_event_has_a_sentence():
    assert all(SENTENCES.values()) and set(BROKEN) <= set(SENTENCES)


def test_a_credit_and_a_future_period_do_not_frighten_the_preview(tenant):
    soon = clock.now() + timedelta(days=70)
    assert look(tenant, soon.strftime("%Y-%m"))["totals"] == {"EUR": "0.00"}
