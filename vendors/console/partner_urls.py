"""`/o/<organisation>/partners/…`"""

from django.urls import path

from vendors.console import partner_browse_views as catalogue
from vendors.console import partner_buy_views as buying
from vendors.console import partner_erasing_views as erasing
from vendors.console import partner_keys_views as keys
from vendors.console import partner_simulator_views as simulators
from vendors.console import partner_views as views
from vendors.console import partner_yours_views as yours

app_name = "partners"
urlpatterns = [
    path("", catalogue.browse, name="browse"),
    path("compare", catalogue.compare, name="compare"),
    path("yours", yours.yours, name="yours"),
    path("<slug:vendor>/", views.partner, name="partner"),
    path("<slug:vendor>/state", views.state, name="state"),
    path("<slug:vendor>/choose", views.choose, name="choose"),
    path("<slug:vendor>/settings", views.settings, name="settings"),
    path("<slug:vendor>/another", views.another, name="another"),
    path("<slug:vendor>/test", views.test, name="test"),
    path("<slug:vendor>/simulator", simulators.simulator, name="simulator"),
    path("<slug:vendor>/simulator/state", simulators.simulator_state, name="simulator_state"),
    path("<slug:vendor>/simulator/start", simulators.simulator_start, name="simulator_start"),
    path("<slug:vendor>/simulator/stop", simulators.simulator_stop, name="simulator_stop"),
    path("<slug:vendor>/simulator/ends", simulators.simulator_ends, name="simulator_ends"),
    path("<slug:vendor>/simulator/fill", simulators.simulator_fill, name="simulator_fill"),
    path("<slug:vendor>/record", yours.record, name="record"),
    path("<slug:vendor>/erasing", erasing.requests, name="erasing"),
    path("<slug:vendor>/erasing.csv", erasing.sheet, name="erasing_csv"),
    path("<slug:vendor>/erasing/<str:attempt_id>/again", erasing.ask_again, name="erase_again"),
    path("<slug:vendor>/keys", keys.keys, name="keys"),
    path("<slug:vendor>/keys/state", keys.state, name="keys_state"),
    path("<slug:vendor>/keys/use", keys.use, name="keys_use"),
    path("<slug:vendor>/keys/discard", keys.discard, name="keys_discard"),
    path("<slug:vendor>/pause", yours.pause, name="pause"),
    path("<slug:vendor>/unpause", yours.unpause, name="unpause"),
    path("<slug:vendor>/buy", buying.buy, name="buy"),
    path("<slug:vendor>/buy/review", buying.review, name="review"),
    path("<slug:vendor>/buy/pay", buying.pay, name="pay"),
    path("<slug:vendor>/buy/payment", buying.checkout, name="checkout"),
    path("<slug:vendor>/buy/paid", buying.paid, name="paid"),
    path("<slug:vendor>/buy/give-up", buying.give_up, name="give_up"),
    path("<slug:vendor>/request", buying.request_contract, name="request"),
    path("<slug:vendor>/cancel", buying.cancel, name="cancel"),
    path("<slug:vendor>/resume", buying.resume, name="resume"),
    path("<slug:vendor>/remove", views.remove, name="remove"),
]
