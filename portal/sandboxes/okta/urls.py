"""Addresses of the Okta simulator."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.sandboxes.okta import control, directory, enrolments, pages, tokens


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz),
    path("oauth2/v1/token", tokens.token),
    path("api/v1/users", directory.users),
    path("api/v1/users/<str:user_id>", directory.user),
    path("api/v1/users/<str:user_id>/sessions", directory.sessions),
    path("api/v1/users/<str:user_id>/authenticator-enrollments", enrolments.enrolments),
    path("api/v1/users/<str:user_id>/authenticator-enrollments/tac", enrolments.tac),
    path("api/v1/users/<str:user_id>/authenticator-enrollments/<str:enrolment_id>", enrolments.enrolment),
    path("api/v1/groups", directory.groups),
    path("api/v1/groups/<str:group_id>/users", directory.members),
    path("api/v1/authenticators", enrolments.authenticators),
    path("", pages.home, name="home"),
    path("applications/<str:client_id>/key", pages.key, name="key"),
    path("sign-in", pages.sign_in, name="sign_in"),
    path("enduser/settings", pages.own_settings, name="settings"),
    path("enduser/settings/add", pages.add, name="add"),
    path("control", control.control),
    path("control/users", control.users),
    path("control/groups", control.groups),
    path("control/ways-in", control.ways_in),
]

handler404 = "portal.sandboxes.okta.pages.not_found"
handler500 = "portal.sandboxes.okta.pages.server_error"
