"""Listings as files, for tests: one that is sold through us, with a name and a vendor of its own each time."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

from portal.kit import clock


def today() -> date:
    return clock.now().date()


def listing_file(**more: Any) -> dict[str, Any]:
    """A file that can be published. `more` replaces parts of it."""
    slug = more.pop("slug", f"v{secrets.token_hex(6)}")
    read_on = (today() - timedelta(days=1)).isoformat()
    return {
        "slug": slug,
        "name": f"Partner {slug[-4:]}",
        "publisher": "Example",
        "promise": "Looks at documents.",
        "monogram": "Ex",
        "effective_from": "2026-01-01",
        "contract": {"status": "public", "text": "Anybody can read it."},
        "connection_kinds": ["through_us"],
        "methods": ["document"],
        "countries": {"codes": ["CZ", "SE"], "source": "own"},
        "documents": {"kinds": ["passport"], "source": "own"},
        "languages": ["en"],
        "certificates": [],
        "checks": ["The document."],
        "cannot_see": ["Holograms."],
        "keeps": [],
        "terms": [
            {"key": "own_use", "text": "For your own people only.", "must_agree": True, "source": "own"}
        ],
        "billable": {"counted": "A decision.", "not_counted": "Errors.", "source": "own"},
        "price_from": None,
        "plans": [
            plan("standard", "1.20"),
            plan("bundle", "1.10", kind="bundle", bundle={"quantity": 100, "months": 12}),
            plan(
                "monthly",
                "0.90",
                kind="subscription",
                included=10,
                fees=[{"currency": "EUR", "unit_price": "30.00", "effective_from": "2026-01-01"}],
            ),
            plan("trial", "1.30", trial=5),
        ],
        "links": [{"label": "Documentation", "url": "https://docs.example.com/"}],
        "sources": [
            {"key": "own", "title": "Documentation", "url": "https://docs.example.com/", "read_on": read_on}
        ],
        "history": [{"on": "2026-01-01", "what": "First listed."}],
        **more,
    }


def plan(key: str, unit_price: str, *, kind: str = "per_decision", **more: Any) -> dict[str, Any]:
    price = {"currency": "EUR", "unit_price": unit_price, "effective_from": more.pop("since", "2026-01-01")}
    price |= {name: more.pop(name) for name in ("included", "trial") if name in more}
    return {
        "key": key,
        "kind": kind,
        "title": key.title(),
        "summary": "A way to pay.",
        "prices": [price],
        **more,
    }
