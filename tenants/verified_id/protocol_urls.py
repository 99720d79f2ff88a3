"""On the tenant's host."""

from django.urls import path

from tenants.verified_id.entra.receiving import receive as receive_from_entra
from tenants.verified_id.views import issuing, protocol, published, returned

app_name = "authority"
urlpatterns = [
    path(".well-known/did.json", published.did_json, name="did"),
    path("did.json", published.did_json),
    path(".well-known/openid-credential-issuer", published.issuer_json, name="issuer"),
    # Some wallets write the slash of the issuer's origin into the address.
    path(".well-known/openid-credential-issuer/", published.issuer_json),
    path(".well-known/oauth-authorization-server", published.server_json, name="server"),
    path(".well-known/jwt-vc-issuer", published.jwt_vc_issuer_json, name="jwt_vc_issuer"),
    path("credentials/VerifiedIdentity/1", published.type_json, name="type"),
    path("status/<str:list_id>", published.status_list, name="status"),
    path("openid4vci/offers/<str:address>", issuing.offer, name="offer"),
    path("openid4vci/token", issuing.token, name="token"),
    path("openid4vci/nonce", issuing.nonce, name="nonce"),
    path("openid4vci/credential", issuing.credential, name="credential"),
    path("openid4vci/deferred", issuing.deferred, name="deferred"),
    path("openid4vci/notification", issuing.notification, name="notification"),
    path("entra/callbacks/<str:request_id>", receive_from_entra, name="entra_callback"),
    path("openid4vp/requests/<str:address>", protocol.request_object, name="request"),
    path("openid4vp/responses/<str:presentation_id>", protocol.response, name="response"),
    path("openid4vp/returned", returned.returned, name="returned"),
]
