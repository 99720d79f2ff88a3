"""`<slug>…/bridge/…`: the organisation's OpenID Provider for systems that recover accounts elsewhere."""

from django.urls import path

from vendors.bridge import hosted_views as pages
from vendors.bridge import protocol_views as protocol

app_name = "bridge"
urlpatterns = [
    path("bridge/.well-known/openid-configuration", protocol.metadata, name="metadata"),
    path("bridge/keys", protocol.keys, name="keys"),
    path("bridge/par", protocol.push, name="push"),
    path("bridge/token", protocol.token, name="token"),
    path("bridge/authorize", pages.authorize, name="authorize"),
    path("bridge/consent", pages.consent, name="consent"),
    path("bridge/partner", pages.partner, name="partner"),
    path("bridge/checking", pages.checking, name="checking"),
    path("bridge/stop", pages.stop, name="stop"),
    path("bridge/face", pages.face, name="face"),
    path("bridge/face/without-colours", pages.face_without_colours, name="face_without_colours"),
    path("bridge/face/clip", pages.face_clip, name="face_clip"),
    path("bridge/leave", pages.leave, name="leave"),
]
