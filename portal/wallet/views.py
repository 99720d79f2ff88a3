"""Five pages without state.

They protect the holder from this very server: no cookie is read, no parameter is looked at, and the policy sent
along lets nothing run but our own modules. They cannot protect from someone who changes those modules.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.kit import clock
from portal.wallet.words import wallet_words

LOCAL_ISSUERS = "http://localhost:* http://*.localhost:*"


def security_headers() -> dict[str, str]:
    """Issuers and verifiers may be anyone over https; plain http only where this wallet itself runs on one machine."""
    local = LOCAL_ISSUERS if str(getattr(settings, "WALLET_ORIGIN", "")).startswith("http://") else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": f"'self' https: {local}".strip(),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), publickey-credentials-get=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }


def render_page(request: HttpRequest, name: str) -> HttpResponse:
    context = {"wallet_words": wallet_words(), "csrf_token": "", "served_at": int(clock.now().timestamp())}
    response = render(request, f"wallet/{name}.html", context)
    for header, value in security_headers().items():
        response[header] = value
    return response


@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    return render_page(request, "cards")


@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """Which card is in the address's fragment, which a browser keeps to itself."""
    return render_page(request, "card")


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What was shown to whom is known to the browser alone."""
    return render_page(request, "history")


@require_safe
def offer(request: HttpRequest) -> HttpResponse:
    """OpenID4VCI 1.0, 4.1: the offer's parameters are read in the browser only."""
    return render_page(request, "offer")


@require_safe
def present(request: HttpRequest) -> HttpResponse:
    """OpenID4VP 1.0, 5: the request's parameters are read in the browser only."""
    return render_page(request, "present")
