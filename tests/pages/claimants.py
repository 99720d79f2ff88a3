"""Through every hosted page, as people, wallets and their browsers walk them."""

from __future__ import annotations

import base64
import io
import re
import secrets
import time
from contextlib import closing
from datetime import timedelta

from django.conf import settings
from django.core import mail
from PIL import Image

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import public_id, uuid7
from portal.kit.scope import tenant_scope
from portal.kit.sealed import seal
from recovery.carrying import make_hand_over
from recovery.connected.models import DirectoryPass, PassState
from recovery.connected.rows import sealed_as
from recovery.entry.inviting import begin_round
from recovery.models import Case, default_evidence
from recovery.passkeys.models import Passkey
from recovery.passkeys.saved_codes import make_saved_codes
from recovery.stages import Stage
from recovery.statuses import CaseStatus
from tenants.directory.models import DirectoryPerson
from tenants.models import Outbox
from tenants.verified_id.entra.models import EntraCard, EntraConnection, EntraRequest
from tenants.verified_id.models import StatusList
from tests.conftest import client_of, make_tenant
from tests.entry.test_inviting import Visitor
from tests.entry.walking import back, begin, enter_settings, tried
from tests.holder import Wallet, path_of
from tests.pages import bridges
from tests.recovery.attesters import Attester, ask_for_attestation, code_shown, name_manager
from tests.recovery.authenticator import Authenticator
from tests.recovery.journey import Journey, Place
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.verified_id.entra.entered import DIRECTORY, GIVEN
from vendors.models import Connection, ProofingAttempt
from vendors.sealing import seal_state, seal_url

RETURNED = "/openid4vp/returned?declined=1"
HTMX = {"HX-Request": "true"}
DOCUMENTS = (
    "/.well-known/did.json",
    "/callouts/.well-known/openid-configuration",
    "/callouts/keys",
    "/did.json",
    "/.well-known/openid-credential-issuer",
    "/.well-known/openid-credential-issuer/",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwt-vc-issuer",
    "/credentials/VerifiedIdentity/1",
)


def before_the_code(browser: Journey, user_name: str) -> None:
    """Every page up to the code, one wrong code and one wrong saved code."""
    for path in (
        "/",
        "/healthz",
        "/brand.css",
        "/recover/",
        "/recover/who",
        "/sign-in",
        "/could-i-recover/",
        "/not-me/unknown",
        "/enter/passkey",
        "/enter/done",
        RETURNED,
    ):
        browser.get(path)
    browser.post("/could-i-recover/", {"family_name": "Lovelace", "held_family": "Lovelace"})
    browser.who(user_name)
    for path in ("/recover/", "/recover/code", "/recover/code/saved", "/recover/forget", "/recover/ended"):
        browser.get(path)
    browser.post("/recover/code/again")
    browser.work()
    browser.post("/recover/code", {"code": "000000"})
    browser.post("/recover/code/saved", {"code": "0000-0000-0000-0000"})


def carried(browser: Journey) -> Journey:
    """To a phone, as a computer offers it and a phone takes it."""
    phone, tenant = browser.place.browser(), browser.place.tenant
    browser.post("/recover/hand-over")
    browser.get("/recover/hand-over/state")
    # The page shows its address as a picture only; a newer one takes its place.
    with tenant_scope(tenant.id):
        link = path_of(make_hand_over(tenant, browser.case))
    phone.get(link)
    phone.post(link)
    browser.get("/recover/hand-over/state")
    browser.get("/recover/consent")
    return phone


def proving(browser: Journey) -> None:
    browser.get("/recover/consent")
    browser.post("/recover/consent", {"agree": "on"})
    browser.get("/recover/partner")
    browser.get("/recover/partner", headers=HTMX)
    browser.work()
    query = browser.at_partner()
    browser.get("/recover/checking")
    browser.client.get("/recover/return/oidc-another", query)
    browser.client.get("/recover/return", query)
    browser.get("/recover/checking")
    browser.get("/recover/checking", headers=HTMX)
    browser.work()
    browser.get("/recover/checking")


