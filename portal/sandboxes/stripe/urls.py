"""Every address of the sandbox: the API, and the pages a person is sent to."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from portal.sandboxes.stripe.api.door import answer
from portal.sandboxes.stripe.pages import billing, checkout, holder, invoices, start


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", alive, name="healthz"),
    re_path(r"^v1/(?P<path>.*)$", answer, name="api"),
    path("", start.home, name="home"),
    path("c/pay/<str:session>", checkout.pay, name="pay"),
    path("c/pay/<str:session>/over", checkout.over, name="over"),
    path("authenticate/<str:secret>", holder.authenticate, name="authenticate"),
    path("p/session/<str:secret>", billing.home, name="billing"),
    path("p/session/<str:secret>/card", billing.add_card, name="billing-card"),
    path("p/session/<str:secret>/default", billing.make_default, name="billing-default"),
    path("p/session/<str:secret>/remove", billing.remove_card, name="billing-remove"),
    path("p/session/<str:secret>/cancel/<str:subscription>", billing.cancel, name="billing-cancel"),
    path("i/<str:token>", invoices.show_invoice, name="invoice"),
    path("i/<str:token>/pdf", invoices.pdf, name="invoice-pdf"),
    path("i/<str:token>/credit/<str:note>/pdf", invoices.credit_pdf, name="credit-pdf"),
]

handler400 = "portal.sandboxes.stripe.pages.start.bad_request"
handler403 = "portal.sandboxes.stripe.pages.start.not_allowed"
handler404 = "portal.sandboxes.stripe.pages.start.not_found"
handler500 = "portal.sandboxes.stripe.pages.start.server_error"
