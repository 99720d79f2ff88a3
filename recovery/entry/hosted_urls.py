"""On a tenant's hosted pages."""

from django.urls import path

from recovery.entry import hosted_views, provider_hosted

app_name = "entry"
urlpatterns = [
    path("sign-in/provider", provider_hosted.begin, name="provider"),
    path("sign-in/provider/go", provider_hosted.go, name="provider_go"),
    path("sign-in/provider/keys", provider_hosted.keys, name="provider_keys"),
    path("sign-in/returned", provider_hosted.returned, name="provider_returned"),
    path("sign-in/checking", provider_hosted.checking, name="provider_checking"),
    path("sign-in/try/<str:token>", provider_hosted.trial, name="provider_trial"),
    path("enter/passkey", hosted_views.passkey, name="passkey"),
    path("enter/passkey/options", hosted_views.passkey_options, name="passkey_options"),
    path("enter/passkey/register", hosted_views.passkey_register, name="passkey_register"),
    path("enter/done", hosted_views.done, name="done"),
    path("enter/<str:token>", hosted_views.invited, name="invited"),
    path("enter/<str:token>/no-reminders", hosted_views.no_reminders, name="no_reminders"),
]
