"""Every address of the simulator: the token endpoint, the API, its page, and what tests change."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from portal.sandboxes.graph import control, delta, methods, pages, passes, people, sign_in, tokens


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
    path("v1.0/users/<str:user>", people.user, name="user"),
    path("v1.0/users/<str:user>/revokeSignInSessions", people.revoke_sessions, name="revoke_sessions"),
    path(f"v1.0/{passes.POLICY_PATH}", passes.policy, name="pass_policy"),
    path("v1.0/users/<str:user>/authentication/temporaryAccessPassMethods", passes.passes, name="passes"),
    path(
        "v1.0/users/<str:user>/authentication/temporaryAccessPassMethods/<str:pass_id>",
        passes.one_pass,
        name="one_pass",
    ),
    path("v1.0/users/<str:user>/authentication/methods", methods.every_method, name="every_method"),
    path("v1.0/users/<str:user>/authentication/<str:collection>", methods.methods, name="methods"),
    path(
        "v1.0/users/<str:user>/authentication/<str:collection>/<str:method_id>",
        methods.one_method,
        name="one_method",
    ),
    path("", pages.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("security-info", sign_in.security_info, name="security_info"),
    path("security-info/add", sign_in.add, name="add_method"),
    path("security-info/<str:method_id>/remove", sign_in.remove, name="remove_method"),
    path("control/ways-in", control.ways_in, name="control_ways_in"),
    path("control", control.control, name="control"),
    re_path(r"^control/(?P<collection>users|groups)$", control.change, name="change"),
]

handler404 = "portal.sandboxes.graph.pages.not_found"
handler500 = "portal.sandboxes.graph.pages.server_error"
