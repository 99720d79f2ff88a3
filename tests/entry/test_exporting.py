"""What is held of one person is told to whoever asks for it, and what they typed themselves goes with them."""

from __future__ import annotations

import json

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.entry.inviting import stop_reminding
from recovery.passkeys.models import Passkey
from recovery.passkeys.saved_codes import make_saved_codes
from tenants.directory.details import everything_held
from tenants.directory.services import remove_person
from tests.entry.test_inviting import Visitor, invite, link
from tests.vendors.conftest import work


def test_the_export_tells_of_mails_passkeys_codes_and_sign_ins_and_erasing_takes_the_names_of_passkeys(
    place, ada
):
    invite(place)
    here = Visitor(place)
    here.open(link())
    assert here.make().status_code == 200
    place.browser().sign_in(here.device)
    with tenant_scope(place.tenant.id):
        make_saved_codes(ada.id, actor=SYSTEM)
        stop_reminding(ada.id)
        told = everything_held(ada)
        kept = Passkey.objects.get(person_id=ada.id)
    assert [(one["name"], one["ended_at"]) for one in told["passkeys"]] == [("My phone", "")]
    assert [(one["kind"], bool(one["opened_at"])) for one in told["invitations"]] == [("invitation", True)]
    assert told["no_reminders_since"] and told["saved_codes"] and told["verified_ids"] == []
    assert len(told["signed_in"]) == 1
    written = json.dumps(told)
    assert kept.credential_id not in written and link().split("/")[-1] not in written
    with tenant_scope(place.tenant.id):
        remove_person(ada.id, actor=SYSTEM)
    work(place.tenant)
    with tenant_scope(place.tenant.id):
        assert Passkey.objects.get(person_id=ada.id).label == ""