def keeping(browser: Journey) -> None:
    at_microsoft(browser)
    browser.get("/recover/credential")
    browser.get("/recover/credential/progress", headers=HTMX)
    browser.post("/recover/credential/offer")
    browser.keep()
    bearer = {"Authorization": f"Bearer {browser.wallet.access_token}"}
    nothing = {"transaction_id": "nothing"}
    browser.wallet.client.post("/openid4vci/deferred", nothing, "application/json", headers=bearer)
    browser.wallet.notify()


def carried_by_code(browser: Journey) -> Journey:
    """Into another browser of the same person, by the code they wrote down and the one that is mailed then."""
    there = browser.place.ask_to_continue(browser.continuation())
    there.wallet = browser.wallet
    there.get("/recover/checking")
    for path in ("/recover/continue/code", "/recover/continue/code/saved"):
        there.get(path)
        there.post(path, {"code": "000000"})
    there.post("/recover/continue/code/again")
    there.work().post("/recover/continue/code", {"code": browser.code_mailed()})
    browser.get("/recover/checking")
    return there


def facing(browser: Journey) -> None:
    """A face that is not theirs, a code to continue elsewhere, and then their own."""
    browser.get("/recover/present")
    browser.post("/recover/present/elsewhere")
    browser.get("/recover/present/progress", headers=HTMX)
    browser.show()
    # It would wait for a day.
    browser.place.set_profile(waiting_signs=["address_changed", "not_me_before"])
    browser.post("/recover/face/without-colours")
    browser.place.vision.confidence = 10
    browser.face()
    browser.place.vision.confidence = 90
    browser.get("/recover/continue")
    code = str(browser.post("/recover/continuation-code").context["code"])
    browser.post("/recover/continue", {"code": code})
    browser.face()


def at_microsoft(browser: Journey) -> None:
    """As if the card lived in Microsoft Authenticator: an offer and a request that are asked for, and never sent."""
    case, tenant = browser.case, browser.place.tenant
    with tenant_scope(tenant.id):
        given = {**GIVEN, "authority_id": DIRECTORY, "mark_claim": "cardId"}
        connection = EntraConnection.objects.create(**given, used_since=clock.now())
        Case.objects.filter(id=case.id).update(authority=Case.Authority.ENTRA)
    browser.get("/recover/credential")
    browser.post("/recover/credential/offer")
    browser.get("/recover/credential")
    browser.get("/recover/app/state?at=credential&seen=none", headers=HTMX)
    with tenant_scope(tenant.id):
        card = EntraCard.objects.get(reference=case.id)
        EntraCard.objects.update(issued_at=clock.now())
        Case.objects.filter(id=case.id).update(credential_id=card.id)
    browser.get("/recover/present")
    browser.post("/recover/present/ask")
    browser.get("/recover/present")
    browser.get("/recover/app/state?at=present&seen=none", headers=HTMX)
    with tenant_scope(tenant.id):
        connection.delete()
        EntraRequest.objects.all().delete()
        EntraCard.objects.all().delete()
        Outbox.objects.filter(tenant_id=tenant.id, topic__startswith="verified_id.entra").delete()
        Case.objects.filter(id=case.id).update(
            authority=Case.Authority.OWN, credential_id=None, face_check_id=None
        )


def elsewhere(browser: Journey) -> None:
    """As if the account lived in another directory: its pass, shown, and another asked for."""
    with tenant_scope(browser.place.tenant.id):
        case = browser.case
        row = DirectoryPass(
            case=case,
            directory="entra",
            browser_digest=browser.browser_digest,
            state=PassState.READY,
            issues=1,
            expires_at=clock.now() + timedelta(hours=1),
        )
        row.characters_sealed = seal(b"characters", sealed_as(row))
        row.save(force_insert=True)
        Case.objects.filter(id=case.id).update(status=CaseStatus.HANDED_OVER)
    browser.get("/recover/pass")
    browser.get("/recover/pass/there", headers=HTMX)
    browser.post("/recover/pass/there/show")
    browser.get("/recover/pass")
    browser.post("/recover/pass/there/again")
    with tenant_scope(browser.place.tenant.id):
        DirectoryPass.objects.filter(id=row.id).delete()
        Case.objects.filter(id=case.id).update(status=CaseStatus.GRANTED)


