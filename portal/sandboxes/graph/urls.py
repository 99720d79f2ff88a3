"""Every address of the simulator: the token endpoint, the API, its page, and what tests change."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from portal.sandboxes.graph import control, delta, pages, tokens


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("<str:directory>/v2.0/.well-known/openid-configuration", tokens.discovery, name="discovery"),
    path("<str:directory>/oauth2/v2.0/token", tokens.token, name="token"),
    # `delta` is short for the full name, which libraries write.
    re_path(
        r"^v1\.0/(?P<collection>users|groups)/(?:microsoft\.graph\.)?delta(?:\(\))?/?$",
        delta.delta,
        name="delta",
    ),
    path("", pages.home, name="home"),
    path("control", control.control, name="control"),
    re_path(r"^control/(?P<collection>users|groups)$", control.change, name="change"),
]

handler404 = "portal.sandboxes.graph.pages.not_found"
handler500 = "portal.sandboxes.graph.pages.server_error"
