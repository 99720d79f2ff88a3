"""`/o/<organisation>/verified-id/…`"""

from django.urls import path

from tenants.verified_id.console import (
    access_views,
    bulk_views,
    card_views,
    certificate_views,
    issued_views,
    issuer_views,
    key_views,
    trial_views,
    views,
    waiting_views,
)
from tenants.verified_id.entra.console import views as entra_views

app_name = "verified_id"
urlpatterns = [
    path("", views.home, name="home"),
    path("state", views.state, name="state"),
    path("turn-on", views.turn_on, name="turn_on"),
    path("check", views.check, name="check"),
    path("keys", key_views.keys, name="keys"),
    path("keys/<str:thumbprint>", key_views.key, name="key"),
    path("keys/<str:thumbprint>/compromised", key_views.compromised, name="compromised"),
    path("keys/<str:thumbprint>/certificate", certificate_views.certificate, name="certificate"),
    path(
        "keys/<str:thumbprint>/certificate/request",
        certificate_views.certificate_request,
        name="certificate_request",
    ),
    path("rotate", key_views.rotate, name="rotate"),
    path("domain", views.domain, name="domain"),
    path("domain/state", views.domain_state, name="domain_state"),
    path("domain/file", views.domain_file, name="domain_file"),
    path("domain/check", views.domain_check, name="domain_check"),
    path("card", card_views.card, name="card"),
    path("card/contrast", card_views.card_contrast, name="card_contrast"),
    path("access", access_views.access, name="access"),
    path("access/new", access_views.new_key, name="new_access_key"),
    path("access/request", access_views.signing_request, name="access_request"),
    path("issuers", issuer_views.issuers, name="issuers"),
    path("issuers/new", issuer_views.new_issuer, name="new_issuer"),
    path("issuers/<str:issuer_id>/check", issuer_views.check_issuer, name="check_issuer"),
    path("issuers/<str:issuer_id>/remove", issuer_views.remove_issuer, name="remove_issuer"),
    path("entra", entra_views.entra, name="entra"),
    path("entra/state", entra_views.state, name="entra_state"),
    path("entra/test", entra_views.test, name="entra_test"),
    path("entra/certificate", entra_views.download_certificate, name="entra_certificate"),
    path("entra/certificate/new", entra_views.new_certificate, name="entra_new_certificate"),
    path("entra/use", entra_views.use, name="entra_use"),
    path("entra/remove", entra_views.remove, name="entra_remove"),
    path("try", trial_views.trial, name="trial"),
    path("try/begin", trial_views.begin, name="trial_begin"),
    path("try/offer", trial_views.offer, name="trial_offer"),
    path("try/request", trial_views.request_card, name="trial_request"),
    path("try/messages", trial_views.messages, name="trial_messages"),
    path("try/end", trial_views.end, name="trial_end"),
    path("issued", issued_views.issued, name="issued"),
    path("issued/csv", issued_views.csv, name="csv"),
    path("issued/waiting", waiting_views.waiting, name="waiting"),
    path("issued/waiting/<str:issuance_id>", waiting_views.look, name="look"),
    path("issued/revoke", bulk_views.revoke_several, name="revoke_several"),
    path("issued/revocations/<str:revocation_id>", bulk_views.revocation, name="revocation"),
    path(
        "issued/revocations/<str:revocation_id>/state", bulk_views.revocation_state, name="revocation_state"
    ),
    path("issued/<str:credential_id>", issued_views.credential, name="credential"),
    path("issued/<str:credential_id>/revoke", issued_views.revoke, name="revoke"),
    path("issued/<str:credential_id>/suspend", issued_views.suspend, name="suspend"),
    path("issued/<str:credential_id>/reinstate", issued_views.reinstate, name="reinstate"),
]
