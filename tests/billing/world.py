"""Prices, plans and events for the tests of billing. Names are new each time: prices belong to nobody and stay."""

from __future__ import annotations

import io
import json
import secrets
from collections import Counter
from datetime import UTC, datetime

from django.core.management import call_command

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from vendors.billing.book import standing, zone_named
from vendors.billing.previewing import preview
from vendors.billing.price_file import load_price
from vendors.billing.services import begin_subscription, change_plan, close_period


def new_name(word="partner"):
    return f"{word}-{secrets.token_hex(4)}"


def load(**price):
    """One price of a partner, in euros on the standard plan from 2020 on, unless said otherwise. Returns the partner."""
    values = {
        "meter": "decision",
        "vendor": price.get("vendor") or new_name(),
        "currency": "EUR",
        "effective_from": "2020-01-01",
        **price,
    }
    result = load_price(1, values)
    assert result.result == "loaded", result
    return values["vendor"]


def subscribe(tenant, at, *, zone="Europe/Prague", plan="standard", currencies=("EUR",)):
    with tenant_scope(tenant.id):
        moment = local(at, zone)
        begin_subscription(plan=plan, at=moment, time_zone=zone, currencies=currencies, actor=SYSTEM)


def switch(tenant, at, plan, zone="Europe/Prague"):
    with tenant_scope(tenant.id):
        change_plan(plan=plan, at=local(at, zone), actor=SYSTEM)


def local(text, zone="Europe/Prague"):
    return datetime.fromisoformat(text).replace(tzinfo=zone_named(zone)).astimezone(UTC)


def event(tenant, vendor, at, quantity=1, **more):
    return {
        "idempotency_key": secrets.token_hex(8),
        "tenant": tenant.slug,
        "vendor": vendor,
        "kind": "decision",
        "outcome": "passed",
        "quantity": quantity,
        "occurred_at": at if "T" in at else f"{at}T12:00:00Z",
        "case": secrets.token_hex(6),
        **more,
    }


def run(name, *arguments):
    """(exit code, standard output, standard error) of a command."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    raise AssertionError("a command ends with its exit code")


def record_file(tmp_path, events, name="events.jsonl"):
    """Run `record_usage` on a file of events; the exit code and the result of each line."""
    path = tmp_path / name
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in events))
    code, out, _err = run("record_usage", str(path), "--json")
    return code, results_of(out, "lines")


def results_of(out, noun):
    """The result of each line of a file. The last line printed counts them."""
    *results, last = map(json.loads, out.splitlines())
    counts = Counter(each["result"] for each in results)
    told = last["summary"]
    assert told.pop(noun) == len(results) and {kind: n for kind, n in told.items() if n} == counts
    return results


def look(tenant, label):
    with tenant_scope(tenant.id):
        return preview(standing().period_named(label))


def close(tenant, label, at="2030-01-01T00:00:00+00:00"):
    with clock.frozen(datetime.fromisoformat(at)), tenant_scope(tenant.id):
        return close_period(label, actor=SYSTEM)


def amounts(shown):
    """What each line says, in the order of the invoice."""
    return [(line["kind"], line["quantity"], line["amount"]) for line in shown["lines"]]
