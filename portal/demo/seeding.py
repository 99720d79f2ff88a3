"""The demonstration tenant: an organisation that is set up, with people who do not exist. Refused in production."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from cbor2 import dumps
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.origins import site_url, tenant_host, tenant_url, wallet_url
from portal.kit.scope import tenant_scope
from recovery.models import Profile
from recovery.passkeys.models import Passkey, UserHandle
from recovery.profiles import create_profile, publish_profile
from recovery.statuses import Mode
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import create_person, suspend_person
from tenants.models import Host, Member, Tenant, User
from tenants.rights import Role
from tenants.verified_id.services import turn_on_verified_id
from vendors.services import choose_partner

SLUG = "acme"
STAFF = "admin@acme.example"
HELD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    username: str
    given_names: str
    family_name: str
    email: str
    birthdate: str
    employee_number: str
    department: str
    note: str


PEOPLE = (
    DemoPerson(
        "ada.sample",
        "Ada",
        "Sample",
        "ada.sample@acme.example",
        "1990-04-12",
        "1001",
        "Research",
        "has an old passkey; recover this one",
    ),
    DemoPerson(
        "anna.novak",
        "Anna",
        "Novak",
        "anna.novak@acme.example",
        "1985-03-02",
        "1002",
        "Sales",
        "shares her name with the next",
    ),
    DemoPerson(
        "anna.novak2",
        "Anna",
        "Novak",
        "anna.novak2@acme.example",
        "1992-11-23",
        "1003",
        "Finance",
        "shares her name with the one before",
    ),
    DemoPerson(
        "jurgen.muller",
        "Jürgen",
        "Müller",
        "jurgen.muller@acme.example",
        "1978-07-30",
        "1004",
        "Operations",
        "a document spells him MUELLER",
    ),
    DemoPerson(
        "sam.suspended",
        "Sam",
        "Suspended",
        "sam.suspended@acme.example",
        "1988-01-15",
        "1005",
        "Sales",
        "suspended: nothing arrives",
    ),
)


def demo_file() -> Path:
    """The staff password, readable by this user alone."""
    return Path(settings.DATA) / "demo.json"


def passkey_file() -> Path:
    """The private half of the demonstration person's old passkey, for a virtual authenticator."""
    return Path(settings.DATA) / "demo-passkey.json"


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle)


def _password() -> str:
    if demo_file().exists():
        return str(json.loads(demo_file().read_text())["password"])
    made = secrets.token_urlsafe(12)
    _write(demo_file(), {"password": made})
    return made


def _staff() -> User:
    password = _password()
    user = User.objects.filter(email=STAFF).first()
    if user is None:
        user = User.objects.create_user(STAFF, password, name="Demo Administrator")
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(user=user, email=STAFF, defaults={"verified": True, "primary": True})
    return user


def _tenant() -> Tenant:
    tenant, _created = Tenant.objects.get_or_create(
        slug=SLUG,
        defaults={
            "name": "Acme",
            "is_demonstration": True,
            "help_desk_contact": "+420 555 0100, help@acme.example",
            "accent": "#0f6b5c",
        },
    )
    if not tenant.is_demonstration:
        raise ImproperlyConfigured(
            f"The host name {SLUG} belongs to an organisation that is no demonstration."
        )
    Host.objects.get_or_create(name=tenant_host(SLUG).partition(":")[0], defaults={"tenant": tenant})
    return tenant


def _people() -> None:
    for person in PEOPLE:
        if DirectoryPerson.objects.filter(user_name=person.username).exists():
            continue
        made = create_person(
            user_name=person.username,
            given_names=person.given_names,
            family_name=person.family_name,
            emails=[person.email],
            employee_number=person.employee_number,
            birthdate=date.fromisoformat(person.birthdate),
            department=person.department,
            held_since=clock.now() - HELD,
            source="demo",
            actor=SYSTEM,
        )
        if person.username == "sam.suspended":
            suspend_person(made.id, actor=SYSTEM, reason="demonstration")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _cose(key: ec.EllipticCurvePublicKey) -> bytes:
    """A COSE_Key for ES256 (RFC 9053, 7.1.1)."""
    numbers = key.public_numbers()
    return dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


def _old_passkey(person_id: UUID) -> None:
    """Give the demonstration person a passkey to lose. Its private key lies in the data folder, and only there."""
    if Passkey.objects.filter(person_id=person_id).exists() and passkey_file().exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    credential_id, handle = secrets.token_bytes(32), secrets.token_bytes(32)
    row, _created = UserHandle.objects.get_or_create(person_id=person_id, defaults={"handle": _b64(handle)})
    Passkey.objects.create(
        person_id=person_id,
        credential_id=_b64(credential_id),
        public_key=_cose(key.public_key()),
        label="Old phone",
        transports=["internal"],
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(
        passkey_file(),
        {
            "rp_id": tenant_host(SLUG).partition(":")[0],
            "credential_id": base64.b64encode(credential_id).decode(),
            "user_handle": base64.b64encode(base64.urlsafe_b64decode(row.handle + "==")).decode(),
            "private_key": base64.b64encode(private).decode(),
        },
    )


def _profile() -> None:
    if Profile.objects.exists():
        return
    connection = choose_partner("house", actor=SYSTEM)
    profile = create_profile(
        actor=SYSTEM, name="Everyone", mode=Mode.PRODUCTION, partners=[connection.id], face_threshold=70
    )
    publish_profile(profile.id, actor=SYSTEM)


def seed() -> Tenant:
    """Make the demonstration tenant, or what is missing of it."""
    if settings.IS_PRODUCTION:
        raise ImproperlyConfigured("The demonstration tenant is refused in production.")
    user = _staff()
    with transaction.atomic():
        tenant = _tenant()
    with tenant_scope(tenant.id):
        Member.objects.get_or_create(user=user, defaults={"role": Role.OWNER})
        turn_on_verified_id(actor=SYSTEM)
        _people()
        _old_passkey(DirectoryPerson.objects.get(user_name=PEOPLE[0].username).id)
        _profile()
    return tenant


def describe() -> dict[str, Any]:
    """What `manage.py demo` prints."""
    return {
        "console": site_url(f"/o/{SLUG}/"),
        "hosted": tenant_url(SLUG, "/"),
        "try_it": tenant_url(SLUG, "/try"),
        "wallet": wallet_url("/"),
        "mailbox": site_url("/mailbox/"),
        "tenant": SLUG,
        "staff": {"email": STAFF, "password": _password()},
        "people": [asdict(person) for person in PEOPLE],
    }
