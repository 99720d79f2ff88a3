"""The protocol as the library speaks it (scim2-server), with the answers that provisioning systems wait for."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from scim2_models import Error, Resource, ResponseParameters
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService, scim_exception_of

from tenants.directory.scim.description import PROVIDER, Group

# Beyond that a change of one member would be answered with megabytes of all the others.
MOST_TOLD = 1_000


class Service(ScimService):
    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """200 with the whole resource, which some systems insist on; 204 for a large group (RFC 7644, 3.5.2 allows both)."""
        if isinstance(resource, Group) and len(resource.members or ()) > MOST_TOLD:
            return super().patch_response(base_url, resource, response_parameters)
        return self.replacement_response(base_url, resource, response_parameters)

    @staticmethod
    def error_of(exception: Exception) -> Error:
        """What is wrong and where, without the words of the library that found it."""
        found = exception.__cause__
        return ScimService.error_of(
            scim_exception_of(found) if isinstance(found, ValidationError) else exception
        )


SERVICE = Service(PROVIDER)
