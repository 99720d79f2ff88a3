"""Through every page of the console and of the site before it, as members and strangers open them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings
from pytest import MonkeyPatch

from portal.console.owner_recovery import begin_owner_recovery
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from recovery.console.attestation_forms import attestation_initial
from recovery.console.limit_forms import limits_initial
from recovery.console.profile_forms import initial_of
from recovery.console.risk_forms import risk_initial
from recovery.models import Case, Profile
from recovery.patterns.models import Pattern
from recovery.profiles import marks_of_profile
from recovery.readiness.running import survey_now
from recovery.statuses import CaseStatus
from tenants.audit.models import AuditEvent
from tenants.audit.sealing import seal_events
from tenants.directory.models import DirectoryPerson, Group
from tenants.directory.services import create_person
from tenants.models import Invitation, Member, SetupLink, Tenant, User
from tenants.notices.mailbox import BACKEND
from tenants.notices.models import LocalMessage
from tenants.rights import Role
from tenants.verified_id.entra.models import EntraConnection
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import BulkRevocation, Credential, SigningKey, TrustedIssuer
from tests.conftest import client_of, make_member, site_client
from tests.console.conftest import client_of_member, code_in, link_in, newest_mail, sign_in
from tests.console.test_every_address import SIMULATORS_KEPT
from tests.pages import bridges, money, operators, scripts
from tests.recovery.console.world import add_whole_journey, make_case, make_person
from tests.verified_id.entra.entered import DIRECTORY, TYPED
from vendors import simulating
from vendors.billing.models import Budget, UsageEntry
from vendors.catalogue.models import Purchase
from vendors.context import seal_secrets
from vendors.models import Connection, PartnerKeys, ProofingAttempt
from vendors.rotating import note_test
from vendors.trying.models import ProviderTest
from vendors.trying.services import test_at

HEAD = "user_name,given_names,family_name,email,birthdate,department\n"
HTMX = {"HX-Request": "true"}
SETTINGS = {"name": "Acme", "help_desk_contact": "Call 7", "time_zone": "UTC", "accent": "#1f5eff"}
BEFORE_SIGNING_IN = (
    "/",
    "/healthz",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/join/nothing",
    "/setup/nothing",
)
BY_ONESELF = (
    "/o/?all",
    "/o/new",
    "/o/host-name?slug=acme-two",
    "/account/",
    "/account/passkey",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
)
IN_THE_CONSOLE = (
    "",
    "settings",
    "settings/accent?accent=%23123456",
    "members/",
    "members/invite",
    "checklist/linked_domain/send",
    "checklist/set_up_partner/oidc/send",
    "people/",
    "people/?q=muster",
    "people/?q=maria+mus",
    "people/?department=Dept",
    "people/csv",
    "people/groups/?q=sal",
    "people/coverage/",
    "people/coverage/invite",
    "people/coverage/reminders",
    "people/import",
    "privacy/",
    "people/import/example",
    "recovery/cases/",
    "recovery/cases/?status=held",
    "recovery/cases/csv",
    "recovery/profiles/",
    "recovery/profiles/new",
    "recovery/profiles/callouts/",
    "recovery/profiles/callouts/new",
    "recovery/profiles/callouts/key",
    "recovery/tell/",
    "recovery/readiness/",
    "recovery/readiness/people",
    "recovery/reviews/",
    "recovery/patterns/",
    "audit/",
    "audit/?actor=member",
    "audit/state",
    "audit/export.csv",
    "partners/",
    "partners/?q=bank",
    "partners/?country=CZ&compare=house,persona",
    "partners/compare?compare=house,bankid_cz,persona,eu_pid",
    "partners/yours",
    "partners/bankid_cz/",
    "partners/face_check/",
    "partners/house/",
    "partners/house/state",
    "partners/oidc/",
    "partners/oidc/settings",
    "usage/",
    "usage/csv",
    "usage/export",
    "usage/savings/",
    "usage/savings/?people=112&share=3&desk_cost=60&desk_minutes=60&own_cost=2&own_minutes=5",
    "usage/budgets/",
    "usage/budgets/new",
    "verified-id/",
    "verified-id/state",
    "verified-id/domain",
    "verified-id/domain/state",
    "verified-id/domain/file",
    "verified-id/card",
    "verified-id/card/contrast",
    "verified-id/entra",
    "verified-id/keys",
    "verified-id/issued",
    "verified-id/issued/waiting",
    "verified-id/issued/csv",
    "verified-id/issuers",
    "verified-id/issuers/new",
    "verified-id/access",
)


def outside() -> None:
    for path in BEFORE_SIGNING_IN:
        site_client().get(path)
    a_test_of_a_provider(site_client())
    wallet = Client(HTTP_HOST="wallet.localhost:8000")
    for path in ("/", "/card", "/history", "/offer", "/present", "/healthz"):
        wallet.get(path)


def a_test_of_a_provider(client: Client) -> None:
    client.get("/contracts/openid")
    client.get("/contracts/handoff.md")
    client.get("/contracts/capture.md")
    client.get("/contracts/openid/test")
    told = {"issuer": "http://op.localhost:9", "client_id": "one", "client_secret": "a secret"}
    path = client.post("/contracts/openid/test", told)["Location"]
    client.get(path)
    client.get(f"{path}/state")
    row = test_at(path.rpartition("/")[2])
    ProviderTest.objects.filter(id=row.id).update(state_digest=digest("the state"), is_working=False)
    client.get("/contracts/openid/return", {"state": "the state", "code": "one"})
    ProviderTest.objects.filter(id=row.id).delete()


@override_settings(EMAIL_BACKEND=BACKEND)
def mailbox() -> None:
    mail.send_mail("Your code", "123456", None, ["kim@x.example"], html_message="<p>123456</p>")
    newest = LocalMessage.objects.order_by("-created_at").first()
    assert newest is not None
    for path in ("", "?to=kim@x.example", newest.public_id):
        site_client().get(f"/mailbox/{path}")
    newest.delete()  # the mailbox is one for everybody, and the tests of words read it


def account(member: Member) -> None:
    client = client_of_member(member)
    for path in BY_ONESELF:
        client.get(path)
    client.post("/account/", {"name": "Kim Muster"})
    client.post("/accounts/logout/")
    fresh = site_client()
    fresh.post("/accounts/login/", {"login": "nobody@staff.example", "password": "wrong wrong wrong"})


def organisation() -> None:
    user = User.objects.create_user(f"{secrets.token_hex(6)}@staff.example", "correct horse battery staple")
    client = sign_in(user)
    client.get("/o/")
    wanted = {"your_name": "Kim", "help_desk_contact": "Call 7", "time_zone": "UTC"}
    client.post("/o/new", {**wanted, "name": "New", "slug": f"n{secrets.token_hex(5)}"})


def reading(tenant: Tenant, client: Client) -> None:
    for path in IN_THE_CONSOLE:
        _get(client, tenant, path)
    for path in _addresses(tenant):
        _get(client, tenant, path)


def _get(client: Client, tenant: Tenant, path: str, **headers: Any) -> Any:
    answer = client.get(f"/o/{tenant.slug}/{path}", **headers)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


def _addresses(tenant: Tenant) -> list[str]:
    """The page of one of each thing there is."""
    with tenant_scope(tenant.id):
        person = DirectoryPerson.objects.order_by("-created_at").first()
        group = Group.objects.first() or Group.objects.create(name="Sales")
        profile = Profile.objects.order_by("created_at").first()
        cases = list(Case.objects.order_by("-created_at")[:3])
        held = Case.objects.filter(status=CaseStatus.IN_REVIEW).first()
        event = AuditEvent.objects.filter(personal_digest__isnull=False).first()
        entry = UsageEntry.objects.first()
        credential = Credential.objects.first()
        key = SigningKey.objects.first()
        member = Member.objects.first()
        connection = Connection.objects.first()
    found = [f"people/groups/{group.public_id}/"]
    if person:
        found += [f"people/{person.public_id}/", f"recovery/cases/of/{person.public_id}"]
    found += [f"recovery/profiles/{profile.public_id}/"] if profile else []
    found += [f"recovery/profiles/applies?who={person.user_name}"] if profile and person else []
    found += [f"recovery/profiles/of-partner/{connection.public_id}"] if connection else []
    found += [f"recovery/cases/{case.public_id}/" for case in cases]
    found += (
        [f"recovery/reviews/{held.public_id}/", f"recovery/cases/{held.public_id}/cancel"] if held else []
    )
    found += [f"audit/{event.public_id}"] if event else []
    found += [f"usage/{entry.public_id}/"] if entry else []
    found += [f"verified-id/issued/{credential.public_id}"] if credential else []
    of_key = f"verified-id/keys/{key.kid.partition('#')[2]}" if key else ""
    found += [of_key, f"{of_key}/certificate", f"{of_key}/certificate/request"] if key else []
    found += [f"members/{member.public_id}"] if member else []
    return found


def _waits_for_a_look(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        person = DirectoryPerson.objects.first()
        assert person is not None
        return begin_issuance(
            claims={}, portrait=b"", actor=SYSTEM, person_id=person.id, review_first=True
        ).public_id


def _key_of(tenant: Tenant) -> str:
    with tenant_scope(tenant.id):
        return SigningKey.objects.get(state=SigningKey.State.ACTIVE).kid.partition("#")[2]


def some_cases(tenant: Tenant) -> None:
    """One in review and one refused, with every kind of step."""
    with tenant_scope(tenant.id):
        profile = Profile.objects.filter(status="published").get()
        for status in (CaseStatus.IN_REVIEW, CaseStatus.REFUSED, CaseStatus.HELD):
            add_whole_journey(make_case(profile, make_person(), status))
    seal_events(tenant.id)


IMPORT_LAYOUT = {"dates": "ymd"} | {f"column_{n}": name for n, name in enumerate(HEAD.strip().split(","))}


def people(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/people"
    row = f"u{secrets.token_hex(4)},Ada,Lovelace,{secrets.token_hex(4)}@x.example,1990-04-12,Maths\n"
    for what in ("apply", "discard"):
        sent = SimpleUploadedFile("people.csv", (HEAD + row).encode())
        preview = client.post(f"{base}/import", {"file": sent})["Location"]
        client.get(preview)
        client.get(f"{preview}/columns")
        client.post(f"{preview}/columns", IMPORT_LAYOUT)
        client.post(f"{preview}/{what}")
        client.get(f"{preview}/undo")
        client.post(f"{preview}/undo", {"word": "undo"})
    with tenant_scope(tenant.id):
        person = make_person()
    client.post(f"{base}/suspend", {"person": [person.public_id]})
    for what in ("suspend", "activate"):
        client.post(f"{base}/{person.public_id}/{what}", {"reason": "They asked for it."})
    for path in ("details", "export", "remove"):
        client.get(f"{base}/{person.public_id}/{path}")
    client.post(f"{base}/{person.public_id}/details", {"former_names": "Anna Alt", "country": "NO"})
    client.post(f"{base}/{person.public_id}/remove", {"reason": "They left.", "word": "remove"})
    for path in ("preview", "apply"):
        client.post(f"/o/{tenant.slug}/privacy/{path}", {"phones_left": "30", "word": "let go"})


def first_sign_in(tenant: Tenant, client: Client) -> None:
    """The organisation's own sign-in: entered, asked for a test, tried (too early), turned off and removed."""
    base = f"/o/{tenant.slug}/people/sign-in"
    sent = {"name": "Nordlicht", "issuer": "https://id.example.com", "client_id": "readmit"}
    sent |= {"proof": "client_secret", "client_secret": "a-secret", "match": "external_id"}
    client.post(f"{base}/", sent)
    for act in ("test", "trial", "turn"):
        client.post(f"{base}/{act}")
    for path in ("", "state", "remove"):
        client.get(f"{base}/{path}")
    client.post(f"{base}/remove", {"word": "remove"})


