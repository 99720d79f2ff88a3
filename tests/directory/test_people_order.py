"""The list of people in every order, page by page, forwards and back."""

from __future__ import annotations

import random

import pytest

from portal.kit.scope import tenant_scope
from tenants.directory.selectors import COLUMNS, people_found
from tests.directory.pages import people_page
from tests.recovery.console.world import make_person

ORDERS = [sign + name for name in COLUMNS for sign in ("", "-")]


@pytest.fixture
def crowd(tenant):
    drawn = random.Random(7)
    with tenant_scope(tenant.id):
        for number in range(23):
            make_person(
                f"user{number}",
                given_names="Maria",
                family_name=drawn.choice(["Novak", "Okri", "Ÿlmaz ~x"]),
                department=drawn.choice(["", "Finance", "Sales~North"]),
            )
        yield tenant


def walk(sort, size, side):
    pages = [people_page(sort=sort, size=size)]
    while cursor := getattr(pages[-1], side):
        pages.append(people_page(sort=sort, size=size, cursor=cursor))
    return pages


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("size", [4, 23, 50])
def test_every_person_stands_on_exactly_one_page_both_ways(crowd, sort, size):
    whole = [person.id for person in people_found(sort=sort)]
    forwards = walk(sort, size, "next_cursor")
    assert [person.id for page in forwards for person in page.rows] == whole
    last, back = forwards[-1], []
    while last.previous_cursor:
        last = people_page(sort=sort, size=size, cursor=last.previous_cursor)
        back.insert(0, last)
    assert [[p.id for p in page.rows] for page in back] == [
        [p.id for p in page.rows] for page in forwards[:-1]
    ]
    assert forwards[0].previous_cursor == "" and forwards[-1].next_cursor == ""


@pytest.mark.parametrize("sort", ["", "nonsense", "-", "--name", "password", "\x00"])
def test_an_order_nobody_knows_means_by_name(crowd, sort):
    assert [p.id for p in people_found(sort=sort)] == [p.id for p in people_found(sort="name")]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "after~",
        "before~x",
        "after~0198f2a0-0000-7000-8000-000000000000",
        "sideways~{id}",
        "after~{id}~",
        "~" * 900,
        "\x00",
    ],
)
def test_a_cursor_nobody_made_begins_at_the_top(crowd, cursor):
    third = people_page(size=5).rows[2]
    assert people_page(cursor=cursor.format(id=third.id), size=5).rows == people_page(size=5).rows


def test_past_the_end_the_list_begins_again(crowd):
    last = people_page(size=50).rows[-1]
    assert people_page(cursor=f"after~{last.id}", size=5).rows == people_page(size=5).rows


def test_the_page_goes_on_after_somebody_who_left_the_filter_meanwhile(crowd):
    first = people_page(status="active", size=5)
    last = first.rows[-1]
    last.status = "suspended"
    last.save(update_fields=["status"])
    following = people_page(status="active", size=5, cursor=first.next_cursor)
    assert [p.id for p in following.rows] == [p.id for p in people_found()][5:10]


def test_no_address_of_a_page_holds_a_name(crowd):
    page = people_page(size=4)
    assert "novak" not in page.next_cursor and len(page.next_cursor) < 60


def test_the_page_and_its_csv_come_in_the_order_of_the_address(crowd, staff_client):
    client = staff_client()
    base = f"/o/{crowd.slug}/people"
    page = client.get(f"{base}/?sort=-user_name").content.decode()
    assert 'aria-sort="descending"' in page and page.index("user9") < page.index("user10")
    lines = b"".join(client.get(f"{base}/csv?sort=-user_name").streaming_content).decode().splitlines()
    assert "user9" in lines[1] and "user0" in lines[-1]
