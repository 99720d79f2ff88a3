"""`manage.py connect_vendor --tenant SLUG --vendor KEY --config FILE.json`: what the partner's page does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.bodies import read_once
from portal.kit.errors import Invalid, Misconfigured
from portal.kit.scope import tenant_scope
from tenants.management.files import content_of
from tenants.management.operating import OperatingCommand, tenant_named
from vendors import services
from vendors.connecting import terms_of
from vendors.console.partner_forms import PRICE, PartnerSettingsForm, standing_settings
from vendors.contract import Registers
from vendors.management.telling import require_vendor, tested, words_of
from vendors.management.waiting import add_wait
from vendors.registry import adapter_of, own_name
from vendors.selectors import connection_to

MOST_BYTES = 1_000_000


class Command(OperatingCommand):
    help = (
        "Connect a verification partner, or change its settings, and try them. FILE.json holds one object with the settings "
        "by name, as the partner's page asks for them, and unit_price and currency of one's own contract; - reads it from "
        "standard input. A secret that is left out stays as it was."
    )
    exit_codes = (
        "Exit codes: 0 connected and tried well, 1 refused: the file, or the partner's answer to it, 2 it could not be found\n"
        "out (one sentence on standard error says why). What is refused by the partner is kept and is not used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--vendor", metavar="KEY", required=True)
        parser.add_argument(
            "--config", metavar="FILE.json", help="not for a partner that registers by itself"
        )
        add_wait(parser)

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant, vendor = tenant_named(options["tenant"]), options["vendor"]
        require_vendor(vendor)
        registers = isinstance(adapter_of(vendor), Registers)
        if registers == bool(options["config"]):
            sentence = (
                "This partner registers by itself: leave --config out."
                if registers
                else "This partner needs settings: name a file with --config."
            )
            raise Invalid("config_not_fitting", sentence)
        given = {} if registers else _read(options["config"])
        with tenant_scope(tenant.id):
            if registers:
                services.choose_partner(vendor, actor=self.actor())
            else:
                self._bring(vendor, given)
        return tested(tenant, vendor, seconds=options["wait"])

    def _bring(self, vendor: str, given: Mapping[str, str]) -> None:
        manifest, connection = adapter_of(vendor).manifest, connection_to(vendor)
        form = PartnerSettingsForm(
            {**standing_settings(connection, vendor), **given},
            manifest=manifest,
            connection=connection,
            terms=terms_of(vendor),
            named=vendor if own_name(vendor) else "",
        )
        names = [*(field.name for field in manifest.fields), *PRICE, *(["title"] if own_name(vendor) else [])]
        unknown = sorted(set(given) - set(names))
        if unknown:
            known = ", ".join(names)
            raise Invalid(
                "setting_unknown", f"There is no setting {', '.join(unknown)}. The settings are: {known}."
            )
        if not form.is_valid():
            told = [
                _named(form, name) + " ".join(str(error) for error in errors)
                for name, errors in form.errors.items()
            ]
            raise Invalid("settings_refused", " ".join(told))
        try:
            services.bring_own_partner(
                vendor,
                config=form.config(),
                secrets=form.secrets(),
                terms=form.terms(),
                title=form.title(),
                actor=self.actor(),
            )
        except Invalid as refused:
            raise Invalid(refused.code, f"{_named(form, refused.field)}{refused.sentence}") from refused

    def words(self, told: Mapping[str, Any]) -> str:
        return words_of(dict(told))


def _named(form: PartnerSettingsForm, name: str) -> str:
    """A setting as the file calls it, and as the page does."""
    return f"{name} ({form.fields[name].label}): " if name in form.fields else ""


def _read(name: str) -> dict[str, str]:
    """Misconfigured for a file that cannot be read or is not one object of texts and numbers."""
    text = content_of(name, most=MOST_BYTES)
    try:
        told = read_once(text)
    except (ValueError, RecursionError) as error:
        raise Misconfigured(
            "config_unreadable", f"{name} cannot be read as JSON that says each thing once."
        ) from error
    if not isinstance(told, dict) or not all(type(value) in (str, int, float) for value in told.values()):
        raise Misconfigured(
            "config_unusable", f"{name} must hold one object of settings by name, each a text or a number."
        )
    return {setting: str(value) for setting, value in told.items()}
