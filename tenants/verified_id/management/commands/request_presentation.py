"""`manage.py request_presentation --tenant SLUG [--cross-device]`: a request that any wallet may answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.codes import digest
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.verified_id import presentation
from tenants.verified_id.clients import ClientPrefix
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.trusting import believed_for

OWN = "verified_id"
PURPOSE = "Try a Verified ID"
RETURN_PATH = "/openid4vp/returned"


class Command(OperatingCommand):
    help = "Ask a wallet for a Verified ID of the organisation. The request lives five minutes and is answered once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--cross-device",
            action="store_true",
            help="for a wallet on another device, which sends no browser back",
        )

        parser.add_argument(
            "--accept",
            action="append",
            choices=[OWN, *TrustedIssuer.Purpose.values],
            help="whose credential will do: the organisation's own (unless told otherwise), or one of the issuers it trusts"
            " for this purpose; may be repeated",
        )
        parser.add_argument(
            "--client",
            choices=[prefix.value for prefix in ClientPrefix],
            default=ClientPrefix.DID.value,
            help="how the organisation calls itself (default: %(default)s)",
        )
        parser.add_argument(
            "--response-mode",
            choices=[mode.value for mode in ResponseMode],
            default=ResponseMode.DIRECT_POST_JWT.value,
            help="encrypted or plain (default: %(default)s)",
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        accepted = options["accept"] or [OWN]
        with tenant_scope(tenant.id):
            others = believed_for([purpose for purpose in accepted if purpose != OWN])
            if OWN not in accepted and not others:
                raise Refused("nobody_trusted", "No issuer is trusted for that.")
            begun = presentation.begin_presentation(
                reference=None,
                # No browser began it, so none can claim the answer with its response_code.
                browser_digest=digest(secrets.token_bytes(32)),
                purpose=PURPOSE,
                return_path=RETURN_PATH,
                is_cross_device=options["cross_device"],
                actor=self.actor(),
                client=ClientPrefix(options["client"]),
                response_mode=ResponseMode(options["response_mode"]),
                others=others,
                own=OWN in accepted,
            )
            return DONE, {"id": begun.public_id, "request": presentation.links_of(begun).deep_link}
