"""Every address of the house partner."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from vendors.house.views import capture, pages, provider


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", alive, name="healthz"),
    # For programs
    path(".well-known/openid-configuration", provider.metadata, name="metadata"),
    path(".well-known/oauth-authorization-server", provider.metadata, name="oauth-metadata"),
    path("jwks", provider.jwks, name="jwks"),
    path("register", provider.register, name="register"),
    path("par", provider.par, name="par"),
    path("token", provider.token, name="token"),
    path("attachments/<str:public_id>", provider.attachment, name="attachment"),
    # For people
    path("", pages.home, name="home"),
    path("authorize", pages.authorize, name="authorize"),
    path("check/<str:check>/", pages.here, name="here"),
    path("check/<str:check>/consent", pages.consent, name="consent"),
    path("check/<str:check>/choose", pages.choose, name="choose"),
    path("check/<str:check>/document", capture.document, name="document"),
    path("check/<str:check>/document/other", pages.choose_another, name="choose-another"),
    path("check/<str:check>/face", capture.face, name="face"),
    path("check/<str:check>/face/challenge", capture.challenge, name="challenge"),
    path("check/<str:check>/admission", capture.admission, name="admission"),
    path("check/<str:check>/checking", pages.checking, name="checking"),
    path("check/<str:check>/progress", pages.progress, name="progress"),
    path("check/<str:check>/result", pages.result, name="result"),
    path("check/<str:check>/continue", pages.go_back, name="continue"),
    path("check/<str:check>/leave", pages.leave, name="leave"),
]

handler400 = "vendors.house.views.errors.bad_request"
handler403 = "vendors.house.views.errors.not_allowed"
handler404 = "vendors.house.views.errors.not_found"
handler500 = "vendors.house.views.errors.server_error"
