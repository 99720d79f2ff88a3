"""Listings come from reviewed files: what is shipped, what is refused and why, versions, and confirmations."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from portal.kit import clock
from tests.catalogue.files import listing_file, plan, today
from vendors.billing.models import PriceVersion
from vendors.catalogue.loading import SHIPPED, files_of, load_listing
from vendors.catalogue.models import ListingVersion
from vendors.catalogue.shelf import find_item, shelf

NAMED = {
    *("house", "oidc", "face_check", "stripe_identity", "persona", "idemia", "au10tix", "true_credential"),
    *("idemia_credential", "mojeid", "bankid_se", "bankid_se_broker", "mitid", "ftn", "bankid_cz", "eu_pid"),
}


def load(content):
    return load_listing("x.json", content)


def codes(result):
    return {problem.code for problem in result.problems}


def run(*words):
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(*words, stdout=out, stderr=io.StringIO())
    return ended.value.code, out.getvalue()


def test_what_is_shipped_is_on_the_shelf_after_migrating():
    assert set(shelf()) >= NAMED == {path.stem for path in files_of(SHIPPED)}
    for slug in NAMED:
        item = find_item(slug)
        assert item is not None and item.listing.history and item.listing.sources, slug


def test_nothing_is_stated_of_the_partners_that_nobody_published():
    prices = {slug: find_item(slug).listing.price_from for slug in NAMED}
    assert {slug for slug, price in prices.items() if price} == {"house"}
    assert all(
        each.level and (each.laboratory or not each.expires_on)
        for slug in NAMED
        for each in find_item(slug).listing.certificates
    )
    assert {slug for slug in NAMED if not find_item(slug).may_be_used_in_production} == {
        *("idemia", "idemia_credential", "au10tix", "true_credential")
    }


def test_the_same_file_again_changes_nothing_and_another_day_makes_a_version():
    content = listing_file()
    assert load(content).result == "loaded" and load(content).result == "known"
    later = (today() + timedelta(days=40)).isoformat()
    changed = content | {
        "promise": "Looks closer.",
        "effective_from": later,
        "history": [*content["history"], {"on": later, "what": "Looks closer."}],
    }
    again = load(changed)
    assert (again.result, again.number) == ("loaded", 2)
    item = find_item(content["slug"])
    assert item.listing.promise == "Looks at documents." and item.later.promise == "Looks closer."


def _without(content, name):
    return {key: value for key, value in content.items() if key != name}


CERTIFICATE = {
    "name": "PAD",
    "laboratory": "A laboratory",
    "level": "2",
    "scope": "",
    "issued_on": None,
    "expires_on": None,
    "source": "own",
}
BAD = {
    "a logo of somebody": (lambda it: it | {"logo": "https://cdn.example.com/l.svg"}, "logo_unusable"),
    "a broken monogram": (lambda it: it | {"monogram": "Long"}, "logo_unusable"),
    "a link without a host": (lambda it: it | {"links": [{"label": "x", "url": "https://"}]}, "link_broken"),
    "a link to this machine": (lambda it: it | {"links": [{"label": "x", "url": "https://localhost/"}]}, "link_broken"),
    "a link that is a script": (lambda it: it | {"links": [{"label": "x", "url": "javascript:1"}]}, "link_broken"),
    "a fact without a source": (lambda it: it | {"countries": {"codes": ["CZ"]}}, "source_missing"),
    "a source nobody listed": (lambda it: it | {"documents": {"kinds": ["passport"], "source": "hearsay"}}, "source_unknown"),
    "a part that is missing": (lambda it: _without(it, "keeps"), "shape_unusable"),
    "a host that ends elsewhere": (
        lambda it: it | {"links": [{"label": "x", "url": "https://evil.example\\.good.com/"}]}, "link_broken"
    ),
    "a name that turns round": (lambda it: it | {"name": "Acme\u202e"}, "text_unusable"),
    "a name with a zero byte": (lambda it: it | {"name": "Acme\0"}, "text_unusable"),
    "a certificate twice": (lambda it: it | {"certificates": [CERTIFICATE, CERTIFICATE]}, "certificate_twice"),
    "more plans than anybody reads": (
        lambda it: it | {"plans": [plan(f"plan-{number}", "1") for number in range(51)]}, "shape_unusable"
    ),
    "a country nobody knows": (lambda it: it | {"countries": {"codes": ["XX"], "source": "own"}}, "country_unknown"),
    "two prices at once": (
        lambda it: it | {"plans": [plan("standard", "1.20") | {"prices": [plan("a", "1")["prices"][0], plan("a", "2")["prices"][0]]}]},
        "prices_overlap",
    ),
    "tiers that overlap": (
        lambda it: it
        | {
            "plans": [
                plan("standard", "1")
                | {
                    "prices": [
                        {
                            "currency": "EUR",
                            "effective_from": "2026-01-01",
                            "tiers": [{"up_to": 10, "unit_price": "1"}, {"up_to": 5, "unit_price": "1"}, {"unit_price": "1"}],
                        }
                    ]
                }
            ]
        },
        "tiers_overlap",
    ),
    "a price that is no exact number": (lambda it: it | {"plans": [plan("standard", 1.2)]}, "price_not_exact"),
    "a plan that nobody can pay us": (lambda it: it | {"connection_kinds": ["own_contract"]}, "kinds_contradict"),
    "a bundle without a quantity": (lambda it: it | {"plans": [plan("bb", "1", kind="bundle")]}, "plan_incomplete"),
    "a day to come": (
        lambda it: it | {"sources": [it["sources"][0] | {"read_on": (today() + timedelta(days=9)).isoformat()}]},
        "day_unusable",
    ),
    "no day of the calendar": (lambda it: it | {"effective_from": "2026-02-30"}, "day_unusable"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_a_file_with_a_fault_is_not_published_and_says_why(name):
    change, code = BAD[name]
    content = change(listing_file())
    result = load(content)
    assert result.result == "refused" and code in codes(result)
    assert all(problem.sentence for problem in result.problems)
    assert not ListingVersion.objects.filter(slug=content["slug"]).exists()
    assert not PriceVersion.objects.filter(vendor=content["slug"]).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda it: it | {"price": "1"}, "price"),
        (lambda it: _without(it, "keeps"), "keeps"),
        (lambda it: it | {"plans": [plan("a1", "1") | {"tag": 1}]}, "plans.0.tag"),
        (lambda it: [it], "file"),
    ],
)
def test_a_fault_is_told_with_its_place(change, field):
    assert [problem.field for problem in load(change(listing_file())).problems] == [field]


def test_a_file_that_says_a_thing_twice_is_not_read(tmp_path):
    content = listing_file()
    file = tmp_path / "twice.json"
    file.write_text(json.dumps(content)[:-1] + ', "name": "Another"}')
    code, told = run("load_listings", str(file), "--json")
    assert code == 1 and json.loads(told.splitlines()[0])["problems"][0]["code"] == "file_unreadable"
    assert find_item(content["slug"]) is None


def test_history_is_added_to_and_a_price_is_changed_thirty_days_ahead():
    content = listing_file()
    load(content)
    day = today().isoformat()
    rewritten = content | {"effective_from": day, "history": [{"on": day, "what": "Another story."}]}
    assert codes(load(rewritten)) == {"history_rewritten"}
    after = {"effective_from": day, "history": [*content["history"], {"on": day, "what": "Dearer."}]}
    at_once = plan("standard", "1.50", since=day)
    dearer = content | after | {"plans": [at_once, *content["plans"][1:]]}
    assert codes(load(dearer)) == {"price_change_not_announced"}
    notice = (today() + timedelta(days=31)).isoformat()
    both = content["plans"][0] | {
        "prices": [*content["plans"][0]["prices"], plan("standard", "1.50", since=notice)["prices"][0]]
    }
    assert load(content | after | {"plans": [both, *content["plans"][1:]]}).result == "loaded"
    item = find_item(content["slug"])
    price = item.price_of(
        item.listing.plan("standard"),
        "EUR",
        item.versions["decision", "standard", "EUR"][0].price.effective_from,
    )
    assert str(price.unit_price) == "1.20" and str(price.next.price.terms.list_price) == "1.50"


def test_the_command_tells_a_result_for_each_file(tmp_path):
    good, bad = listing_file(), listing_file(monogram="???")
    (tmp_path / "a.json").write_text(json.dumps(good))
    (tmp_path / "b.json").write_text(json.dumps(bad))
    (tmp_path / "c.json").write_text("{")
    code, told = run("load_listings", str(tmp_path), "--json")
    *results, last = [json.loads(line) for line in told.splitlines()]
    assert last == {"summary": {"files": 3, "loaded": 1, "known": 0, "refused": 2}}
    assert code == 1 and [each["result"] for each in results] == ["loaded", "refused", "refused"]
    assert results[1]["problems"][0]["code"] == "logo_unusable"
    assert run("load_listings", str(tmp_path / "nowhere.json"))[0] == 2
    assert run("load_listings")[0] == 0  # what is shipped, again


def test_a_contract_counts_as_confirmed_from_the_operators_word_on():
    content = listing_file(contract={"status": "not_public", "text": "Nobody can read it."})
    load(content)
    slug = content["slug"]
    assert not find_item(slug).may_be_used_in_production
    day = today().isoformat()
    assert run("confirm_contract", slug, "--on", "2999-01-01", "--reference", "x")[0] == 1
    assert run("confirm_contract", slug, "--on", day, "--reference", " ")[0] == 1
    assert run("confirm_contract", "nobody", "--on", day, "--reference", "x")[0] == 1
    assert run("confirm_contract", "house", "--on", day, "--reference", "x")[0] == 1
    code, told = run("confirm_contract", slug, "--on", day, "--reference", "Letter of today", "--json")
    assert code == 0 and json.loads(told)["confirmed_on"] == day
    assert find_item(slug).may_be_used_in_production and find_item(slug).confirmed_on == today()


def test_the_web_role_puts_nothing_on_the_shelf():
    row = ListingVersion(slug="sneaked", number=1, content={}, digest="x", effective_from="2026-01-01T00:00Z")
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        ListingVersion.objects.filter(slug="house").update(digest="x")


def test_from_is_the_least_a_decision_counts_at_without_a_fee():
    item = find_item("face_check")
    assert item is not None
    assert item.lowest("EUR", clock.now()) == Decimal("0.22"), (
        "of a bundle, what each of its checks counts at"
    )
