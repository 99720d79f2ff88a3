"""Every address of a simulator: the partner's API, the page a person is sent to, and what tests switch."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portal.sandboxes.partners import control, pages
from portal.sandboxes.partners.simulators import this_one


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("", pages.home, name="home"),
    path("faults", pages.change_faults, name="faults"),
    path("verify/<str:token>", pages.verify, name="verify"),
    path("verify/<str:token>/done", pages.done, name="done"),
    path("control", control.control, name="control"),
    path("control/finish", control.finish, name="control_finish"),
    path("control/settle", control.settle, name="control_settle"),
    *this_one().urls,
    *([path("", include(this_one().more_urls))] if this_one().more_urls else []),
]

handler400 = "portal.sandboxes.partners.pages.bad_request"
handler403 = "portal.sandboxes.partners.pages.not_allowed"
handler404 = "portal.sandboxes.partners.pages.not_found"
handler500 = "portal.sandboxes.partners.pages.server_error"
