"""An invoice on paper: the page's numbers, every script, the same bytes each time."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.billing.world import close, event, load, record_file, subscribe
from vendors.billing.book import standing
from vendors.billing.details import Buyer, change_billing_details
from vendors.billing.documents import document_of
from vendors.console import invoice_pdf
from vendors.console.invoice_pdf import pdf_of
from vendors.console.sheet_fonts import font_of, marked_up

NAMES = "Žluťoučký Ακμή Компания שלום 東京 서울 कंपनी"


@pytest.fixture
def invoice(tenant, tmp_path):
    partner = load(unit_price="1.20", included=2)
    subscribe(tenant, "2026-01-01")
    with tenant_scope(tenant.id):
        buyer = Buyer(NAMES, "<b>1</b>\n110 00 Praha", "CZ", "CZ1", "PO-7", "4711")
        change_billing_details(buyer, actor=SYSTEM)
    record_file(tmp_path, [event(tenant, partner, "2026-01-05", 12)])
    (made,) = close(tenant, "2026-01")
    return made


def drawn(monkeypatch, tenant, made):
    """What is put on the sheets, in order, and the file."""
    told = []
    monkeypatch.setattr(invoice_pdf, "marked_up", lambda text: told.append(text) or marked_up(text))
    with tenant_scope(tenant.id):
        body = pdf_of(document_of(made), zone())
    return told, body


def zone():
    return standing().anchor.zone


def test_it_says_what_the_page_says(monkeypatch, tenant, invoice):
    told, body = drawn(monkeypatch, tenant, invoice)
    assert body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF")
    everything = "\n".join(told)
    for wanted in (
        f"Invoice INV-{tenant.slug.upper()}-2026-01-EUR-1",
        NAMES,
        "<b>1</b>\n110 00 Praha",
        "Tax number CZ1",
        "PO-7",
        "4711",
        "2 included",
        "10 × 1.20 EUR",
        "12.00 EUR",
        "document for tax",
    ):
        assert wanted in everything
    pages = re.findall(rb"/Type /Page\b(?!s)", body)
    assert len(pages) == 1


def test_the_same_invoice_is_the_same_file(tenant, invoice, staff_client):
    path = f"/o/{tenant.slug}/usage/invoices/{invoice.public_id}/pdf"
    first, second = (staff_client(Role.BILLING_MANAGER).get(path) for _ in range(2))
    assert first["Content-Type"] == "application/pdf" and first.content == second.content
    assert f"INV-{tenant.slug.upper()}-2026-01-EUR-1.pdf" in first["Content-Disposition"]


def test_many_lines_are_on_several_pages_each_with_its_number(tenant, tmp_path):
    subscribe(tenant, "2026-01-01")
    record_file(tmp_path, [event(tenant, load(unit_price="1.00"), "2026-01-05") for _ in range(60)])
    (made,) = close(tenant, "2026-01")
    with tenant_scope(tenant.id), translation.override("en"):
        body = pdf_of(document_of(made), zone())
    assert len(re.findall(rb"/Type /Page\b(?!s)", body)) >= 3


@pytest.mark.parametrize("character", list("aŽΑЖאبกคकবհაሀ東の서€−–“"))
def test_every_script_has_a_font(character):
    assert font_of(character)


def test_what_no_font_has_stands_as_its_code_and_markup_is_text():
    assert marked_up("a\U00010300<b>") == "a(U+10300)&lt;b&gt;"


def test_hebrew_is_drawn_from_the_right():
    assert "םולש" in marked_up("שלום A")
