"""`/usage`: exactly the rows of the export, in pages; and what each day comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.base import ApiView, in_scope
from portal.api.cursors import rows_asked_for
from portal.api.document import describe
from portal.api.parsing import StrictSerializer, read_query
from portal.api.scopes import Scope
from portal.api.shapes import Paging, PlainText, ProfileId
from portal.kit.origins import site_url
from vendors.billing.book import standing
from vendors.billing.models import METERED, Paid
from vendors.billing.rating.billability import Outcome
from vendors.billing.selectors import UsageFilter, usage
from vendors.billing.summing import Share, by_outcome, sums_of_usage, totals
from vendors.billing.unpriced import unpriced_by_day
from vendors.console.usage_filter import EARLIEST, LONGEST, read_filter
from vendors.console.usage_rows import UsageRow, row_of

PAGING = ("limit", "cursor")
KNOWN = "Of the checks whose cost is known; null where it is known of none that was charged."
LEFT_OUT = "How many of the charged checks have an unknown cost, because nobody had entered what one costs under your own contract."


class UsageQuery(StrictSerializer):
    """The filters of the usage page. Without a period and without days: the running billing period."""

    period = serializers.RegexField(
        r"^20\d{2}-(0[1-9]|1[0-2])$",
        required=False,
        help_text="A billing period by its month, for example 2026-11.",
    )
    date_from = serializers.DateField(required=False, help_text="First day, in the organisation's time zone.")
    date_to = serializers.DateField(
        required=False, help_text="Last day, included; at most a year after the first."
    )
    q = PlainText(max_length=9, required=False, help_text="A case's reference, or how one begins.")
    partner = PlainText(max_length=40, required=False)
    meter = serializers.ChoiceField([meter.value for meter in METERED], required=False)
    outcome = serializers.ChoiceField([outcome.value for outcome in Outcome], required=False)
    profile = ProfileId(max_length=40, required=False, help_text="`profile_…`")
    department = PlainText(max_length=120, required=False)
    paid = serializers.ChoiceField(Paid.values, required=False)
    billable = serializers.ChoiceField(["yes", "no"], required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's and cannot name an attribute."""
        return {name.removeprefix("date_"): field for name, field in super().get_fields().items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if "period" in attrs and (first or last):
            raise serializers.ValidationError({"period": [_("Name a period or days, not both.")]})
        if bool(first) != bool(last):
            raise serializers.ValidationError({"to": [_("Name the first and the last day.")]})
        if first and last and not EARLIEST <= first <= last <= first + LONGEST:
            raise serializers.ValidationError({"to": [_("Name at most a year, the first day first.")]})
        return attrs


class UsageListQuery(UsageQuery, Paging):
    pass


class UsageEntryShape(serializers.Serializer[Any]):
    """One check, as it stands in the export."""

    id = serializers.CharField()
    occurred_at = serializers.CharField(help_text="In the organisation's time zone.")
    occurred_at_utc = serializers.CharField()
    case = serializers.CharField(help_text="The case's reference. There is no personal data here.")
    step = serializers.CharField()
    meter = serializers.CharField()
    partner = serializers.CharField()
    paid = serializers.CharField()
    billable = serializers.BooleanField()
    why = serializers.CharField(help_text="Why it costs what it costs, as a code.")
    quantity = serializers.IntegerField()
    unit_price = serializers.CharField(
        allow_null=True, help_text="Null where nobody had entered what one costs (`price_known`)."
    )
    amount = serializers.CharField(
        allow_null=True,
        help_text="Exact, at list price. Below zero where an entry takes one back. Null where it was charged under a contract of "
        "your own and nobody had entered what one costs.",
    )
    currency = serializers.CharField()
    mode = serializers.CharField()
    outcome = serializers.CharField()
    profile = serializers.CharField()
    department = serializers.CharField()
    takes_back = serializers.CharField(help_text="The entry that this one takes back, or nothing.")
    price_known = serializers.BooleanField(help_text="False: nobody had entered what one costs.")

    class Meta:
        ref_name = "UsageEntry"


class UsagePage(serializers.Serializer[Any]):
    data = UsageEntryShape(many=True)  # type: ignore[assignment]  # a member's name
    next_cursor = serializers.CharField(allow_null=True)


class UsageDay(serializers.Serializer[Any]):
    day = serializers.DateField()
    meter = serializers.CharField()
    partner = serializers.CharField()
    outcome = serializers.CharField()
    charged = serializers.IntegerField()
    free = serializers.IntegerField()
    amount = serializers.CharField(allow_null=True, help_text=KNOWN)
    currency = serializers.CharField()
    unpriced = serializers.IntegerField(help_text=LEFT_OUT)


class UsageTotal(serializers.Serializer[Any]):
    paid = serializers.CharField()
    currency = serializers.CharField()
    entries = serializers.IntegerField()
    amount = serializers.CharField(allow_null=True, help_text=KNOWN)
    unpriced = serializers.IntegerField(help_text=LEFT_OUT)


class UsageSummary(serializers.Serializer[Any]):
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    time_zone = serializers.CharField()
    data = UsageDay(many=True)  # type: ignore[assignment]  # a member's name
    totals = UsageTotal(many=True)


def _filter(view: ApiView, asked: dict[str, Any]) -> UsageFilter:
    """By the page's own reader, so that both mean the same."""
    found = standing()
    words = {name: str(value) for name, value in asked.items() if name not in PAGING}
    if "period" in words:
        try:
            found.period_named(words["period"])
        except ValueError as error:
            raise serializers.ValidationError({"period": [_("There is no such period.")]}) from error
    return read_filter(words, view.key.tenant, found)


def _value(value: object) -> object:
    return f"{value:.6f}" if isinstance(value, Decimal) else value


def entry_of_row(row: UsageRow) -> dict[str, Any]:
    return {name: _value(value) for name, value in asdict(row).items()}


class UsageList(ApiView):
    needs = {"GET": Scope.USAGE_READ}

    @describe(
        "listUsage",
        "Checks, newest first",
        query=UsageListQuery,
        answer=UsagePage,
        tag="Usage",
        scope=Scope.USAGE_READ,
    )
    @in_scope
    def get(self, request: Request) -> Response:
        asked = read_query(UsageListQuery, request.query_params)
        filters = {name: str(value) for name, value in asked.items() if name not in PAGING}
        chosen = _filter(self, asked)
        rows, following = rows_asked_for(usage(chosen), chosen.order, asked, "usage", filters)
        data = [entry_of_row(row_of(entry, chosen.zone)) for entry in rows]
        answer = Response({"data": data, "next_cursor": following})
        if following:
            query = urlencode({**filters, "limit": asked["limit"], "cursor": following})
            answer["Link"] = f'<{site_url(request.path)}?{query}>; rel="next"'
        return answer


def _known(amount: Decimal, left_out: int) -> dict[str, Any]:
    return {"amount": None if left_out and not amount else _value(amount), "unpriced": left_out}


def _day(share: Share, left_out: int) -> dict[str, Any]:
    return {
        "day": share.day.isoformat() if share.day else "",
        "meter": share.meter,
        "partner": share.vendor,
        "outcome": share.outcome,
        "charged": share.charged,
        "free": share.free,
        "currency": share.currency,
        **_known(share.amount, left_out),
    }


class UsageDays(ApiView):
    needs = {"GET": Scope.USAGE_READ}

    @describe(
        "summariseUsage",
        "What each day comes to, by partner and outcome",
        query=UsageQuery,
        answer=UsageSummary,
        tag="Usage",
        scope=Scope.USAGE_READ,
    )
    @in_scope
    def get(self, request: Request) -> Response:
        chosen = _filter(self, read_query(UsageQuery, request.query_params))
        sums = sums_of_usage(chosen)
        left_out = unpriced_by_day(chosen, sums)
        in_all = Counter[str]()
        for (*_rest, currency), quantity in left_out.items():
            in_all[currency] += quantity
        return Response(
            {
                "first_day": chosen.first_day.isoformat(),
                "last_day": chosen.last_day.isoformat(),
                "time_zone": str(chosen.zone),
                "data": [_day(share, left_out[share.key]) for share in by_outcome(sums, daily=True)],
                "totals": [
                    {
                        "paid": total.connection_kind,
                        "currency": total.currency,
                        "entries": total.entries,
                        **_known(
                            total.amount,
                            in_all[total.currency] if total.connection_kind == Paid.OWN_CONTRACT else 0,
                        ),
                    }
                    for total in totals(sums)
                ],
            }
        )
