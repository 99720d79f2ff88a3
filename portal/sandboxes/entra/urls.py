"""Every address of the simulator: the token endpoint, the API, and the pages a person is sent to."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.sandboxes.entra.api import door, records, tokens
from portal.sandboxes.entra.pages import authenticator, showing


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


API = "v1.0/verifiableCredentials"
urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("<str:directory>/oauth2/v2.0/token", tokens.token, name="token"),
    path(f"{API}/createIssuanceRequest", door.create_issuance, name="create_issuance"),
    path(f"{API}/createPresentationRequest", door.create_presentation, name="create_presentation"),
    path(
        "v1.0/tenants/<str:directory>/verifiableCredentials/contracts/<str:contract>/manifest",
        door.manifest,
        name="manifest",
    ),
    path(
        f"{API}/authorities/<str:authority>/contracts/<str:contract>/credentials",
        records.search,
        name="search",
    ),
    path(
        f"{API}/authorities/<str:authority>/contracts/<str:contract>/credentials/<str:record_id>/revoke",
        records.revoke,
        name="revoke_record",
    ),
    # What stands in the link: an app fetches a request here, a browser is led to the pretended app.
    path(
        "v1.0/<str:directory>/verifiableCredentials/<str:folder>/<str:request_id>",
        authenticator.from_link,
        name="from_link",
    ),
    path("", showing.home, name="home"),
    path("authenticator/<str:request_id>", authenticator.request_page, name="request"),
    path("authenticator/<str:request_id>/<str:act>", authenticator.act, name="act"),
    path("cards/<int:card_id>/revoke", authenticator.revoke, name="revoke"),
    path("certificates/add", authenticator.add_certificate, name="add_certificate"),
    path("trouble", authenticator.make_trouble, name="trouble"),
    path("cards/add", authenticator.add_sample, name="add_sample"),
]

handler400 = "portal.sandboxes.entra.pages.showing.bad_request"
handler403 = "portal.sandboxes.entra.pages.showing.not_allowed"
handler404 = "portal.sandboxes.entra.pages.showing.not_found"
handler500 = "portal.sandboxes.entra.pages.showing.server_error"
