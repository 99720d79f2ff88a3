from django.urls import path

from recovery.passkeys import views

app_name = "passkeys"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-in/options", views.sign_in_options, name="sign_in_options"),
    path("sign-in/complete", views.sign_in_complete, name="sign_in_complete"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("security/", views.security, name="security"),
    path("security/passkeys/options", views.register_options, name="register_options"),
    path("security/passkeys/complete", views.register_complete, name="register_complete"),
    path("security/passkeys/<str:passkey>/rename", views.rename, name="rename"),
    path("security/passkeys/<str:passkey>/remove", views.remove, name="remove"),
    path("security/passkeys/<str:passkey>/confirm", views.confirm, name="confirm"),
    path("security/codes", views.saved_codes, name="saved_codes"),
    path("security/sessions/end", views.end_others, name="end_others"),
]
