"""What the service is: the attributes it keeps of people and groups, and what it can do (RFC 7643, 4 to 7).

Less than the standard's User on purpose: what recovery does not need is not kept. An attribute that is not here is dropped
in silence, as provisioning systems expect that send everything they have; PATCH is read in Entra's dialect as well.

The annotations of this module are evaluated as they stand: the library reads them while a class is made.
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr, model_validator
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    External,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

MAX_RESULTS = 200
MAX_OPERATIONS = 1_000
MAX_BYTES = 1_048_576


class Name(ComplexAttribute):
    family_name: str | None = None
    """The family name, as documents print it."""

    given_name: str | None = None
    """All given names, in the order of the documents."""


class Address(ComplexAttribute):
    """An e-mail address or a telephone number."""

    value: Annotated[str | None, Required.true] = None
    """The address itself. An e-mail address names one person only."""

    type: str | None = None
    """What it is used as: work, home, mobile."""

    primary: bool | None = None
    """Whether it is the first among those of its kind."""


class Email(Address):
    pass


class PhoneNumber(Address):
    pass


class Membership(ComplexAttribute):
    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The identifier of the group."""

    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the group is."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the group."""


class Manager(ComplexAttribute):
    value: Annotated[str | None, CaseExact.true] = None
    """The identifier of the manager, as the provisioning system has it."""

    ref: Annotated[Reference["User"] | None, Mutability.read_only] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the manager is, if they are a user here."""

    @model_validator(mode="before")
    @classmethod
    def read_identifier(cls, told: Any) -> Any:
        """Entra writes the identifier alone."""
        return {"value": told} if isinstance(told, str) else told


class EnterpriseUser(Extension):
    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    """The number by which the organisation knows the person; it names one person only."""

    department: str | None = None
    """The department, for profiles that are for one."""

    manager: Manager | None = None
    """Whom the person answers to."""

    Manager: ClassVar[type[ComplexAttribute]] = Manager


class RecoveryUser(Extension):
    """What recovery compares and the standard has no place for. Plain strings, which every provisioning system can map; the
    URN has the only form that Entra lets an administrator add."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:readmit:2.0:User")

    former_names: str | None = None
    """Names borne before: "Novak | Svoboda, Anna Maria", given names only where those were others too."""

    name_in_other_script: str | None = None
    """The name as it is written at home, family name first: "Юрченко, Юлия"."""

    country: str | None = None
    """Where the person works."""

    privileged: bool | None = None
    """Whether the account may do more than others."""


class User(Resource[AnyExtension]):
    """A person of the organisation."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """What the person signs in with; kept in small letters."""

    name: Name | None = None
    """The names that are compared with a document."""

    Name: ClassVar[type[ComplexAttribute]] = Name

    nick_name: str | None = None
    """Given names the person is called by; several with a bar between them."""

    display_name: str | None = None
    """The name that colleagues see; made of the names where it is absent."""

    active: bool | None = None
    """Whether the person may sign in and recover."""

    emails: list[Email] | None = None
    """Where codes and notices go."""

    Emails: ClassVar[type[ComplexAttribute]] = Email

    phone_numbers: list[PhoneNumber] | None = None
    """Telephone numbers."""

    PhoneNumbers: ClassVar[type[ComplexAttribute]] = PhoneNumber

    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    """The groups the person is in."""

    Groups: ClassVar[type[ComplexAttribute]] = Membership


class Member(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, Required.true, CaseExact.true] = None
    """The identifier of the person."""

    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the person is."""


class Group(Resource[Any]):
    """People put together."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    """The name of the group."""

    members: list[Member] | None = None
    """The people in it."""

    Members: ClassVar[type[ComplexAttribute]] = Member

    _remembered: tuple[str, ...] = PrivateAttr(())

    def remember_members(self, ids: Iterable[str]) -> None:
        """Who is in it, without a `Member` for each: for the answer alone."""
        self._remembered = tuple(ids)

    @property
    def remembered(self) -> tuple[str, ...]:
        return self._remembered


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=MAX_BYTES),
    filter=Filter(supported=True, max_results=MAX_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Token of the organisation",
            description="A token made in the console or by create_scim_token, in Authorization: Bearer.",
            spec_uri=Reference[External]("https://www.rfc-editor.org/rfc/rfc6750"),
            primary=True,
        )
    ],
)
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
PersonResource = User[EnterpriseUser | RecoveryUser]
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, RecoveryUser, Group],
    resource_types=[ResourceType.from_resource(PersonResource), ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)
