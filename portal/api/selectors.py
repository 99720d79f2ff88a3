"""Reading keys: whose one is, whether it holds, and what the console shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models.expressions import RawSQL

from portal.api.keys import WrittenKey
from portal.api.models import ApiKey
from portal.api.scopes import ALLOWS, Scope, known_scopes
from portal.kit import clock
from portal.kit.codes import same
from tenants.models import Member, Tenant
from tenants.rights import rights_of
from tenants.selectors import names_of_members


def tenant_of_key(unverified: WrittenKey) -> Tenant | None:
    """The active tenant whose key has this digest."""
    wanted = RawSQL("(SELECT tenant_of_token(%s))", [unverified.digest])
    return Tenant.objects.filter(id=wanted, status=Tenant.Status.ACTIVE).first()


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    """A key that holds now. `scopes` are what it was given and its maker may still do."""

    tenant: Tenant
    row: ApiKey
    scopes: frozenset[Scope]


def verified_key(unverified: WrittenKey, tenant: Tenant) -> VerifiedKey | None:
    """In the tenant's scope. None for a key that is unknown, revoked or expired, or whose maker has no seat any more."""
    digest = unverified.digest
    row = ApiKey.objects.filter(secret_digest=digest).first()
    if row is None or not same(bytes(row.secret_digest), digest) or not row.is_live_at(clock.now()):
        return None
    maker = Member.objects.filter(id=row.made_by_id, removed_at=None).first()
    if maker is None:
        return None
    return VerifiedKey(tenant, row, _still_allowed(row, maker))


def _still_allowed(row: ApiKey, maker: Member) -> frozenset[Scope]:
    rights = rights_of(maker.role)
    return frozenset(scope for scope in known_scopes(row.scopes) if ALLOWS[scope].right in rights)


def note_use(row: ApiKey) -> None:
    """Once a day."""
    today = clock.now().date()
    if row.last_used_on != today:
        ApiKey.objects.filter(id=row.id).update(last_used_on=today)


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as the console shows it. `lost` are scopes that its maker could not give any more."""

    row: ApiKey
    maker: str
    scopes: tuple[Scope, ...]
    lost: tuple[Scope, ...]
    has_maker: bool

    @property
    def works(self) -> bool:
        return self.has_maker and self.row.is_live_at(clock.now())


def shown_keys() -> list[ShownKey]:
    """Those that work or could, newest first; revoked ones are in the audit log."""
    rows = list(ApiKey.objects.filter(revoked_at=None).order_by("-created_at", "-id"))
    return _shown(rows)


def shown_key(key_id: UUID) -> ShownKey | None:
    return next(iter(_shown(list(ApiKey.objects.filter(id=key_id, revoked_at=None)))), None)


def _shown(rows: list[ApiKey]) -> list[ShownKey]:
    makers = {row.made_by_id for row in rows}
    names = names_of_members(makers)
    seated = {member.id: member for member in Member.objects.filter(id__in=makers, removed_at=None)}
    found = []
    for row in rows:
        maker = seated.get(row.made_by_id)
        still = _still_allowed(row, maker) if maker else frozenset()
        given = tuple(known_scopes(row.scopes))
        lost = tuple(scope for scope in given if scope not in still)
        found.append(ShownKey(row, names.get(row.made_by_id, ""), given, lost, maker is not None))
    return found
