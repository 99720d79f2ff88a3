"""On the tenant's host."""

from django.urls import path

from tenants.verified_id.entra.receiving import receive as receive_from_entra
from tenants.verified_id.views import protocol, returned

app_name = "authority"
urlpatterns = [
    path(".well-known/did.json", protocol.did_json, name="did"),
    path("did.json", protocol.did_json),
    path(".well-known/openid-credential-issuer", protocol.issuer_json, name="issuer"),
    path(".well-known/oauth-authorization-server", protocol.server_json, name="server"),
    path(".well-known/jwt-vc-issuer", protocol.jwt_vc_issuer_json, name="jwt_vc_issuer"),
    path("credentials/VerifiedIdentity/1", protocol.type_json, name="type"),
    path("status/<str:list_id>", protocol.status_list, name="status"),
    path("openid4vci/offers/<str:address>", protocol.offer, name="offer"),
    path("openid4vci/token", protocol.token, name="token"),
    path("openid4vci/nonce", protocol.nonce, name="nonce"),
    path("openid4vci/credential", protocol.credential, name="credential"),
    path("openid4vci/notification", protocol.notification, name="notification"),
    path("entra/callbacks/<str:request_id>", receive_from_entra, name="entra_callback"),
    path("openid4vp/requests/<str:address>", protocol.request_object, name="request"),
    path("openid4vp/responses/<str:presentation_id>", protocol.response, name="response"),
    path("openid4vp/returned", returned.returned, name="returned"),
]
