"""Reading across tenants, through the three functions the database has for it (DESIGN 4), and within one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from portal.kit import clock
from portal.kit.codes import digest
from portal.kit.ids import public_id
from portal.kit.scope import current_tenant_id, read_once, scope_memory
from tenants.models import Invitation, Member, SetupLink, Tenant, User
from tenants.rights import RIGHTS, Right, Role, rights_of

_OWN = "own tenant"


@dataclass(frozen=True, slots=True)
class Seat:
    """One user's place in one tenant, with what it allows.

    `limited_to` is set for somebody who came by a set-up link: these rights and no role's; `member_id` is the link's id
    then, which is no member's.
    """

    tenant: Tenant
    member_id: UUID
    role: str
    limited_to: frozenset[Right] | None = None

    @property
    def is_limited(self) -> bool:
        return self.limited_to is not None

    @property
    def actor_id(self) -> str:
        """Who acts from this seat, as the audit log writes it down."""
        return public_id(SetupLink.prefix if self.is_limited else Member.prefix, self.member_id)

    @property
    def rights(self) -> frozenset[Right]:
        return rights_of(self.role) if self.limited_to is None else self.limited_to

    def may(self, right: Right) -> bool:
        return right in self.rights


def tenant_of_host(name: str) -> Tenant | None:
    """The active tenant a host name serves."""
    wanted = RawSQL("(SELECT tenant_of_host(%s))", [name.lower().partition(":")[0]])
    return Tenant.objects.filter(id=wanted, status=Tenant.Status.ACTIVE).first()


def tenant_of_slug(slug: str) -> Tenant | None:
    """The active tenant of that short name."""
    return Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first()


def demonstration() -> Tenant | None:
    """The oldest active demonstration tenant of this installation."""
    return (
        Tenant.objects.filter(is_demonstration=True, status=Tenant.Status.ACTIVE)
        .order_by("created_at")
        .first()
    )


def own_tenant() -> Tenant:
    """The tenant in force, as the request found it, or read once a scope. For what only reads it."""
    return read_once(_OWN, lambda: Tenant.objects.get(id=current_tenant_id()))


def remember_own_tenant(tenant: Tenant) -> None:
    """For whoever opens the scope of a tenant that is read already."""
    scope_memory()[_OWN] = tenant


def seats_of_user(user_id: UUID) -> list[Seat]:
    """Where a user may work, by name of the organisation."""
    found = Tenant.objects.raw(
        "SELECT t.*, s.member_id, s.role FROM seats_of_user(%s) s JOIN tenants_tenant t ON t.id = s.tenant_id "
        "WHERE t.status = %s",
        [user_id, Tenant.Status.ACTIVE],
    )
    # The two columns that are not the organisation's own come as attributes beside its fields.
    seats = [Seat(tenant, vars(tenant)["member_id"], vars(tenant)["role"]) for tenant in found]
    return sorted(seats, key=lambda seat: seat.tenant.name.lower())


def seat_in(user_id: UUID, slug: str) -> Seat | None:
    return next((seat for seat in seats_of_user(user_id) if seat.tenant.slug == slug), None)


def tenant_of_token(token: str) -> Tenant | None:
    """The tenant that made an invitation or set-up link."""
    wanted = RawSQL("(SELECT tenant_of_token(%s))", [digest(token)])
    return Tenant.objects.filter(id=wanted, status=Tenant.Status.ACTIVE).first()


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member as the console shows one."""

    member: Member
    user: User

    @property
    def name(self) -> str:
        return str(self.user)


def colleagues() -> list[Colleague]:
    """Everybody with a seat in the tenant in force, by name."""
    members = list(Member.objects.filter(removed_at=None).select_related("user"))
    return sorted((Colleague(member, member.user) for member in members), key=lambda one: one.name.lower())


def find_colleague(member_id: UUID) -> Colleague | None:
    member = Member.objects.filter(id=member_id, removed_at=None).select_related("user").first()
    return Colleague(member, member.user) if member else None


def names_of_members(member_ids: Collection[UUID]) -> dict[UUID, str]:
    """Also of those who left: the audit log speaks of them."""
    found = Member.objects.filter(id__in=member_ids).select_related("user")
    return {member.id: str(member.user) for member in found}


def owner_count() -> int:
    return Member.objects.filter(role=Role.OWNER, removed_at=None).count()


def open_invitations() -> list[Invitation]:
    """Neither accepted nor withdrawn; the expired ones stay in sight, so that they can be sent again."""
    return list(Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by("-created_at"))


def open_invitations_by(member_id: UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(invited_by_id=member_id, accepted_at=None, withdrawn_at=None)


def find_invitation(token: str) -> Invitation | None:
    """In the scope of the tenant that made it."""
    return Invitation.objects.filter(token_digest=digest(token)).first()


def open_setup_links() -> list[SetupLink]:
    return list(SetupLink.objects.filter(completed_at=None, withdrawn_at=None).order_by("-created_at"))


def open_links_of(member_id: UUID) -> int:
    """How many set-up links of this member somebody could still open."""
    return SetupLink.objects.filter(
        made_by_id=member_id, completed_at=None, withdrawn_at=None, expires_at__gt=clock.now()
    ).count()


def find_setup_link(token: str) -> SetupLink | None:
    """In the scope of the tenant that made it."""
    return SetupLink.objects.filter(token_digest=digest(token)).first()


def addresses_of_members_with(right: Right) -> list[str]:
    """In the tenant's scope."""
    roles = [role.value for role, rights in RIGHTS.items() if right in rights]
    found = Member.objects.filter(role__in=roles, removed_at=None).select_related("user")
    return sorted({member.user.email for member in found})
