"""The operator writes down that a partner confirmed what we wrote of its contract."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Invalid, Misconfigured, NotHere
from vendors.catalogue.loading import OPERATOR
from vendors.catalogue.models import ContractConfirmation
from vendors.catalogue.shelf import find_item


def confirm_contract(slug: str, *, on: date, reference: str) -> ContractConfirmation:
    """Quiet when the same day is recorded already. NotHere for a listing nobody knows; Invalid for one whose contract is
    public anyway, for a day to come, and without a reference."""
    if OPERATOR not in settings.DATABASES:
        raise Misconfigured(
            "operator_connection_missing", "Set READMIT_DB_OPS_URL: the operator's role writes this."
        )
    item = find_item(slug)
    if item is None:
        raise NotHere("listing_unknown", _("There is no listing of this name."))
    if item.listing.is_public:
        raise Invalid(
            "contract_is_public", _("This partner's contract is public: there is nothing to confirm.")
        )
    if on > clock.now().date():
        raise Invalid("day_unusable", _("A confirmation has a day that was."))
    if not reference.strip():
        raise Invalid("reference_missing", _("Say where the confirmation is written."))
    known = ContractConfirmation.objects.filter(slug=slug, confirmed_on=on).first()
    if known is not None:
        return known
    row = ContractConfirmation(slug=slug, confirmed_on=on, reference=reference.strip()[:200])
    row.save(using=OPERATOR, force_insert=True)
    return row