def coverage(tenant: Tenant, client: Client) -> None:
    """People are invited and reminded; what is under way is stopped."""
    base = f"/o/{tenant.slug}/people/coverage"
    client.post(f"{base}/invite")
    client.get(f"{base}/")
    client.post(f"{base}/stop")
    for word in ("yes", "no"):
        client.post(f"{base}/reminders", {"on": word})
    with tenant_scope(tenant.id):
        one = create_person(
            user_name="invited",
            given_names="Ida",
            family_name="Invited",
            emails=["invited@people.example"],
            held_since=clock.now() - timedelta(days=9),
            actor=SYSTEM,
        )
    client.get(f"{base}/invite/{one.public_id}")
    client.post(f"{base}/invite/{one.public_id}")


def callouts(tenant: Tenant, client: Client) -> None:
    """A system of the organisation's own: entered, changed, tested, its key replaced, and removed."""
    base = f"/o/{tenant.slug}/recovery/profiles/callouts"
    sent: dict[str, Any] = {
        "name": "Payroll",
        "url": "https://payroll.example.com/claims",
        "on_silence": "refuse",
    }
    sent |= {"claims": ["firstName"], "timeout_seconds": "5", "retries": "1"}
    one = client.post(f"{base}/new", sent)["Location"]
    client.get(one)
    client.get(f"{one}state")
    client.post(one, {**sent, "name": "Pay", "secret": "sixteen letters and more"})
    client.post(f"{one}test")
    client.post(f"{base}/key", {"word": "replace"})
    client.get(f"{one}remove")
    client.post(f"{one}remove", {"word": "remove"})


