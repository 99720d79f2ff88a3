"""`/contracts/…`: the written contract, and a vendor's test. For anybody, without an account; nothing of an organisation is here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import TooMany
from portal.kit.origins import client_address, network_of
from vendors.adapters.handoff import adapter as handing_over
from vendors.adapters.idemia import adapter as capturing
from vendors.adapters.oidc.adapter import DEFAULT_FRAMEWORK
from vendors.adapters.oidc.verified_claims import claims_request
from vendors.trying import services
from vendors.trying.forms import ProviderForm
from vendors.trying.models import ProviderTest
from vendors.trying.requirements import Finding
from vendors.trying.wording import lines

PROFILE = Path(handing_over.__file__).with_name("HANDOFF.md")
CAPTURE = Path(capturing.__file__).with_name("CAPTURE.md")


@require_GET
def contract(request: HttpRequest) -> HttpResponse:
    claims = json.dumps(claims_request(DEFAULT_FRAMEWORK, "…"), indent=2, ensure_ascii=False)
    return render(request, "trying/contract.html", {"requirements": lines({}), "claims": claims})


@require_GET
def handoff(request: HttpRequest) -> HttpResponse:
    """The profile for partners that hand over a credential, as it is written beside its adapter."""
    return HttpResponse(PROFILE.read_bytes(), content_type="text/plain; charset=utf-8")


@require_GET
def capture(request: HttpRequest) -> HttpResponse:
    """The profile of a capture page that an organisation hosts for IDEMIA ID&V."""
    return HttpResponse(CAPTURE.read_bytes(), content_type="text/plain; charset=utf-8")


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    form = ProviderForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            address = services.begin_test(
                **form.cleaned_data,
                locale=get_language() or "en",
                network=network_of(client_address(request)),
            )
        except TooMany as error:
            form.add_error(
                None, _("There were many tests from here, or of this issuer. Try again in an hour.")
            )
            status = error.status
        else:
            return redirect("contracts:test", address=address)
    return render(
        request, "trying/begin.html", {"form": form, "return_url": services.return_url()}, status=status
    )


def _shown(row: ProviderTest, address: str) -> dict[str, Any]:
    found = services.found(row)
    is_over = services.is_over(row)
    return {
        "address": address,
        "issuer": row.issuer,
        "lines": lines(found),
        "is_working": row.is_working and not is_over,
        "is_over": is_over,
        "is_late": is_over and row.stage != ProviderTest.Stage.ENDED,
        "is_second": row.stage == ProviderTest.Stage.SECOND,
        "link": services.link_of(row),
        "failed": sum(each.finding is Finding.FAILED for each in found.values()),
        "met": sum(each.finding is Finding.PASSED for each in found.values()),
    }


@require_GET
def test(request: HttpRequest, address: str) -> HttpResponse:
    return render(request, "trying/test.html", _shown(services.test_at(address), address))


@require_GET
def state(request: HttpRequest, address: str) -> HttpResponse:
    """The part of the page that changes while the worker asks."""
    return render(request, "trying/parts/found.html", _shown(services.test_at(address), address))


@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Written down for the worker once `state` is that of an open test."""
    query = {name: request.GET.getlist(name) for name in request.GET}
    return redirect("contracts:test", address=services.receive_return(query))
