"""`/o/<organisation>/recovery/tell/`: how people find the recovery page when they need it, step by step.

What stands here of other sign-in pages was read in their documentation: Microsoft Entra, "Configure your company branding"
and Microsoft Graph, organizationalBrandingProperties; Okta, Brands API, SignInPage widgetCustomizations.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit.origins import tenant_url
from portal.kit.qr import qr_svg
from portal.rights import requires, seat_of
from recovery.connected.rows import lives_at
from recovery.models import Profile
from recovery.statuses import Mode
from tenants.rights import Right

# customAccountResetCredentialsUrl.
LONGEST_IN_ENTRA = 128


@require_GET
@requires(Right.SEE_PROFILES)
def home(request: HttpRequest) -> HttpResponse:
    tenant = seat_of(request).tenant
    address = tenant_url(tenant.slug, "/recover/")
    published = Profile.objects.filter(status=Profile.Status.PUBLISHED)
    modes = set(published.values_list("mode", flat=True))
    mail = _(
        "If you lose every way to sign in, recover your account yourself: %(address)s\n\nYou need your passport or "
        "identity card, a phone with a camera and about five minutes. Nobody from the help desk will ask you for a "
        "code or a pass. Keep this address, printed or in your private mail: you will not get in here without it."
    ) % {"address": address}
    seat = seat_of(request)
    context = {
        "may_invite": seat.may(Right.MANAGE_PEOPLE) and not seat.is_limited,
        "address": address,
        "svg": qr_svg(address),
        "is_too_long": len(address) > LONGEST_IN_ENTRA,
        "link_text": _("Lost your phone or passkey? Recover your account"),
        "entra_text": "[{}]({})".format(_("Lost your phone or passkey? Recover your account"), address),
        "snippet": '<a href="{}">{}</a>'.format(address, _("Recover your account")),
        "mail": mail,
        "is_live": Mode.PRODUCTION in modes,
        "is_on_trial": bool(modes) and Mode.PRODUCTION not in modes,
        "lives_at": lives_at(),
    }
    return render(request, "recovery_console/tell.html", context)