def _conditions(profile: Profile) -> dict[str, str]:
    return {"countries_1": "Poland, CZ", "seen": marks_of_profile(profile)}


def profiles(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/recovery/profiles"
    with tenant_scope(tenant.id):
        in_force = Profile.objects.filter(status="published").get()
    # What its own form would send, whatever fields it has.
    shown = {name: value for name, value in initial_of(in_force).items() if value not in (None, False)}
    sent = {**shown, "name": "Sales", "mode": "evaluation"}
    client.post(f"{base}/check", sent, headers=HTMX)
    client.post(f"{base}/new", sent)
    with tenant_scope(tenant.id):
        made = Profile.objects.order_by("-created_at").first()
    assert made is not None and made.name == "Sales", made
    client.post(f"{base}/{made.public_id}/", {**sent, "name": "Sales people"})
    for part, initial in (
        ("risk", risk_initial),
        ("limits", limits_initial),
        ("attestation", attestation_initial),
        ("partners", _conditions),
    ):
        client.get(f"{base}/{made.public_id}/{part}")
        with tenant_scope(tenant.id):
            made.refresh_from_db()
            now = {name: value for name, value in initial(made).items() if is_sent(value)}
        client.post(f"{base}/{made.public_id}/{part}", now)
    client.get(f"{base}/{made.public_id}/restore/1")
    client.post(f"{base}/{made.public_id}/restore/1", {"word": "restore"})
    client.post(f"{base}/{made.public_id}/copy")
    guide(tenant, client, base)
    client.get(f"{base}/{made.public_id}/publish")
    client.post(f"{base}/{made.public_id}/publish", {"word": "publish", "place": "first"})
    for to in ("down", "up"):
        client.post(f"{base}/{made.public_id}/move", {"to": to})
    client.get(f"{base}/")
    client.get(f"{base}/{made.public_id}/withdraw")
    client.post(f"{base}/{made.public_id}/withdraw", {"word": "withdraw"})


def is_sent(value: object) -> bool:
    """Whether a browser would send it; a number may be nought."""
    return value is not None and value is not False and value != ""


def guide(tenant: Tenant, client: Client, base: str) -> None:
    """A profile step by step, to the page that says what it does."""
    client.get(f"{base}/guide")
    client.post(f"{base}/guide", {"name": "Pilots", "preset": "careful"})
    with tenant_scope(tenant.id):
        made = Profile.objects.order_by("-created_at").first()
    assert made is not None and made.guide_step == "who", made
    for part in ("who", "proof", "match", "risk", "limits"):
        page = client.get(f"{base}/{made.public_id}/guide/{part}")
        sent = {name: value for name, value in page.context["form"].initial.items() if is_sent(value)}
        sent = {name: value for name, value in sent.items() if name in page.context["form"].fields}
        assert client.post(f"{base}/{made.public_id}/guide/{part}", sent).status_code == 302, part
    client.get(f"{base}/{made.public_id}/guide/review")
    client.post(f"{base}/{made.public_id}/guide/review", {"mode": "evaluation"})


def readiness(tenant: Tenant, client: Client) -> None:
    """Readiness and a rehearsal, under way and done."""
    base = f"/o/{tenant.slug}/recovery"
    with tenant_scope(tenant.id):
        profile = Profile.objects.filter(status="published").get()
    rooms = {f"{base}/readiness": "check", f"{base}/profiles/{profile.public_id}/rehearsal": "begin"}
    for room, begin in rooms.items():
        client.get(f"{room}/")
        client.get(f"{room}/state", headers=HTMX)
        client.post(f"{room}/{begin}")
        for path in ("", "state"):
            client.get(f"{room}/{path}")
    for profile_id in (None, profile.id):
        survey_now(tenant.id, actor=SYSTEM, profile_id=profile_id)
    for room in rooms:
        for path in ("", "state", "people", "people?reason=no_birthdate", "people?department=Finance"):
            client.get(f"{room}/{path}")
        b"".join(client.get(f"{room}/csv").streaming_content)
    for value in ("no", "yes"):
        client.post(f"{base}/readiness/mail", {"is_on": value})
    trying = f"{base}/profiles/{profile.public_id}"
    for path, word in (("go-back", "evaluation"), ("go-live", "go live")):
        client.get(f"{trying}/evaluation")
        client.get(f"{trying}/{path}")
        client.post(f"{trying}/{path}", {"word": word})
        client.get(f"{trying}/{path}")


def cases(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/recovery"
    with tenant_scope(tenant.id):
        profile = Profile.objects.filter(status="published").get()
        reviewed, held = (
            make_case(profile, make_person(), status) for status in (CaseStatus.IN_REVIEW, CaseStatus.HELD)
        )
        pattern = Pattern.objects.create(
            kind=Pattern.Kind.ONE_DOCUMENT, key="d" * 64, cases=[str(held.id)], last_at=clock.now()
        )
    client.post(f"{base}/reviews/{reviewed.public_id}/", {"verdict": "refuse", "reason": "It is not them."})
    client.get(f"{base}/patterns/{pattern.public_id}/")
    client.post(f"{base}/patterns/{pattern.public_id}/", {"note": "One person with two accounts."})
    for action in ("cancel", "review", "extend"):
        client.get(f"{base}/cases/{held.public_id}/{action}")
        client.post(
            f"{base}/cases/{held.public_id}/{action}", {"reason": "They rang about it.", "word": "end"}
        )


def members(tenant: Tenant, client: Client) -> None:
    base, email = f"/o/{tenant.slug}", f"{secrets.token_hex(5)}@colleague.example"
    client.post(f"{base}/members/invite", {"email": email, "role": "auditor"})
    with tenant_scope(tenant.id):
        invited = Invitation.objects.get(email=email)
    client.post(f"{base}/invitations/{invited.public_id}/renew")
    path, user = link_in(newest_mail(email)), User.objects.create_user(email, "correct horse battery staple")
    user.emailaddress_set.create(email=email, verified=True, primary=True)
    joining = sign_in(user)
    joining.get(path)
    joining.post(f"{path}/accept", {"name": "Kim Muster"})
    colleague = make_member(tenant, Role.HELP_DESK)
    client.get(f"{base}/members/{colleague.public_id}")
    client.post(f"{base}/members/{colleague.public_id}", {"role": "auditor"})
    client.get(f"{base}/members/{colleague.public_id}/remove")
    client.post(f"{base}/members/{colleague.public_id}/remove", {"word": "remove"})
    client.post(f"{base}/settings", SETTINGS)
    client.post(f"{base}/members/invite", {"email": f"x{email}", "role": "auditor"})
    with tenant_scope(tenant.id):
        other = Invitation.objects.get(email=f"x{email}")
    client.post(f"{base}/invitations/{other.public_id}/withdraw")


def setup_links(tenant: Tenant, client: Client) -> None:
    base, email = f"/o/{tenant.slug}", f"{secrets.token_hex(5)}@colleague.example"
    client.post(f"{base}/checklist/linked_domain/send", {"email": email})
    path, stranger = link_in(newest_mail(email)), site_client()
    stranger.get(path)
    stranger.post(path)
    stranger.get(f"{path}/code")
    stranger.post(f"{path}/code", {"code": code_in(newest_mail(email))})
    stranger.get(f"{base}/verified-id/")
    stranger.get(f"{base}/setup-done")
    client.post(f"{base}/checklist/linked_domain/send", {"email": f"x{email}"})
    with tenant_scope(tenant.id):
        link = SetupLink.objects.get(email=f"x{email}")
    client.post(f"{base}/setup-links/{link.public_id}/withdraw")


def owner_recovery(tenant: Tenant) -> None:
    """One that is used, and one that is stopped."""
    for stopped in (False, True):
        user = User.objects.get(id=make_member(tenant).user_id)
        begun = begin_owner_recovery(user, reason="Seen on video with passport.", actor=SYSTEM)
        path, stranger = begun.link.removeprefix(settings.SITE_ORIGIN), site_client()
        stopping = link_in(newest_mail(user.email))
        stranger.get(stopping)
        stranger.get(path)
        if stopped:
            stranger.post(stopping)
            continue
        with clock.frozen(begun.recovery.opens_at):
            stranger.post(path)
            stranger.get(f"{path}/code")
            stranger.post(f"{path}/code", {"code": code_in(newest_mail(user.email))})


def buying(tenant: Tenant, client: Client) -> None:
    """A plan to its end, another one as far as the payment page, and a contract that is asked for."""
    base = f"/o/{tenant.slug}/partners/face_check"
    agreed = {"agreed": ["biometric_consent"]}
    client.get(f"{base}/buy")
    client.post(f"{base}/buy", {"plan": "volume"})
    client.get(f"{base}/buy/review")
    client.post(f"{base}/buy/review", {"seen_minor": "0", **agreed})
    for path in ("", "cancel", "../yours"):
        client.get(f"{base}/{path}".replace("face_check/../", ""))
    client.post(f"{base}/cancel")
    client.post(f"{base}/resume")
    client.post(f"{base}/buy", {"plan": "bundle-500"})
    client.get(f"{base}/buy/review")
    with tenant_scope(tenant.id):
        Purchase.objects.filter(plan="bundle-500").update(status="paying", agreed={"due_minor": 11000})
    for path in ("payment", "paid"):
        client.get(f"{base}/buy/{path}")
    client.get(f"{base}/")
    client.post(f"{base}/buy/pay")
    client.post(f"{base}/buy/give-up")
    client.get(f"/o/{tenant.slug}/partners/oidc/request")
    client.post(f"/o/{tenant.slug}/partners/oidc/request")


RUNNING = {
    "state": "running",
    "address": "http://stripe-identity.localhost:8060",
    "scenarios": {"verified": "Verified"},
    "settings": {
        "api_key": "rk_test_" + "s" * 24,
        "webhook_secret": "whsec_s",
        "api_base": "http://stripe-identity.localhost:8060",
    },
    "idle_minutes": 15,
}


def simulator(client: Client, path: str) -> None:
    """Of a partner nobody set up. Simulators are said to be kept where `RUNNING` stands for whoever keeps them."""
    with (
        override_settings(**SIMULATORS_KEPT),
        MonkeyPatch.context() as patch,
    ):
        patch.setattr(simulating, "_ask", lambda *_asked: (200, RUNNING))
        client.get(path)
        client.get(f"{path}/state")
        for what in ("start", "ends", "fill", "stop"):
            assert client.post(f"{path}/{what}").status_code == 302


def keys(tenant: Tenant, client: Client, path: str) -> None:
    """Keys of a partner: entered, put into use, switched back, destroyed."""
    with tenant_scope(tenant.id):
        held = Connection(vendor="persona", kind="own_contract", status="ready")
        held.secrets_sealed = seal_secrets(held, {"api_key": "rk_test_first"})
        held.save(force_insert=True)
    for key in ("rk_test_second", "rk_test_third"):
        seen = client.get(path).context["form"].fields["seen"].initial
        assert client.post(path, {"api_key": key, "seen": seen}).status_code == 302
        with tenant_scope(tenant.id):
            waiting = PartnerKeys.objects.get(replaced_at=None)
            note_test(waiting.id, [])
        client.get(f"{path}/state")
        if key == "rk_test_second":
            client.post(f"{path}/use", {"set": waiting.set_id.hex})
    client.post(f"{path}/discard", {"set": waiting.set_id.hex})
    client.post(f"{path}/use", {"set": held.id.hex})
    client.get(path)


def rooms(tenant: Tenant, client: Client) -> None:
    """Partners, the authority and the audit log."""
    base = f"/o/{tenant.slug}"
    client.post(f"{base}/partners/house/choose")
    client.get(f"{base}/partners/house/state")
    client.post(f"{base}/partners/oidc/settings", {"issuer": "https://op.example", "client_id": "x"})
    client.post(f"{base}/partners/oidc/another", {"name": "North bank"})
    client.post(f"{base}/partners/house/test")
    client.get(f"{base}/partners/house/record")
    client.get(f"{base}/partners/house/pause")
    with tenant_scope(tenant.id):
        asked = ProofingAttempt.objects.filter(connection__vendor="oidc").first()
        assert asked is not None
        ProofingAttempt.objects.filter(id=asked.id).update(erase_due_at=clock.now(), erase_error="no_answer")
    client.get(f"{base}/partners/oidc/erasing")
    list(client.get(f"{base}/partners/oidc/erasing.csv").streaming_content)
    client.post(f"{base}/partners/oidc/erasing/{asked.public_id}/again")
    client.post(f"{base}/partners/house/pause")
    client.post(f"{base}/partners/house/unpause")
    client.post(f"{base}/partners/house/remove", {"word": "remove"})
    keys(tenant, client, f"{base}/partners/persona/keys")
    simulator(client, f"{base}/partners/stripe_identity/simulator")
    client.post(f"{base}/verified-id/turn-on")
    client.post(f"{base}/verified-id/check")
    client.post(f"{base}/verified-id/domain", {"origin": "https://acme.example"})
    client.post(f"{base}/verified-id/domain/check")
    client.post(f"{base}/verified-id/access/new")
    client.get(f"{base}/verified-id/access")
    client.get(f"{base}/verified-id/access/request")
    client.post(f"{base}/verified-id/access", {"chain": SimpleUploadedFile("c.pem", b"none")})
    client.post(f"{base}/verified-id/card", {"title": "Acme", "accent": "#1f5eff"})
    client.post(f"{base}/verified-id/rotate", {"word": "rotate"})
    for what in ("begin", "offer", "request"):
        client.post(f"{base}/verified-id/try/{what}")
    client.get(f"{base}/verified-id/try")
    client.get(f"{base}/verified-id/try/messages", headers=HTMX)
    client.post(f"{base}/verified-id/try/end")
    partner = {"name": "Partner", "purpose": "employee", "did": "did:web:partner.example"}
    client.post(f"{base}/verified-id/issuers/new", partner)
    with tenant_scope(tenant.id):
        credential = Credential.objects.first()
        issuer = TrustedIssuer.objects.get()
        event = AuditEvent.objects.filter(personal_digest__isnull=False).first()
    client.post(f"{base}/verified-id/issuers/{issuer.public_id}/check")
    client.get(f"{base}/verified-id/issuers/{issuer.public_id}/remove")
    client.post(f"{base}/verified-id/issuers/{issuer.public_id}/remove", {"word": "remove"})
    if credential is not None:
        card, lost = f"{base}/verified-id/issued/{credential.public_id}", {"reason": "Lost telephone."}
        for move in ("suspend", "reinstate", "revoke"):
            client.get(f"{card}/{move}")
            client.post(f"{card}/{move}", {**lost, "word": "revoke"})
    several = f"{base}/verified-id/issued/revoke"
    client.get(several)
    client.post(several, {"word": "revoke", "reason": "Lost telephones.", "count": "0"})
    with tenant_scope(tenant.id):
        bulk = BulkRevocation.objects.create(chosen=bytes(16), digest="x", total=1)
    client.get(f"{base}/verified-id/issued/revocations/{bulk.public_id}")
    client.get(f"{base}/verified-id/issued/revocations/{bulk.public_id}/state", headers=HTMX)
    offered = f"{base}/verified-id/issued/waiting/{_waits_for_a_look(tenant)}"
    client.get(offered)
    client.post(offered, {"verdict": "release", "reason": "Known."})
    key = f"{base}/verified-id/keys/{_key_of(tenant)}/compromised"
    client.get(key)
    client.post(key.replace("compromised", "certificate"), {"chain": SimpleUploadedFile("c.pem", b"none")})
    client.post(key, {"reason": "Laptop stolen.", "word": "compromised"})
    if event is not None:
        client.post(f"{base}/audit/{event.public_id}")
    client.post(f"{base}/audit/verify")
    entra(tenant, client)
    directory(tenant, client)


def directory(tenant: Tenant, client: Client) -> None:
    """Each directory elsewhere, connected, synchronised (which nobody answers here), paused and removed."""
    entra = {"directory": "0" * 32, "client_id": "1" * 32, "secret": "a-secret"}
    for kind, typed in (
        ("okta", {"host": "example.okta.com", "client_id": "0oa" + "1" * 17}),
        ("entra", entra),
    ):
        _directory(f"/o/{tenant.slug}/people/directory", client, kind, typed)


def _directory(base: str, client: Client, kind: str, typed: dict[str, str]) -> None:
    client.get(f"{base}/")
    client.get(f"{base}/new/{kind}")
    client.post(f"{base}/new/{kind}", typed)
    client.post(f"{base}/", typed)
    for act in ("test", "sync", "everything"):
        client.post(f"{base}/{act}")
    for path in ("/", "/state", "/accounts", "/allow"):
        client.get(f"{base}{path}")
    client.post(f"{base}/accounts", {"home": "there"})
    client.post(f"{base}/allow", {"word": "remove", "people": 0, "memberships": 0, "suspensions": 0})
    client.post(f"{base}/pause")
    client.post(f"{base}/resume")
    client.get(f"{base}/remove")
    client.post(f"{base}/remove", {"word": "remove"})


def entra(tenant: Tenant, client: Client) -> None:
    """A connection to Microsoft, from its first word to its last, and a callback that nobody asked for."""
    base = f"/o/{tenant.slug}/verified-id/entra"
    client.post(base, TYPED)
    client.post(f"{base}/test")
    for path in ("", "/state", "/certificate", "/certificate/new", "/use", "/remove"):
        client.get(f"{base}{path}")
    with tenant_scope(tenant.id):
        tried = {"step": "records", "ok": True, "problem": "", "setting": ""}
        EntraConnection.objects.update(authority_id=DIRECTORY, mark_claim="cardId", found=[tried])
    client.post(f"{base}/use", {"word": "use"})
    client.post(f"{base}/use", {"word": "stop"})
    client.post(f"{base}/certificate/new", {"word": "replace"})
    client.post(f"{base}/remove", {"word": "remove"})
    client_of(tenant).post(f"/entra/callbacks/{'0' * 32}", {}, content_type="application/json")


BUDGET = {"amount": "900", "currency": "EUR", "every": "period", "is_hard": "on", "lifting_roles": "owner"}


def budgets(tenant: Tenant, client: Client) -> None:
    base = f"/o/{tenant.slug}/usage/budgets"
    client.post(f"{base}/new", {**BUDGET, "name": "Checks"})
    with tenant_scope(tenant.id):
        budget = Budget.objects.get(name="Checks")
    client.get(f"{base}/")
    client.get(f"{base}/{budget.public_id}/")
    client.post(f"{base}/{budget.public_id}/", {**BUDGET, "name": "All checks"})
    client.get(f"{base}/{budget.public_id}/lift")
    client.post(f"{base}/{budget.public_id}/lift", {"hours": "2", "reason": "The ferry is stuck."})
    client.post(f"{base}/{budget.public_id}/close")


def everything(tenant: Tenant) -> None:
    mail.outbox.clear()
    member = make_member(tenant)
    client = client_of_member(member)
    outside()
    mailbox()
    account(make_member(tenant))
    organisation()
    some_cases(tenant)
    reading(tenant, client)
    people(tenant, client)
    cases(tenant, client)
    members(tenant, client)
    setup_links(tenant, client)
    owner_recovery(tenant)
    readiness(tenant, client)
    profiles(tenant, client)
    callouts(tenant, client)
    coverage(tenant, client)
    first_sign_in(tenant, client)
    budgets(tenant, client)
    money.walk(tenant, client)
    operators.walk(tenant)
    scripts.everything(tenant, client)
    rooms(tenant, client)
    bridges.keep(tenant, client)
    buying(tenant, client)