def ending(browser: Journey) -> None:
    elsewhere(browser)
    for path in ("/recover/pass", "/sign-in/pass", "/recover/waiting"):
        browser.get(path)
    browser.post("/recover/pass/show")
    browser.post("/sign-in/pass", {"characters": "0000-0000-0000"})
    browser.post("/recover/pass/use")
    browser.get("/recover/passkey")
    browser.work()
    browser.get("/recover/passkey")


def invited(place: Place) -> None:
    """Somebody who has no passkey yet opens a link from a mail and makes one; somebody else wants no reminders."""
    place.person(f"new{secrets.token_hex(4)}", given_names="Nora", family_name="Neu")
    with tenant_scope(place.tenant.id):
        begin_round("reminder", group_id=None, actor=SYSTEM)
    work(place.tenant)
    link = path_of(re.findall(r"http\S+/enter/[^\s/]+(?=\s)", mail.outbox[-1].body)[-1])
    browser = place.browser()
    browser.get(link)
    browser.get(f"{link}/no-reminders")
    browser.post(f"{link}/no-reminders")
    browser.post(link)
    browser.get("/enter/passkey")
    made = Authenticator(origin=browser.origin).create(browser.post("/enter/passkey/options").json())
    browser.post("/enter/passkey/register", {"credential": made}, content_type="application/json")


def by_the_organisations_sign_in(place: Place) -> None:
    """Somebody signs in once at the organisation's own provider, which was tried out before, and may make a passkey."""
    idp, subject = HostileProvider(), secrets.token_hex(4)

    def says(claims: dict[str, object]) -> None:
        claims.update({"sub": subject, "auth_time": int(time.time())})

    idp.answers.change_token = says
    with closing(idp):
        person = place.person(f"own{subject}", given_names="Olga", family_name="Own")
        with tenant_scope(place.tenant.id):
            DirectoryPerson.objects.filter(id=person.id).update(external_id=subject)
        enter_settings(place, idp.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, match="external_id")
        tried(place, idp.visit)
        here = Visitor(place)
        here.client.get("/sign-in/provider/keys")
        back(here, idp.visit(begin(here)))
        here.client.get("/sign-in/checking")
        here.client.post("/sign-in/checking")


def ahead_of_time(browser: Journey) -> None:
    """A Verified ID before the next loss, looked at and removed. The browser goes on with the case it had."""
    before = browser.client.cookies[settings.JOURNEY_COOKIE_NAME].value
    browser.get("/could-i-recover/")
    browser.post("/could-i-recover/", {"given_names": "Ada", "family_name": "Lovelace"})
    browser.get("/security/verified-id/")
    browser.post("/security/verified-id/get")
    browser.prove().keep()
    browser.post("/recover/present/prove-instead")
    browser.show().face()
    assert browser.stage is Stage.ENROLLED, browser.outcome()
    browser.get("/recover/enrolled")
    browser.get("/security/verified-id/")
    own = f"/security/verified-id/{public_id('credential', browser.case.credential_id or browser.case.id)}/remove"
    browser.get(own)
    browser.post(own)
    browser.client.cookies[settings.JOURNEY_COOKIE_NAME] = before


def secured(browser: Journey) -> None:
    """The passkey, and everything on Your security."""
    authenticator = browser.passkey()
    for path in ("/recover/finishing", "/recover/done", "/recover/receipt", "/recover/ended"):
        browser.get(path)
    browser.get("/recover/finishing", headers=HTMX)
    browser.sign_in(authenticator)
    browser.get("/security/")
    browser.post("/security/codes")
    browser.post("/security/passkeys/options")
    browser.post("/security/sessions/end")
    ahead_of_time(browser)
    with tenant_scope(browser.place.tenant.id):
        own = Passkey.objects.filter(person_id=browser.case.person_id).order_by("-created_at").first()
    assert own is not None
    browser.post(f"/security/passkeys/{own.public_id}/rename", {"label": "Mine"})
    browser.post(f"/security/passkeys/{own.public_id}/remove")
    with tenant_scope(browser.place.tenant.id):
        old = Passkey.objects.create(
            person_id=own.person_id, credential_id="before", public_key=b"old", suspended_at=clock.now()
        )
    again = f"/security/passkeys/{old.public_id}/confirm"
    browser.get("/security/")
    browser.get(again)
    browser.post(again)
    browser.post("/sign-out")


