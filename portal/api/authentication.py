"""Who asks: the key in `Authorization: Bearer` (RFC 6750), and nothing else.

Protects an organisation from keys that are guessed, dead or another organisation's, and from browsers: no cookie opens
the API, no key opens a page, and no other origin may read an answer. A key is never taken from an address, where logs
would keep it, and over http none is looked at where the site is served over https. What it does not do: tell one script
from another that holds the same key.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.api.keys import WrittenKey, read_key
from portal.api.limiting import Taken, count_refusal, count_request
from portal.api.problems import Problem
from portal.api.scopes import Scope
from portal.api.selectors import VerifiedKey, note_use, tenant_of_key, verified_key
from portal.kit.scope import tenant_scope

REALM = 'Bearer realm="Readmit API"'
LONGEST_HEADER = 200


def _refuse(error: str, sentence: str, status: int = 401, **more: str) -> Problem:
    told = "".join(f', {name}="{value}"' for name, value in ({"error": error} | more).items() if value)
    return Problem(status, error or "key_missing", sentence, headers={"WWW-Authenticate": f"{REALM}{told}"})


def require_https(request: HttpRequest) -> None:
    if settings.HTTPS and not request.is_secure():
        raise Problem(
            403, "https_required", _("Ask over https. A key that was sent over http should be revoked.")
        )


def presented_key(request: HttpRequest) -> WrittenKey | None:
    """As it was written; not yet known to be anybody's."""
    scheme, _space, word = request.headers.get("Authorization", "")[:LONGEST_HEADER].partition(" ")
    return read_key(word.strip()) if scheme.lower() == "bearer" else None


def authenticate(request: HttpRequest) -> tuple[VerifiedKey, Taken]:
    """Problem 401 without a key that holds now; TooMany first."""
    require_https(request)
    unverified = presented_key(request)
    taken = count_request(request, unverified)
    if not request.headers.get("Authorization"):
        raise _refuse("", _("Send a key: Authorization: Bearer rdm_…"))
    found = _find(unverified) if unverified else None
    if found is None:
        count_refusal(request)
        raise _refuse("invalid_token", _("This key does not work. It may be mistyped, expired or revoked."))
    return found, taken


def _find(unverified: WrittenKey) -> VerifiedKey | None:
    tenant = tenant_of_key(unverified)
    if tenant is None:
        return None
    with tenant_scope(tenant.id):
        found = verified_key(unverified, tenant)
        if found is not None:
            note_use(found.row)
    return found


def require_scope(key: VerifiedKey, scope: Scope) -> None:
    if scope not in key.scopes:
        sentence = _("This key may not do that. It needs the scope %(scope)s, and so does whoever made it.")
        raise _refuse("insufficient_scope", sentence % {"scope": scope.value}, 403, scope=scope.value)
