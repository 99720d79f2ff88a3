"""The protocol as the library speaks it (scim2-server), with the answers that provisioning systems wait for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    PatchOp,
    PayloadTooLargeException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService, scim_exception_of
from scim2_server.storage import SearchPage

from tenants.directory.scim.description import PROVIDER, Group
from tenants.directory.scim.membership import parted, tells_members
from tenants.directory.scim.storage import DirectoryStorage

# Beyond that a change of one member would be answered with megabytes of all the others.
MOST_TOLD = 1_000
# Of one change, beside the members of a group: each is tried on the whole resource, so that very many take a worker minutes.
MOST_CHANGES = 200
MOST_VALUES = 200


class Service(ScimService):
    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """200 with the whole resource, which some systems insist on; 204 for a large group (RFC 7644, 3.5.2 allows both)."""
        if isinstance(resource, Group) and len(resource.remembered) > MOST_TOLD:
            return super().patch_response(base_url, resource, ResponseParameters())
        return self.replacement_response(base_url, resource, response_parameters)

    @staticmethod
    def resource_response(
        resource: Resource[Any],
        scim_ctx: Context,
        response_parameters: ResponseParameters[Any] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> ScimResponse:
        """With the members of a group that were only remembered."""
        answer = ScimService.resource_response(resource, scim_ctx, response_parameters, status)
        if isinstance(resource, Group) and resource.remembered and tells_members(response_parameters):
            base_url = answer.headers["Content-Location"].rpartition("/Groups/")[0]
            answer.body = {**(answer.body or {}), "members": _told(resource, base_url)}
        return answer

    def search_response(
        self,
        base_url: str,
        resource_types: list[ResourceType],
        page: SearchPage,
        search_request: SearchRequest[Any],
    ) -> ScimResponse:
        answer = super().search_response(base_url, resource_types, page, search_request)
        if tells_members(search_request):
            shown = (answer.body or {}).get("Resources", ())
            for resource, body in zip(page.resources, shown, strict=True):
                if isinstance(resource, Group) and resource.remembered:
                    body["members"] = _told(resource, base_url)
        return answer

    @staticmethod
    def error_of(exception: Exception) -> Error:
        """What is wrong and where, without the words of the library that found it."""
        found = exception.__cause__
        return ScimService.error_of(
            scim_exception_of(found) if isinstance(found, ValidationError) else exception
        )


def _told(group: Group, base_url: str) -> list[dict[str, str]]:
    users = base_url.rstrip("/") + "/Users/"
    return [{"value": one, "$ref": users + one} for one in group.remembered]


SERVICE = Service(PROVIDER)


def _bound(change: PatchOp[Any]) -> None:
    """Too large for what it has to be tried on, however few bytes it has."""
    operations = change.operations or ()
    values = sum(_values_of(one.value) for one in operations)
    if len(operations) > MOST_CHANGES or values > MOST_VALUES:
        raise PayloadTooLargeException(
            detail=f"A change holds at most {MOST_CHANGES} operations and {MOST_VALUES} values."
        )


def _values_of(value: Any) -> int:
    """Of a list, or of the lists of a resource's parts where the operation has no path."""
    parts = value.values() if isinstance(value, dict) else [value]
    return sum(len(part) for part in parts if isinstance(part, list))


class Handler(ScimHandler):
    """Reads a change of a group's members as steps, where the library would try it on the list of all of them."""

    storage: DirectoryStorage

    def patch_resource(
        self,
        resource_type: ResourceType,
        resource_id: str,
        patch_op: PatchOp[Any],
        conditions: Conditions,
    ) -> Resource[Any]:
        if resource_type.name != "Group":
            _bound(patch_op)
            return super().patch_resource(resource_type, resource_id, patch_op, conditions)
        change = parted(patch_op)
        if change is not None and change.rest is not None:
            _bound(change.rest)
        current = self.storage.group(resource_id, whole=change is None)
        if change is None:
            patched = self.service.apply_patch(current, patch_op, conditions)
            return self.storage.update(resource_type, patched or current)
        self.service.check_preconditions(current, "PATCH", conditions)
        if change.rest is not None:
            change.rest.patch(current)
        return self.storage.step_group(current, change.steps, most_told=MOST_TOLD)

    def replace_resource(
        self,
        resource_type: ResourceType,
        current: Resource[Any],
        replacement: Resource[Any],
        conditions: Conditions,
    ) -> Resource[Any]:
        if resource_type.name != "Group":
            return super().replace_resource(resource_type, current, replacement, conditions)
        self.service.apply_replacement(current, replacement, conditions)
        return self.storage.update(resource_type, replacement)