def whole_recovery(place: Place, user_name: str) -> Journey:
    """From the first page to the receipt, and then "this was not me"."""
    place.old_passkey(place.person(user_name))
    browser = place.browser()
    before_the_code(browser, user_name)
    browser.confirm()
    assert browser.stage is Stage.CONSENT, browser.outcome()
    browser = carried(browser)
    browser.wallet = Wallet(place.tenant)
    proving(browser)
    keeping(browser)
    browser = carried_by_code(browser)
    facing(browser)
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome())
    ending(browser)
    secured(browser)
    link = browser.links_mailed()[-1]
    browser.get(link)
    browser.post(link)
    browser.work()
    return browser


def given_up(place: Place, user_name: str) -> None:
    """Cases that end early."""
    place.person(user_name)
    saved = place.browser().who(user_name)
    with tenant_scope(place.tenant.id):
        codes = make_saved_codes(saved.case.person_id, actor=SYSTEM)
    saved.post("/recover/code/saved", {"code": codes[0]})
    assert saved.stage is Stage.CONSENT
    saved.consent()
    saved.get("/recover/prove")
    saved.post("/recover/forget")
    lost = place.browser().begin(user_name).prove().keep()
    lost.post("/recover/credential/again")
    canceled = place.browser().begin(user_name)
    canceled.post("/recover/cancel")
    canceled.get("/recover/ended")
    left = place.browser().begin(user_name)
    with tenant_scope(place.tenant.id):
        link = path_of(make_hand_over(place.tenant, left.case))
    place.browser().post(link)
    left.post("/recover/moved/stop")
    left.get("/recover/code")
    wrong = place.browser().who(user_name)
    for _number in range(5):
        wrong.post("/recover/code", {"code": "x"})


def without_code(place: Place, user_name: str) -> None:
    """Whom no code can reach, as far as the free partner; and a day on which nobody else may."""
    with tenant_scope(place.tenant.id):
        Connection.objects.filter(id=place.connection.id).update(kind=Connection.Kind.FREE)
    place.set_profile(decoys_end="free_partner", first_proofs_a_day=1)
    for _number in range(2):
        browser = place.browser().who(user_name)
        browser.get("/recover/code")
        browser.post("/recover/code/none")
    place.set_profile(decoys_end="no_code")
    with tenant_scope(place.tenant.id):
        kind = place.connection.kind
        Connection.objects.filter(id=place.connection.id).update(kind=kind)


def _by_country(place: Place, user_name: str, eid: str) -> None:
    """Where it depends on the country and the directory does not know it."""
    place.set_profile(partner_conditions={eid: {"countries": ["PL"], "groups": [str(uuid7())]}})
    browser = place.browser().who(user_name).confirm()
    browser.get("/recover/country")
    browser.post("/recover/country", {"country": "PL"})
    browser.get("/recover/consent")
    browser.post("/recover/country", {"country": "ZZ"})
    browser.get("/recover/consent")


def attested(place: Place, user_name: str) -> None:
    """At last somebody who knows the person is asked, signs in and says that it is them."""
    person = place.person(user_name)
    boss = Attester.of(place, f"boss{secrets.token_hex(4)}")
    name_manager(place, person, boss.person.user_name)
    ask_for_attestation(place)
    browser = place.browser().begin(user_name)
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=browser.case.id).update(attestation_due=True)
    browser.get("/recover/attest")
    browser.post("/recover/attest")
    browser.work()
    browser.get("/recover/attest/state", headers=HTMX)
    code = code_shown(browser)
    link = boss.link()
    assert client_of(place.tenant).get(link).status_code == 200
    boss.opened()
    boss.client.get(link)
    boss.attest("000000", link)
    boss.attest(code, link)
    assert "attested" in browser.work().done()
    place.set_profile(evidence_required=default_evidence())


