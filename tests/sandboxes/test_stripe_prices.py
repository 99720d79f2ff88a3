"""Products and prices; what quantities cost, in exact minor units."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

GRADUATED = [
    {"up_to": 100, "unit_amount_decimal": "45.5"},
    {"up_to": 1000, "unit_amount": 40, "flat_amount": 500},
    {"up_to": "inf", "unit_amount_decimal": "33.333333333333"},
]
MONTHLY = {"interval": "month"}


def price_of(client: stripe.StripeClient, **given: Any) -> stripe.Price:
    product = client.v1.products.create({"name": "Check"})
    return client.v1.prices.create({"currency": "eur", "product": product.id, **given})  # type: ignore[typeddict-item]


def preview(client: stripe.StripeClient, price: stripe.Price, quantity: int) -> stripe.Invoice:
    customer = client.v1.customers.create({})
    return client.v1.invoices.create_preview(
        {
            "customer": customer.id,
            "subscription_details": {"items": [{"price": price.id, "quantity": quantity}]},
        }
    )


def test_a_price_keeps_exact_decimals(client: stripe.StripeClient) -> None:
    price = price_of(client, unit_amount_decimal="0.125", recurring=MONTHLY)
    assert price.unit_amount is None and str(price.unit_amount_decimal) == "0.125"
    assert price_of(client, unit_amount=250).unit_amount_decimal == 250
    # 0.125 × 4 = 0.5, rounded half up; 0.125 × 3 = 0.375, rounded down.
    assert preview(client, price, 4).total == 1
    assert preview(client, price, 3).total == 0


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (0, 0),
        (1, 46),  # 45.5, rounded half up
        (100, 4550),
        (101, 4550 + 40 + 500),
        (1000, 4550 + 900 * 40 + 500),
        (1003, 4550 + 36000 + 500 + 100),  # 3 × 33.333333333333 = 99.999999999999
    ],
)
def test_graduated_tiers_price_the_units_that_fall_into_each(
    client: stripe.StripeClient, quantity: int, expected: int
) -> None:
    price = price_of(
        client, billing_scheme="tiered", tiers_mode="graduated", tiers=GRADUATED, recurring=MONTHLY
    )
    found = preview(client, price, quantity)
    assert found.total == expected
    assert sum(line.amount for line in found.lines.data) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"), [(1, 46), (100, 4550), (101, 101 * 40 + 500), (1001, 33367)]
)
def test_volume_tiers_price_all_units_by_the_tier_they_reach(
    client: stripe.StripeClient, quantity: int, expected: int
) -> None:
    price = price_of(client, billing_scheme="tiered", tiers_mode="volume", tiers=GRADUATED, recurring=MONTHLY)
    assert preview(client, price, quantity).total == expected


def test_tiers_are_answered_when_they_are_asked_for(client: stripe.StripeClient) -> None:
    price = price_of(
        client, billing_scheme="tiered", tiers_mode="graduated", tiers=GRADUATED, recurring=MONTHLY
    )
    assert "tiers" not in price
    tiers = client.v1.prices.retrieve(price.id, {"expand": ["tiers"]}).tiers
    assert tiers is not None and [tier.up_to for tier in tiers] == [100, 1000, None]
    assert tiers[1].flat_amount == 500 and tiers[0].unit_amount is None
    assert str(tiers[2].unit_amount_decimal) == "33.333333333333"


def test_packages_are_counted_as_the_price_says(client: stripe.StripeClient) -> None:
    up = price_of(
        client, unit_amount=300, transform_quantity={"divide_by": 100, "round": "up"}, recurring=MONTHLY
    )
    down = price_of(
        client, unit_amount=300, transform_quantity={"divide_by": 100, "round": "down"}, recurring=MONTHLY
    )
    assert (preview(client, up, 101).total, preview(client, down, 199).total) == (600, 300)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "unit_amount"),
        ({"unit_amount": 1, "unit_amount_decimal": "1"}, "unit_amount"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount_decimal": "1.0000000000001"}, "unit_amount_decimal"),
        ({"unit_amount": 1, "currency": "xxx"}, "currency"),
        ({"unit_amount": 1, "product": "prod_none"}, "product"),
        ({"unit_amount": 1, "recurring": {"interval": "hour"}}, "recurring[interval]"),
        (
            {"unit_amount": 1, "recurring": {"interval": "year", "interval_count": 4}},
            "recurring[interval_count]",
        ),
        ({"unit_amount": 1, "tiers": GRADUATED}, "tiers"),
        ({"billing_scheme": "tiered", "tiers": GRADUATED, "recurring": MONTHLY}, "tiers_mode"),
        ({"billing_scheme": "tiered", "tiers_mode": "volume", "recurring": MONTHLY}, "tiers"),
        (
            {
                "billing_scheme": "tiered",
                "tiers_mode": "volume",
                "recurring": MONTHLY,
                "tiers": GRADUATED[:2],
            },
            "tiers[1][up_to]",
        ),
        (
            {
                "billing_scheme": "tiered",
                "tiers_mode": "volume",
                "recurring": MONTHLY,
                "tiers": [GRADUATED[1], GRADUATED[0], GRADUATED[2]],
            },
            "tiers[1][up_to]",
        ),
        ({"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": GRADUATED}, "billing_scheme"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(
    client: stripe.StripeClient, given: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price_of(client, **given)
    assert refused.value.param == param


def test_a_lookup_key_names_one_price(client: stripe.StripeClient) -> None:
    first = price_of(client, unit_amount=1, lookup_key="face-check")
    with pytest.raises(stripe.InvalidRequestError):
        price_of(client, unit_amount=2, lookup_key="face-check")
    second = price_of(client, unit_amount=2, lookup_key="face-check", transfer_lookup_key=True)
    found = client.v1.prices.list({"lookup_keys": ["face-check"], "expand": ["data.product"]}).data
    assert [price.id for price in found] == [second.id]
    assert isinstance(found[0].product, stripe.Product) and found[0].product.name == "Check"
    assert client.v1.prices.retrieve(first.id).lookup_key is None


def test_what_was_agreed_does_not_change(client: stripe.StripeClient) -> None:
    price = price_of(client, unit_amount=1)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.prices.update(price.id, {"unit_amount": 2})  # type: ignore[typeddict-unknown-key]
    assert refused.value.code == "parameter_unknown"
    assert client.v1.prices.update(price.id, {"active": False, "nickname": "old"}).active is False
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.delete(str(price.product))


def test_taxes_are_calculated_where_the_customer_is(client: stripe.StripeClient) -> None:
    def total(country: str, vat: str = "") -> tuple[int, str | None]:
        details: dict[str, Any] = {"address": {"country": country}, "address_source": "billing"}
        if vat:
            details["tax_ids"] = [{"type": "eu_vat", "value": vat}]
        found = client.v1.tax.calculations.create(
            {
                "currency": "eur",
                "customer_details": details,
                "line_items": [{"amount": 1050, "reference": "a"}],
            }  # type: ignore[typeddict-item]
        )
        return found.tax_amount_exclusive, found.id

    assert total("DE")[0] == 200  # 19 % of 1050 is 199.5
    assert total("FR")[0] == 210
    assert total("FR", "FR12345678901")[0] == 0
    assert total("US")[0] == 0
