"""The directory as the SCIM server reads and writes it, in the scope of one tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet
from scim2_models import (
    InvalidValueException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimFilter,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from portal.kit.actors import Actor
from portal.kit.errors import ReadmitError
from tenants.directory.scim import groups, users
from tenants.directory.scim.description import MAX_RESULTS, Group, PersonResource
from tenants.directory.scim.filters import Asking, Columns
from tenants.directory.scim.membership import Step, tells_members
from tenants.directory.scim.sorting import Sorting, page_across, shape_of


@dataclass(frozen=True, slots=True)
class Kind:
    """How one type of resource is kept."""

    model: type[Resource[Any]]
    columns: Columns
    all: Callable[[], QuerySet[Any]]
    named: Callable[..., Any]
    shown: Callable[..., list[Resource[Any]]]
    add: Callable[[Any, Actor], Any]
    change: Callable[[Any, Any, Actor], Any]
    remove: Callable[[Any, Actor], None]


KINDS: Mapping[str, Kind] = {
    "User": Kind(
        PersonResource,
        users.COLUMNS,
        users.everybody,
        users.person_with,
        users.resources_of,
        users.add_user,
        users.change_user,
        users.remove_user,
    ),
    "Group": Kind(
        Group,
        groups.COLUMNS,
        groups.all_groups,
        groups.group_with,
        groups.resources_of,
        groups.add_group,
        groups.change_group,
        groups.remove_group,
    ),
}


class DirectoryStorage(ScimStorage):
    """`actor` is written down with every change. With `changing`, whatever is read stays as it is until the end: of two
    requests that change one thing at the same moment and name no version, one waits for the other."""

    def __init__(self, actor: Actor, *, changing: bool = False) -> None:
        self.actor, self.changing = actor, changing

    @contextmanager
    def operation(self) -> Iterator[None]:
        """A savepoint: an operation of a bulk request that fails takes the others not with it (RFC 7644, 3.7). What fails
        fails in the protocol's words; a value that no database holds (half a character, say) is an invalid one."""
        try:
            with transaction.atomic():
                yield
        except ReadmitError as problem:
            raise _in_its_words(problem) from problem
        except (DataError, UnicodeEncodeError) as problem:
            raise InvalidValueException(detail="A value cannot be kept or looked for.") from problem

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """A group that is about to be changed is read without its members: `group` reads them."""
        kind = _kind(resource_type)
        row = kind.named(resource_id, lock=self.changing)
        if self.changing and kind.model is Group:
            return groups.bare_group(row)
        return _shown(kind, [row], response_parameters)[0]

    def group(self, resource_id: str, *, whole: bool) -> Group:
        """A group that is about to be changed; `whole`: with everybody in it."""
        row = groups.group_with(resource_id, lock=True)
        return groups.whole_group(row) if whole else groups.bare_group(row)

    def step_group(self, resource: Group, steps: Iterable[Step], *, most_told: int) -> Group:
        """Named as the resource says, its members changed step by step; with one more of them than are told, at most."""
        row = groups.group_with(str(resource.id), lock=True)
        with _names_once():
            groups.step_group(row, resource, steps, self.actor)
        return groups.resource_told(row, most_told)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """Of one type, or of all of them at once, which is a search at the root (RFC 7644, 3.4.2.1)."""
        kinds = [_kind(one) for one in resource_types]
        found = [_filtered(kind, search_request) for kind in kinds]
        sorting = _sorting(search_request)
        total = sum(rows.count() for rows in found)
        first = min(search_request.start_index_0 or 0, total)
        most = MAX_RESULTS if search_request.count is None else min(search_request.count, MAX_RESULTS)
        if not most:
            return SearchPage(total, [])
        if len(kinds) == 1:
            rows = list(_ordered(found[0], kinds[0], sorting)[first : first + most])
            return SearchPage(total, _shown(kinds[0], rows, search_request))
        several = [(number, rows, kinds[number].columns) for number, rows in enumerate(found)]
        places = page_across(several, sorting, first, most)
        shown: dict[Any, Resource[Any]] = {}
        for number, kind in enumerate(kinds):
            ids = [one for which, one in places if which == number]
            rows = list(found[number].filter(id__in=ids)) if ids else []
            shown |= dict(zip([row.id for row in rows], _shown(kind, rows, search_request), strict=True))
        return SearchPage(total, [shown[one] for _which, one in places if one in shown])

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        kind = _kind(resource_type)
        with _names_once():
            row = kind.add(resource, self.actor)
        return kind.shown([row])[0]

    def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        kind = _kind(resource_type)
        row = kind.named(resource.id, lock=True)
        _require_version(kind, row, expected_version)
        with _names_once():
            row = kind.change(row, resource, self.actor)
        return kind.shown([row])[0]

    def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        kind = _kind(resource_type)
        row = kind.named(resource_id, lock=True)
        _require_version(kind, row, expected_version)
        kind.remove(row, self.actor)


class _names_once:
    """Of two requests at the same moment that give one name to two people, the second is told so."""

    def __enter__(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.savepoint.__exit__(kind, error, trace)
        if isinstance(error, IntegrityError):
            raise UniquenessException(detail="A name was taken at the same moment.") from error


def _in_its_words(problem: ReadmitError) -> SCIMException:
    told = SCIMException(detail=problem.sentence or "This cannot be done.")
    told.status = problem.status
    return told


def _kind(resource_type: ResourceType) -> Kind:
    return KINDS[resource_type.name or ""]


def _shown(kind: Kind, rows: list[Any], wanted: ResponseParameters[Any] | None) -> list[Resource[Any]]:
    """Without the members of groups where nobody reads them: a group may have very many."""
    if kind.model is Group and not tells_members(wanted):
        return kind.shown(rows, with_members=False)
    return kind.shown(rows)


def _filtered(kind: Kind, search_request: SearchRequest[Any]) -> QuerySet[Any]:
    found = kind.all()
    if search_request.filter is None:
        return found
    bound = ScimFilter[kind.model](str(search_request.filter))  # type: ignore[name-defined]
    return found.filter(Asking(bound, kind.columns).question())


def _sorting(search_request: SearchRequest[Any]) -> Sorting:
    if search_request.sort_by is None:
        return Sorting()
    turned = search_request.sort_order == SearchRequest.SortOrder.descending
    return Sorting(str(search_request.sort_by), turned)


def _ordered(rows: QuerySet[Any], kind: Kind, sorting: Sorting) -> QuerySet[Any]:
    """Whoever compares equal stands in the order of their coming."""
    if not sorting.path:
        return rows
    keyed = sorting.annotated(rows, kind.columns, shape_of(sorting.path, kind.columns))
    return keyed.order_by(*sorting.order(), "created_at", "id")


def _require_version(kind: Kind, row: Any, expected: str | None) -> None:
    if expected is None:
        return
    shown = groups.bare_group(row) if kind.model is Group else kind.shown([row])[0]
    meta = shown.meta
    if meta is None or meta.version != expected:
        raise PreconditionFailedException(detail="It was changed in the meantime.")
