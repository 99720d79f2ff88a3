"""Elements that a function draws say what a template would: escaped, in the reader's own zone and numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

MOMENT = datetime(2026, 3, 1, 23, 5, tzinfo=UTC)


def drawn(text, **values):
    return Template("{% load elements %}" + text).render(Context(values))


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ('{% element "money" amount=a currency="EUR" / %}', {"a": Decimal("1234.5")}, "€1,234.50"),
        ('{% element "money" amount=a currency="EUR" / %}', {"a": Decimal("0.012500")}, "€0.0125"),
        ('{% element "money" minor=m currency="JPY" / %}', {"m": 1250}, "¥1,250"),
        ('{% element "money" minor=m currency="CZK" sign=True / %}', {"m": 5}, "+0.05\u00a0CZK"),
        ('{% element "money" minor=m / %}', {"m": -5}, "−€0.05"),
        ('{% element "money" / %}', {}, "€0.00"),
    ],
)
def test_money_is_exact_and_in_the_currency_s_own_places(text, values, said):
    assert drawn(text, **values) == f'<span class="num nowrap">{said}</span>'


def test_money_is_written_in_the_reader_s_language():
    text = '{% element "money" amount=a / %}'
    assert "€1,234.50" in drawn(text, a=Decimal("1234.5"))
    with translation.override("de"):
        assert "€1.234,50" in drawn(text, a=Decimal("1234.5"))


def test_a_time_is_the_reader_s_own_and_says_its_instant():
    with timezone.override("Europe/Prague"):
        assert drawn('{% element "time" at=at / %}', at=MOMENT) == (
            '<time class="nowrap" datetime="2026-03-02T00:05:00+01:00" data-local="datetime">2 Mar 2026, 00:05</time>'
        )
        assert ">2 Mar 2026<" in drawn('{% element "time" at=at format="date" / %}', at=MOMENT)
        assert ">00:05<" in drawn('{% element "time" at=at format="time" class="muted" / %}', at=MOMENT)
    assert ">1 Mar 2026<" in drawn('{% element "time" at=at format="date" / %}', at=date(2026, 3, 1))
    assert drawn('{% element "time" at=at / %}', at=None) == '<span class="muted">–</span>'


def test_a_badge_escapes_what_it_is_given():
    told = drawn(
        '{% element "badge" label=label tone=tone id=label data-x=label / %}', label='<b>"', tone="ok"
    )
    assert "<b>" not in told and told.count("&lt;b&gt;&quot;") == 3
    assert 'class="badge tone-ok"' in told and "#s-ok" in told
    body = drawn('{% element "badge" tone="ok" plain=True class="x" %}<i>{{ n }}</i>{% endelement %}', n=1234)
    assert 'class="badge tone-ok badge-plain x"' in body and "<span><i>" in body