def by_eid(place: Place, user_name: str) -> None:
    """Where there is a choice: the eID's way is chosen, read and agreed to, and left again for the document's."""
    place.person(user_name)
    with tenant_scope(place.tenant.id):
        eid = Connection.objects.create(vendor="mojeid", kind="own_contract", status="ready")
    place.set_profile(partners=[str(place.connection.id), str(eid.id)])
    browser = place.browser().who(user_name).confirm()
    browser.get("/recover/")
    browser.get("/recover/choose")
    browser.post("/recover/choose", {"route": "eid"})
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    browser.get("/recover/choose")
    browser.post("/recover/consent", {"agree": "on", "partner": named})
    assert browser.stage is Stage.PARTNER, browser.outcome()
    browser.get("/recover/partner")
    _by_country(place, user_name, str(eid.id))
    place.set_profile(partners=[str(place.connection.id)], partner_conditions={})
    with tenant_scope(place.tenant.id):
        Connection.objects.filter(id=eid.id).update(status=Connection.Status.REMOVED)


def by_app(place: Place, user_name: str) -> None:
    """An eID without a page of its own: ours opens its app or shows a code, begins again, and is left."""
    place.person(user_name)
    with tenant_scope(place.tenant.id):
        eid = Connection.objects.create(vendor="bankid_se", kind="own_contract", status="ready")
    place.set_profile(partners=[str(eid.id)])
    browser = place.browser().who(user_name).confirm()
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    browser.post("/recover/consent", {"agree": "on", "partner": named})
    with tenant_scope(place.tenant.id):
        attempt = ProofingAttempt.objects.get(id=browser.case.attempt_id)
        state = {"qr_token": "token", "qr_secret": "secret", "qr_since": clock.now().isoformat()}
        attempt.phase, attempt.started_at, attempt.partner_ref = "waiting_for_user", clock.now(), "order"
        attempt.state_sealed = seal_state(attempt, state)
        attempt.url_sealed = seal_url(attempt, "https://app.bankid.com/?autostarttoken=token&redirect=null")
        attempt.url_expires_at = clock.now() + timedelta(minutes=5)
        attempt.save()
    browser.get("/recover/partner")
    for path in ("/recover/eid", "/recover/eid?app=elsewhere"):
        assert browser.get(path).status_code == 200
    browser.get("/recover/eid/state?app=elsewhere", headers=HTMX)
    with tenant_scope(place.tenant.id):
        ProofingAttempt.objects.filter(id=attempt.id).update(url_expires_at=clock.now())
    browser.get("/recover/eid/state", headers=HTMX)
    browser.get("/recover/eid")
    browser.post("/recover/eid/again")
    browser.post("/recover/eid/stop")
    place.set_profile(partners=[str(place.connection.id)])
    with tenant_scope(place.tenant.id):
        Connection.objects.filter(id=eid.id).update(status=Connection.Status.REMOVED)


def documents(place: Place) -> None:
    client = client_of(place.tenant)
    for path in DOCUMENTS:
        assert client.get(path).status_code == 200, path
    with tenant_scope(place.tenant.id):
        kept = StatusList.objects.first()
    assert kept is not None
    client.get(f"/status/{kept.id.hex}")


def trying_it() -> None:
    """The demonstration's own pages."""
    tenant = make_tenant(is_demonstration=True)
    client, held = client_of(tenant), io.BytesIO()
    Image.new("RGB", (700, 900), (120, 130, 140)).save(held, "JPEG")
    told = {
        "given_names": "Kim",
        "family_name": "Muster",
        "birthdate": "1990-05-17",
        "picture": base64.b64encode(held.getvalue()).decode(),
    }
    client.get("/try")
    client.post("/try/person", told, content_type="application/json")
    client.get("/try/mail")


def walk_everything(place: Place, user_name: str) -> None:
    mail.outbox.clear()
    whole_recovery(place, user_name)
    given_up(place, f"{user_name}.early")
    without_code(place, f"{user_name}.nobody")
    attested(place, f"{user_name}.boss")
    by_eid(place, f"{user_name}.eid")
    by_app(place, f"{user_name}.app")
    invited(place)
    by_the_organisations_sign_in(place)
    bridges.over(place)
    documents(place)
