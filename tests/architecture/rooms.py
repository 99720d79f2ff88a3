"""Who may import whom (DESIGN 2), as data. Each room may import those in the rows above its own; rooms of one row never
import each other. A room is the longest of these names that a module's name begins with."""

from __future__ import annotations

ORDER: tuple[tuple[str, ...], ...] = (
    ("portal.env",),
    ("portal.kit", "portal.registry", "portal.templatetags"),
    ("tenants.audit",),
    ("tenants",),
    # What stands around a request: pages for errors, hosts and scopes, rights. It knows members and their seats.
    ("portal.errors",),
    ("portal.middleware", "portal.rights", "portal.recent", "portal.context"),
    ("tenants.privacy", "tenants.notices"),
    ("tenants.directory", "tenants.verified_id"),
    ("vendors.billing", "vendors.facecheck"),
    ("vendors.catalogue",),
    ("vendors",),
    ("vendors.adapters",),
    ("vendors.trying", "vendors.bridge"),
    ("recovery.access_pass", "recovery.passkeys", "recovery.callouts"),
    ("recovery",),
    ("recovery.readiness", "recovery.entry", "recovery.patterns"),
    ("portal.console", "portal.api", "portal.operator", "portal.demo"),
    ("portal.settings", "portal.checks", "portal.health"),
    ("portal.celery", "portal.wsgi"),
    ("portal.urls",),
)

# Rooms apart: what each may import of ours, and nothing else.
APART: dict[str, frozenset[str]] = {
    "vendors.house": frozenset(
        {"portal.kit", "portal.env", "vendors.facecheck.engine", "vendors.facecheck.vision"}
    ),
    "portal.wallet": frozenset({"portal.kit"}),
    "portal.sandboxes": frozenset(),
    "portal.embedded": frozenset(),
    "vendors.facecheck.engine": frozenset(),
    "tenants.verified_id.protocol": frozenset(),
    "tenants.directory.matching": frozenset(),
    "vendors.billing.rating": frozenset({"portal.kit.money"}),
}

# Protocol and engine code knows no framework (STYLE 17).
NO_DJANGO = (
    "vendors.facecheck.engine",
    "tenants.verified_id.protocol",
    "tenants.directory.matching",
    "vendors.billing.rating",
)

# Processes and static sites of their own: nobody imports them, they are reached by address.
REACHED_BY_ADDRESS = ("vendors.house", "portal.wallet", "portal.sandboxes", "portal.embedded")
