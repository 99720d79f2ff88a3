"""What the gallery shows: one of everything, with long words and mistakes."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import segno
from django import forms
from django.utils.safestring import mark_safe

NOW = datetime(2026, 10, 22, 9, 41, tzinfo=UTC)
CASES = [
    ("R7K-4QM", "Ada Lovelace", "In review", "warn", 145),
    ("T2M-9XB", "Grace Hopper", "Recovered", "ok", 145),
    ("H5D-1WE", "Aoibheann Ní Mháille-Featherstonehaugh", "Refused", "bad", 120),
    ("K8P-3ZC", "Ida Rhodes", "Evaluated", "info", 0),
]


class ProfileForm(forms.Form):
    name = forms.CharField(label="Name", max_length=60, help_text="Only members see it.")
    mail = forms.EmailField(label="Contact", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    tries = forms.IntegerField(
        label="Tries", min_value=1, max_value=5, widget=forms.NumberInput(attrs={"data-width": "short"})
    )
    kind = forms.ChoiceField(
        label="Evidence",
        choices=[("document", "Document and face"), ("chip", "Chip of a passport")],
        widget=forms.RadioSelect,
    )
    kind.choice_hints = {
        "document": "A photographed document and a live face.",
        "chip": "Needs a phone with NFC.",
    }
    groups = forms.MultipleChoiceField(
        label="Groups",
        choices=[("f", "Finance"), ("s", "Ships")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    country = forms.ChoiceField(
        label="Country", choices=[("", "Choose"), ("pt", "Portugal"), ("fi", "Finland")]
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    price = forms.DecimalField(
        label="Price",
        required=False,
        initial=Decimal("1.20"),
        widget=forms.TextInput(attrs={"data-prefix": "€", "data-width": "short"}),
    )
    notify = forms.BooleanField(
        label="Tell every address the person has", required=False, help_text="Recommended."
    )
    sure = forms.BooleanField(label="I have read what changes")
    logo = forms.FileField(label="Logo", required=False)
    token = forms.CharField(widget=forms.HiddenInput, initial="t")


def qr_svg() -> str:
    out = BytesIO()
    segno.make("https://contoso.localhost/recover").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=0, omitsize=True
    )
    return mark_safe(out.getvalue().decode())


def navigation() -> list[dict]:
    def item(label, icon, current=False, **more):
        return {"label": label, "url": f"#{label.lower()}", "icon": icon, "current": current, **more}

    return [
        {"label": "", "items": [item("Overview", "home")]},
        {
            "label": "Recovery",
            "items": [
                item("Cases", "list", True),
                item("Review", "flag", badge="2"),
                item("Profiles", "shield"),
                item("Readiness", "chart"),
                item("Tell your people", "bell"),
            ],
        },
        {
            "label": "Verified ID",
            "items": [
                item("Authority", "key"),
                item("Card", "credential"),
                item("Issued", "archive"),
                item("Trusted issuers", "globe", badge="Expired", badge_tone="warn"),
            ],
        },
        {"label": "Partners", "items": [item("Browse", "store"), item("Yours", "plug")]},
        {"label": "People", "items": [item("All", "people"), item("Connections", "link")]},
        {
            "label": "Money",
            "items": [item("Usage", "chart"), item("Invoices", "receipt"), item("Budgets", "money")],
        },
    ]


def frame() -> dict:
    return {
        "navigation": navigation(),
        "organisation": {"name": "Contoso Shipping", "url": "#"},
        "organisations": [
            {"name": "Contoso Shipping", "url": "#", "current": True, "hint": "Production"},
            {"name": "Fabrikam", "url": "#f", "hint": "Evaluation"},
        ],
        "organisations_url": "#all",
        "account": {"name": "Katherine Johnson", "email": "katherine@contoso.example"},
        "account_menu": [
            {"label": "Your sign-in", "url": "#", "icon": "passkey"},
            {"label": "Sign out", "url": "#out", "icon": "logout", "method": "post"},
        ],
        "breadcrumbs": [
            {"label": "Recovery", "url": "#"},
            {"label": "Cases", "url": "#"},
            {"label": "Elements"},
        ],
        "tenant": {
            "name": "Contoso Shipping",
            "helpdesk": {
                "name": "Contoso help desk",
                "phone": "+351 21 000 0000",
                "email": "help@contoso.example",
                "hours": "Weekdays 8 to 18",
            },
        },
        "demonstration": True,
        "csrf_token": "token-of-the-gallery",
    }


def gallery() -> dict:
    form = ProfileForm(
        {
            "name": "",
            "mail": "not an address",
            "tries": "9",
            "kind": "",
            "country": "",
            "groups": ["s"],
            "token": "t",
        }
    )
    form.is_valid()
    return frame() | {
        "now": NOW,
        "form": form,
        "qr_svg": qr_svg(),
        "nothing": [],
        "marks": [1000, 1500],
        "menu": [
            {"label": "Copy profile", "url": "#", "icon": "copy"},
            {"label": "Archive", "url": "#", "icon": "archive", "hint": "Can be undone"},
            {"label": "Delete", "url": "#", "icon": "trash", "danger": True},
        ],
        "tabs": [
            {"label": "All", "url": "#", "current": True, "count": 128},
            {"label": "Mine", "url": "#", "count": 3},
            {"label": "Rules", "url": "#"},
        ],
        "badges": [
            {"label": label, "tone": tone}
            for label, tone in [
                ("Recovered", "ok"),
                ("In review", "warn"),
                ("Refused", "bad"),
                ("Proving", "info"),
                ("Canceled", "neutral"),
                ("Sandbox", "sandbox"),
            ]
        ],
        "checklist": [
            {
                "label": "Connect the directory",
                "url": "#",
                "status": "done",
                "hint": "1,204 people, 4 minutes ago",
            },
            {"label": "Publish the authority", "url": "#", "status": "doing"},
            {"label": "Choose a verification partner", "url": "#", "status": "todo"},
            {"label": "Rehearse a profile", "status": "blocked", "hint": "Needs a partner first"},
            {"label": "Add a second administrator", "url": "#", "status": "problem"},
            {"label": "Put your logo on the card", "url": "#", "status": "optional"},
        ],
        "active": [
            {"label": "Status: refused", "remove_url": "#"},
            {"label": "Since 1 October", "remove_url": "#"},
        ],
        "statuses": [("", "Any"), ("refused", "Refused"), ("recovered", "Recovered")],
        "partners": [("", "Any"), ("nordlicht", "Nordlicht")],
        "cases": [
            {"reference": r, "person": p, "status": s, "tone": t, "cost": c, "opened_at": NOW}
            for r, p, s, t, c in CASES
        ],
        "evidence": [
            {"term": "Document", "value": "Passport, Portugal"},
            {"term": "Strength", "value": "STRONG", "hint": "NIST SP 800-63A"},
            {"term": "Reasons", "value": "document_genuine, zones_agree"},
        ],
        "modes": [
            {"value": "evaluation", "label": "Evaluation", "hint": "Cases end before a pass is issued."},
            {
                "value": "production",
                "label": "Production",
                "hint": "People get back in.",
                "badge": "Needs review",
                "badge_tone": "warn",
            },
            {"value": "off", "label": "Closed", "disabled": True},
        ],
        "stages": [
            {"label": "Reading your document", "state": "done"},
            {"label": "Comparing faces", "state": "current", "hint": "Usually under 20 seconds"},
            {"label": "Finding your account", "state": "waiting"},
        ],
    }


def hosted() -> dict:
    form = forms.Form({})
    form.fields["user_name"] = forms.CharField(
        label="User name, e-mail or employee number",
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    return frame() | {
        "form": form,
        "step": {"number": 2, "total": 6},
        "case_reference": "R7K-4QM",
        "back_url": "#",
        "exit_url": "#",
        "partner": {"name": "House partner"},
        "on_behalf_of": "Contoso Shipping",
        "now": NOW,
        "stages": gallery()["stages"],
        "modes": gallery()["modes"][:2],
        "qr_svg": qr_svg(),
        "document": {"kind": "Receipt", "number": "RC-2026-0144", "date": NOW},
    }
