"""The tenant's colours, for the hosted layout."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal.middleware.scope import own_scope
from recovery.views.common import tenant_of
from tenants.colours import palette, parse_colour, text_on


def _properties(accent: str, *, dark: bool) -> str:
    made = palette(accent, dark=dark)
    return (
        f"--brand-accent:{made.accent};--brand-on-accent:{made.on_accent};--brand-accent-text:{made.accent_text};"
        f"--brand-card:{accent};--brand-on-card:{text_on(accent)};"
    )


@own_scope
@require_GET
def brand(request: HttpRequest) -> HttpResponse:
    """A style sheet of custom properties and nothing else, each colour moved until it can be read."""
    accent = parse_colour(tenant_of(request).accent)
    css = (
        f":root{{{_properties(accent, dark=False)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_properties(accent, dark=True)}}}}}"
    )
    return HttpResponse(css, content_type="text/css", headers={"Cache-Control": "public, max-age=300"})
